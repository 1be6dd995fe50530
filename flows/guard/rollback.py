"""The trading runtime back to the last release that was verified."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.guard.switching import Demands, Put, fault_of, put_in_place, verify_running
from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.records.shift import record_shift
from tasks.rules.contracts.rollback import RELEASE, ROLLBACK
from tasks.rules.faults import Fault
from tasks.rules.guard.rollback import (
    Standing,
    Switch,
    SwitchState,
    newest_words,
    refuse_strangers,
    target_of,
)
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.after_start import base_at, held_before
from tasks.runtime.release_link import check_release, check_runs_by_link, read_link
from tasks.runtime.release_memory import (
    begin_switch,
    end_switch,
    note_release,
    note_turning_back,
    open_switch,
    read_releases,
)
from tasks.services.commands import Place, alone_with, check_before, stop_service
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

    Runbook 002, Rollback & Release. The runtime is held and seen held, ended and seen gone (SIGKILL when it ignores
    SIGTERM), the link `current` is led to the release in one move, the runtime is started and must answer, in HOLD,
    by the process that was started; then smoke and readiness. If anything of it fails, the same again to the release
    before: `why=` names what failed and `back=` what runs now. `--do record --execute` after each deploy verifies the
    release in use; only such releases are gone back to. A run that was killed is finished by the next one.

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
    place, service = demands.place, demands.service
    current = read_link(place.folder)
    check_release(place.folder, current)
    check_runs_by_link(place.folder, place.service.port)
    found = fault_of(lambda: verify_running(demands))
    standing = Standing.FAILED if found else Standing.PASSED
    if execute:
        number = note_release(service, current, standing, utc_now())
        key = f"release:{service}:{number}"
        record_shift("release", subject=service, key=key, release=current, standing=standing.value)
    good = Status.OK if execute else Status.PLANNED
    return ROLLBACK.says(
        Status.FAIL if found else good,
        "release_failed" if found else None,
        do="record",
        service=service,
        now=current,
        standing=standing.value,
        why=found.reason if found else None,
    )


def _back(demands: Demands, wanted: str, *, execute: bool) -> Outcome:
    """The plan; with `execute` the switch, the one that was broken off first."""
    place, service = demands.place, demands.service
    current, switch = read_link(place.folder), open_switch(service)
    if switch:
        refuse_strangers(switch, current, wanted)
    to = switch.to if switch else target_of(read_releases(service), current, wanted)
    check_release(place.folder, to)
    before = switch.before if switch else current
    if not execute:
        return ROLLBACK.says(
            Status.PLANNED,
            do="back",
            service=service,
            before=before,
            to=to,
            now=current,
            half_done=switch is not None,
        )
    check_before(place)
    held = held_before(demands.base, f"rollback:{service}:{before}:{to}:{utc_now():%Y%m%dT%H%M%S}")
    open_now = switch or begin_switch(service, before, to, utc_now())
    record_shift("rollback", subject=service, key=f"rollback:{open_now.number}", before=before, to=to, held=held)
    return _switched(demands, open_now, held, finished=switch is not None)


def _switched(demands: Demands, switch: Switch, held: str, *, finished: bool) -> Outcome:
    """Forward to the target, unless an earlier run had turned back already; back when it is not good."""
    found, put = None, None
    if switch.state is SwitchState.BEGUN:
        try:
            put = put_in_place(demands, switch.to, f"rollback:{switch.number}:to")
            ready_s = verify_running(demands)
        except Fault as fault:
            found = fault
        else:
            return _done(demands, switch, put, held, ready_s, finished=finished)
    return _taken_back(
        demands, switch, held, found.reason if found else switch.reason or "broken_off", finished=finished
    )


def _done(demands: Demands, switch: Switch, put: Put, held: str, ready_s: int | None, *, finished: bool) -> Outcome:
    words = {switch.before: Standing.WITHDRAWN, switch.to: Standing.PASSED}
    end_switch(switch, SwitchState.DONE, words, utc_now())
    _journalled(demands, switch, SwitchState.DONE)
    return ROLLBACK.says(
        Status.OK,
        do="back",
        service=demands.service,
        before=switch.before,
        to=switch.to,
        now=switch.to,
        half_done=finished,
        held=held,
        stopped=put.stopped.how,
        stop_s=put.stopped.seconds,
        pid=put.healthy.pid,
        healthy_s=put.healthy.seconds,
        ready_s=ready_s,
    )


def _taken_back(demands: Demands, switch: Switch, held: str, why: str, *, finished: bool) -> Outcome:
    """The release before in its place again and seen good; what does not even come up in HOLD is ended."""
    fault_of(lambda: note_turning_back(switch, why))  # the way back is taken also when the database is gone
    key = f"rollback:{switch.number}:back"
    not_up = fault_of(lambda: put_in_place(demands, switch.before, key))
    not_good = not_up or fault_of(lambda: verify_running(demands))
    if not_up:
        fault_of(lambda: stop_service(demands.place))
    state = SwitchState.FAILED if not_up else SwitchState.TAKEN_BACK
    end_switch(switch, state, {switch.to: Standing.FAILED}, utc_now())
    _journalled(demands, switch, state, why=why)
    return ROLLBACK.says(
        Status.FAIL,
        "back_failed" if not_up else "release_failed",
        do="back",
        service=demands.service,
        before=switch.before,
        to=switch.to,
        now=read_link(demands.place.folder),
        half_done=finished,
        held=held,
        why=why,
        back="failed" if not_up else "unverified" if not_good else "verified",
        back_why=not_good.reason if not_good else None,
    )


def _journalled(demands: Demands, switch: Switch, state: SwitchState, **facts: str) -> None:
    key = f"rollback:{switch.number}:{state.value}"
    record_shift(f"rollback_{state.value}", subject=demands.service, key=key, to=switch.to, **facts)
