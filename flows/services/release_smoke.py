"""The one-command smoke before a release: every step runs, every step is recorded."""

from pathlib import Path
from time import monotonic
from typing import Annotated

from prefect import Flow
from pydantic import Field

from flows.naming import run_named
from flows.release.full_validate import full_validate
from flows.services.docker_smoke import Context, Deadline, Port, Tag, docker_smoke
from flows.services.migration_smoke import migration_smoke
from flows.services.security_canary import security_canary
from tasks.clock import stamp, utc_now
from tasks.documents import write_document
from tasks.procedure import part, procedure, tell
from tasks.rules.contracts.smoke import RELEASE_SMOKE
from tasks.rules.outcome import Outcome
from tasks.rules.services.smoke import REPORT, Step, ended, left_out, looked, report_of, smoke_said, step_said
from tasks.services.preflight import Needs, missing_of
from tasks.settings.services import service_settings

Skip = Annotated[bool, Field(description="Leave the step out; for the release checklist it has not passed then.")]
Scratch = Annotated[str, Field(min_length=1, description="Scratch databases go into a fresh folder beside it.")]
Config = Annotated[str, Field(min_length=1, description="The file that declares the checks; they run in its folder.")]
MigrationDir = Annotated[str, Field(min_length=1, description="The folder of the plans runtime/ and webhook/.")]
Folder = Annotated[str, Field(min_length=1, description="Where RELEASE_SMOKE.json and the validation go.")]


@procedure(RELEASE_SMOKE, run_name=run_named("release-smoke"))
def release_smoke(  # noqa: PLR0913, PLR0917  the runbook's options
    skip_docker: Skip = False,
    skip_tests: Skip = False,
    skip_migrations: Skip = False,
    skip_security_canary: Skip = False,
    runtime_db: Scratch = ".smoke/runtime.db",
    webhook_db: Scratch = ".smoke/webhook.db",
    docker_image_tag: Tag = "orket:release-smoke",
    docker_port: Port = 8082,
    docker_health_timeout_sec: Deadline = 60,
    docker_context: Context = ".",
    config: Config = "validation.toml",
    migration_dir: MigrationDir = "migrations",
    artifacts_dir: Folder = "artifacts",
) -> Outcome:
    """Preflight, the declared checks, the security canary, the migration smoke and the Docker smoke, in this order.

    Runbook 003, One-command local smoke. What is missing is said first. A step that fails keeps no other from
    running, and RELEASE_SMOKE.json has each with its time and its reason, even those that were left out. Exit 0
    only if every step passed that was not left out on purpose. If it fails: `failed=` names the steps; each has lines
    of its own, and can be started alone: full-validate, security-canary, migration-smoke, docker-smoke.

    Safety: works on fresh scratch databases and on its own container, and removes both; asks the live services only
    as a stranger. Safe to start twice and safe to kill.
    """
    began, started, settings = monotonic(), stamp(utc_now()), service_settings()
    needs = Needs(
        checks=None if skip_tests else Path(config),
        migrations=None if skip_migrations else migration_dir,
        urls=() if skip_security_canary else (settings.api_url, settings.webhook_url),
        context=None if skip_docker else Path(docker_context),
        port=None if skip_docker else docker_port,
    )
    databases = {"runtime_db": runtime_db, "webhook_db": webhook_db, "migration_dir": migration_dir}
    container = {"image_tag": docker_image_tag, "port": docker_port, "context": docker_context}
    steps = [looked(missing_of(needs), started, monotonic() - began)]
    tell(step_said(steps[0]))
    steps += [
        _step("tests", skip_tests, full_validate, config=config, artifacts_dir=artifacts_dir),
        _step("canary", skip_security_canary, security_canary),
        _step("migrations", skip_migrations, migration_smoke, **databases),
        _step("docker", skip_docker, docker_smoke, health_timeout_s=docker_health_timeout_sec, **container),
    ]
    write_document(Path(artifacts_dir).absolute(), REPORT, report_of(steps))
    return smoke_said(steps)


def _step(name: str, is_left_out: bool, tried: Flow[..., Outcome], **parameters: object) -> Step:
    """One part with its time and its line; it raises nothing, so that it hides no part after it."""
    started, began = stamp(utc_now()), monotonic()
    if is_left_out:
        one = left_out(name, started)
    else:
        one = ended(name, part(tried, **parameters), started, monotonic() - began)
    tell(step_said(one))
    return one
