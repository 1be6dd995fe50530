"""A new release of the trading runtime put in use: held before, seen good after, taken back if it is not."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.guard.recording import record_if_good
from flows.guard.rollback import Config, Execute, Readiness, ReadyWait, Service
from flows.guard.switching import Demands, go, way_to
from flows.naming import run_named
from tasks.procedure import procedure
from tasks.rules.contracts.rollback import RELEASE_DEPLOY
from tasks.rules.faults import Refused
from tasks.rules.guard.rollback import SwitchKind, refuse_strangers
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.after_start import base_at
from tasks.runtime.release_link import read_link
from tasks.runtime.release_memory import open_switch
from tasks.services.commands import Place, alone_with
from tasks.services.declared import read_service

To = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$", description="The release: its folder below releases.")
]


@procedure(RELEASE_DEPLOY, run_name=run_named("release-deploy", "to"))
def release_deploy(
    to: To,
    execute: Execute = False,
    config: Config = "services.toml",
    service: Service = "runtime",
    base_url: BaseUrl = "",
    ready_wait_s: ReadyWait = 120,
    readiness: Readiness = True,
) -> Outcome:
    """Put a release in use, see it good and record it, or come back to the one before.

    Runbook 002, Rollback & Release. The release lies below `releases` already. What runs is recorded before it is
    left, if it is good. Then the runtime is held and seen held, ended and seen gone, the link `current` is led to the
    release in one move, and the runtime is started: it must answer in HOLD, smoke and readiness must pass. That makes
    it a release that `rollback` goes back to. If anything fails, the release before is put back and seen good:
    `why=` names what failed, `back=` what runs now. A run that was killed is finished by the next one, or turned back
    by `rollback --execute`.

    Safety: a dry run unless --execute. Touches the link and the declared processes, never data. Leaves the runtime in
    HOLD: safe-mode lets it go. One at a time, together with rollback and service-restart.
    """
    declared = read_service(Path(config), service)
    if declared is None:
        return RELEASE_DEPLOY.says(Status.NOT_CONFIGURED, "no_declaration")
    place = Place(declared, Path(config).absolute().parent)
    demands = Demands(place, base_at(base_url, declared.port), ready_wait_s, readiness)
    with alone_with(place):
        current, switch = read_link(place.folder), open_switch(service)
        if switch:
            refuse_strangers(switch, SwitchKind.DEPLOY, current, to)
        elif to == current:
            raise Refused("already_current", "that release is in use", before=current)
        way = way_to(RELEASE_DEPLOY, demands, SwitchKind.DEPLOY, to, None, switch)
        if not execute:
            return RELEASE_DEPLOY.says(Status.PLANNED, None, **way.said, now=current)
        if switch is None:
            record_if_good(demands)
        return go(way)
