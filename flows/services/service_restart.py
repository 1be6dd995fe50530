"""A declared service, ended for certain and started again."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.recording import release_started
from flows.naming import run_named
from tasks.procedure import procedure
from tasks.rules.contracts.deploying import SERVICE_RESTART
from tasks.rules.outcome import Outcome, Status
from tasks.services.commands import Place, alone_with, await_health, check_before, start_service, stop_service
from tasks.services.declared import read_service

ServiceName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The service's name in the declaration.")
]
Config = Annotated[str, Field(min_length=1, description="The declaration; commands run in its folder.")]
ReadyWait = Annotated[
    int, Field(ge=0, le=3600, description="For how long a trading runtime's readiness is waited for, in seconds.")
]
Readiness = Annotated[
    bool,
    Field(description="Whether a trading runtime must get ready for its release to be good; else smoke decides."),
]


@procedure(SERVICE_RESTART, run_name=run_named("service-restart", "service"))
def service_restart(
    service: ServiceName, config: Config = "services.toml", ready_wait_s: ReadyWait = 120, readiness: Readiness = True
) -> Outcome:
    """End a declared service, see it gone and its port free, start it, and wait until it answers well.

    Runbook 003, Start/Stop. Its own stop command comes first where it has one, then SIGTERM, then SIGKILL. The answer
    counts only if the process that listens is the one that was started. What it says goes to service.log in
    .watchkeeper/services/<service> (without secrets, of a bounded size); its variables come from its env file.
    The trading runtime in releases is looked at then, and a release that is good is recorded for `rollback`.
    If it fails: port_taken names who holds the port, and nothing of others is ended; ended_early and health_timeout:
    the log says why. Start it again when that is put right.

    Safety: ends only processes of its own earlier start, or by the declared stop command. One at a time for each
    service; safe to kill: the next start finds what was started, by its mark.
    """
    declared = read_service(Path(config), service)
    if declared is None:
        return SERVICE_RESTART.says(Status.NOT_CONFIGURED, "no_declaration")
    place = Place(declared, Path(config).absolute().parent)
    with alone_with(place):
        check_before(place)
        stopped = stop_service(place)
        healthy = await_health(place, start_service(place))
    release = release_started(place, healthy.pid, ready_wait_s, needs_readiness=readiness)
    return SERVICE_RESTART.says(
        Status.OK,
        None,
        service=service,
        stopped=stopped.how,
        stop_s=stopped.seconds,
        pid=healthy.pid,
        healthy_s=healthy.seconds,
        health_ms=healthy.health_ms,
        **release,
    )
