"""A declared service as a container: built, judged by its health, taken back if it is not good."""

import logging
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import failed, procedure
from tasks.rules.contracts.deploying import DOCKER_DEPLOY
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome, Status
from tasks.services.commands import Place, alone_with
from tasks.services.declared import read_service
from tasks.services.deploying import Before, build_image, call_good, drop_candidate, look_before, put_up, take_down
from tasks.services.docker import has_docker

ServiceName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The service's name in the declaration.")
]
Config = Annotated[str, Field(min_length=1, description="The declaration; paths in it count from its folder.")]
DryRun = Annotated[bool, Field(description="Only look whether it could be deployed; nothing is built or touched.")]
log_of_run = logging.getLogger("prefect.watchkeeper")


@procedure(DOCKER_DEPLOY, run_name=run_named("docker-deploy", "service"))
def docker_deploy(service: ServiceName, config: Config = "services.toml", dry_run: DryRun = False) -> Outcome:
    """Build the image, put its container in the place of the one before, and go back if it does not answer well.

    Runbook 003, Deploy with Docker. Looked at first: the daemon, the env file, who holds the port, a left-over
    container. A build that fails touches nothing. What answers must be the container that was started, by its id.
    Logs of builds and of removed containers stay in .watchkeeper/services/<service>, without secrets.
    If it fails: `rolled_back=` says what runs now and `log=` what the container said.

    Safety: touches only its own container and images, known by their label. One at a time for each service; safe to
    kill: the image that was good last is a tag in Docker, and the next start goes on from what it finds there.
    """
    declared = read_service(Path(config), service)
    if declared is None or not has_docker():
        return DOCKER_DEPLOY.says(Status.NOT_CONFIGURED, "docker_missing" if declared else "no_declaration")
    place = Place(declared, Path(config).absolute().parent)
    with alone_with(place):
        before = look_before(place)
        if dry_run:
            return DOCKER_DEPLOY.says(Status.PLANNED, service=service, before=_short(before.good))
        return _deployed(place, before)


def _deployed(place: Place, before: Before) -> Outcome:
    image = build_image(place)
    try:
        up = put_up(place, image)
    except Fault as fault:
        return _taken_back(place, before, image, fault)
    call_good(place, image)
    return DOCKER_DEPLOY.says(
        Status.OK,
        service=place.service.name,
        image=_short(image),
        before=_short(before.good),
        container=_short(up.container),
        healthy_s=up.seconds,
        health_ms=up.health_ms,
    )


def _taken_back(place: Place, before: Before, image: str, fault: Fault) -> Outcome:
    """The line of a deploy that failed, after the image before runs again; a second fault does not hide the first."""
    said, log = "nothing_before", None
    try:
        log = take_down(place)
        if before.good:
            put_up(place, before.good)
            said = "yes"
        drop_candidate(place)
    except Fault as second:
        log_of_run.warning("not taken back: %s", second)
        said = "failed"
    told = {"log": log} if log else {}
    return failed(
        DOCKER_DEPLOY,
        fault,
        service=place.service.name,
        image=_short(image),
        before=_short(before.good),
        rolled_back=said,
        **told,
    )


def _short(digest: str | None) -> str | None:
    return digest.removeprefix("sha256:")[:12] if digest else None
