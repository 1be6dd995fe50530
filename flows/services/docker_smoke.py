"""Does the image build, start and answer? Tried on the side and removed again."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import failed, procedure
from tasks.rules.contracts.smoke import DOCKER_SMOKE
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome, Status
from tasks.rules.services.declaration import Service
from tasks.services.commands import Place, alone_with
from tasks.services.deploying import build_image, drop_candidate, look_before, put_up, take_down
from tasks.services.docker import has_docker

Tag = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$",
        description="Only its name is used: the image is built under a tag of its own and removed.",
    ),
]
Port = Annotated[int, Field(ge=1, le=65535, description="The port on this machine; in the container it is 8082.")]
Deadline = Annotated[int, Field(ge=1, le=3600, description="Seconds until the container must answer well.")]
Context = Annotated[str, Field(min_length=1, description="The folder with the Dockerfile.")]
EnvFile = Annotated[
    str | None, Field(min_length=1, description="The env file, from that folder; left out, none, as in CI.")
]


@procedure(DOCKER_SMOKE, run_name=run_named("docker-smoke"))
def docker_smoke(
    image_tag: Tag = "orket:release-smoke",
    port: Port = 8082,
    health_timeout_s: Deadline = 60,
    context: Context = ".",
    env_file: EnvFile = None,
) -> Outcome:
    """Build the image, run it, ask its /health until it is good, and remove container and image again.

    Runbook 003, Release Checklist, 2. What answers must be the container that was started. Its log stays in
    .watchkeeper/services/release-smoke. If it fails: `log=` has what the container said; port_taken: give --port one
    that is free.

    Safety: touches only its own container, removed before and after; one at a time; safe to kill.
    """
    if not has_docker():
        return DOCKER_SMOKE.says(Status.NOT_CONFIGURED, "docker_missing")
    service = Service(
        name="release-smoke",
        port=port,
        health=f"http://127.0.0.1:{port}/health",
        env_file=env_file,
        health_timeout_s=health_timeout_s,
        image=image_tag,
        container_port=8082,
    )
    return _tried(Place(service, Path(context).absolute()))


def _tried(place: Place) -> Outcome:
    with alone_with(place):
        look_before(place)
        image = build_image(place)
        try:
            up = put_up(place, image)
        except Fault as fault:
            return failed(DOCKER_SMOKE, fault, image=_short(image), **_removed(place))
        log = _removed(place)
    return DOCKER_SMOKE.says(
        Status.OK,
        image=_short(image),
        container=_short(up.container),
        healthy_s=up.seconds,
        health_ms=up.health_ms,
        **log,
    )


def _removed(place: Place) -> dict[str, str]:
    log = take_down(place)
    drop_candidate(place)
    return {"log": log} if log else {}


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]
