"""What a smoke needs, looked at before minutes are spent on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.plans import plan_folder
from tasks.rules.faults import Fault
from tasks.rules.services.migrations import Role
from tasks.services.docker import has_docker, require_daemon
from tasks.services.processes import holders_of
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Needs:
    """What the chosen steps need; None where a step was left out."""

    checks: Path | None = None
    migrations: str | None = None
    urls: tuple[str | None, ...] = ()
    context: Path | None = None
    port: int | None = None


@step
def missing_of(needs: Needs) -> tuple[str, ...]:
    """Everything that is missing, in words; nothing is built, run or touched."""
    return tuple(_missing(needs))


def _missing(needs: Needs) -> Iterator[str]:
    if needs.checks and not needs.checks.is_file():
        yield "config_missing"
    if needs.migrations and not all(plan_folder(f"{needs.migrations}/{role}").is_dir() for role in Role):
        yield "missing_plan"
    if not all(needs.urls):
        yield "url_missing"
    if needs.context:
        yield from _missing_for_docker(needs.context)
    if needs.port and holders_of(needs.port):
        yield "port_taken"


def _missing_for_docker(context: Path) -> Iterator[str]:
    if not (context / "Dockerfile").is_file():
        yield "no_dockerfile"
    if not has_docker():
        yield "docker_missing"
        return
    try:
        require_daemon()
    except Fault as fault:
        yield fault.reason
