"""The trading runtime back to the last release that was verified."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.guard.recording import look_at_release, record_release
from flows.guard.switching import Demands, go, way_to
from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.rollback import RELEASE, ROLLBACK
from tasks.rules.guard.release_identity import refuse_changed
from tasks.rules.guard.rollback import (
    SwitchKind,
    newest_words,
    refuse_strangers,
    target_of,
    verified_identity,
)
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.after_start import base_at
from tasks.runtime.release_link import read_link
from tasks.runtime.release_memory import open_switch, read_releases
from tasks.services.commands import Place, alone_with
from tasks.services.declared import read_service

Do = Annotated[
    Literal["back", "record", "list"],
    Field(description="Go back; or verify the release that runs and record it; or list what is known."),
]
To = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,79})?$",
        description="A verified release to go back to; the last one that is not in use if left out.",
    ),
]
Execute = Annotated[bool, Field(description="Do it; else only the plan is shown.")]
Config = Annotated[str, Field(min_length=1, description="The declaration; `current` and `releases` stand beside it.")]
Service = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The runtime's name in the declaration.")
]
ReadyWait = Annotated[int, Field(ge=0, le=3600, description="For how long readiness is waited for, in seconds.")]
Readiness = Annotated[
    bool, Field(description="Whether a release must get ready to be good; without it the smoke alone decides.")
]


@procedure(ROLLBACK, run_name=run_named("rollback", "do", "to"))
def rollback(  # noqa: PLR0913, PLR0917  what makes a release good is the operator's to say
    do: Do = "back",
    to: To = "",
    execute: Execute = False,
    config: Config = "services.toml",
    service: Service = "runtime",
    base_url: BaseUrl = "",
    ready_wait_s: ReadyWait = 120,
    readiness: Readiness = True,
) -> Outcome:
    """Go back to the last release whose verification passed, and see it good, or come back to the one before.

    Runbook 002, Rollback & Release. Only releases that passed are gone back to, and only as they were then: changed
    files are refused. The runtime is held and seen held, ended and seen gone (SIGKILL when it ignores
    SIGTERM), the link `current` is led to the release in one move, the runtime is started and must answer, in HOLD,
    by the process that was started; then smoke and readiness. If anything of it fails, the same again to the release
    before: `why=` names what failed and `back=` what runs now. release-deploy, service-restart and start-check record
    what is good; `--do record --execute` does it by hand. A run that was killed is finished by the next one.

    Safety: a dry run unless --execute. Touches the link and the declared processes, never data. Leaves the runtime in
    HOLD: safe-mode lets it go. One at a time, together with service-restart.
    """
    declared = read_service(Path(config), service)
    if declared is None:
        return ROLLBACK.says(Status.NOT_CONFIGURED, "no_declaration", do=do)
    place = Place(declared, Path(config).absolute().parent)
    if do == "list":
        return _listed(place)
    demands = Demands(place, base_at(base_url, declared.port), ready_wait_s, readiness)
    with alone_with(place):
        if do == "record":
            return _recorded(demands, execute=execute)
        return _back(demands, to, execute=execute)


def _listed(place: Place) -> Outcome:
    """Each release with the newest word on it, the last one first."""
    service, current = place.service.name, read_link(place.folder)
    known, broken_off = newest_words(read_releases(service)), open_switch(service)
    for one in known:
        tell(RELEASE.says(Status.OK, name=one.name, standing=one.standing.value, in_use=one.name == current))
    return ROLLBACK.says(
        Status.OK, do="list", service=service, now=current, releases=len(known), half_done=broken_off is not None
    )


def _recorded(demands: Demands, *, execute: bool) -> Outcome:
    """Verify what runs and say so, good or bad."""
    seen = look_at_release(demands)
    if execute:
        record_release(demands.service, seen.word)
    good = Status.OK if execute else Status.PLANNED
    return ROLLBACK.says(
        good if seen.is_good else Status.FAIL,
        None if seen.is_good else "release_failed",
        do="record",
        service=demands.service,
        now=seen.word.name,
        standing=seen.word.standing.value,
        why=seen.fault.reason if seen.fault else None,
    )


def _back(demands: Demands, wanted: str, *, execute: bool) -> Outcome:
    """The plan; with `execute` the switch, the one that was broken off first."""
    current, switch = read_link(demands.place.folder), open_switch(demands.service)
    if switch:
        refuse_strangers(switch, SwitchKind.BACK, current, wanted)
    known = read_releases(demands.service)
    to = switch.to if switch else target_of(known, current, wanted)
    way = way_to(ROLLBACK, demands, SwitchKind.BACK, to, verified_identity(known, to), switch)
    if switch is None:
        refuse_changed(way.same)
    return go(way) if execute else ROLLBACK.says(Status.PLANNED, None, **way.said, now=current)
