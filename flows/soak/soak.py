"""Start a soak, look at it, move it on, stop it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.soak.showing import show
from flows.soak.soak_tick import Hooks, InputFile, JournalFile, Moment, Region, SoakName
from tasks.clock import stamp
from tasks.procedure import failed, procedure, tell
from tasks.rules.contracts.soak import SOAK
from tasks.rules.faults import Fault, Refused
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import Phase
from tasks.rules.soak_lines import action_line
from tasks.rules.soak_progress import FOURTEEN_DAYS, State, plan_complaint
from tasks.rules.soak_record import HOUR_S, REAL_CLOCK
from tasks.rules.soak_slots import slot_of
from tasks.rules.soak_standing import Standing, no_soak, soak_line
from tasks.soak_actions import finish_actions
from tasks.soak_hooks import check_hooks
from tasks.soaks import REGION, Asked, Wanted, advance_soak, look_at_soak, moment_given, start_soak, stop_soak

Do = Annotated[
    Literal["start", "status", "advance", "stop"], Field(description="What to do; status changes nothing.")
]
Hours = Annotated[float, Field(ge=0, le=8760, description="Hours of ticks in this phase; 0 leaves it out.")]
Why = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$", description="Why it is stopped, in one word of yours.")
]
Clock = Annotated[
    Literal["real", "scaled"],
    Field(description="scaled is a rehearsal: its ticks are given their moment and call no hook."),
]
Seconds = Annotated[float, Field(ge=1, le=86_400, description="Seconds between two slots; only a rehearsal differs.")]


@procedure(SOAK, run_name=run_named("soak", "do", "region"))
def soak(  # noqa: PLR0913, PLR0917  the form of a soak: its hours, its files, its clock
    do: Do = "status",
    region: Region = None,
    name: SoakName = None,
    shadow_hours: Hours = FOURTEEN_DAYS[Phase.SHADOW],
    canary_hours: Hours = FOURTEEN_DAYS[Phase.CANARY],
    live_hours: Hours = FOURTEEN_DAYS[Phase.LIVE_ECON],
    why: Why = "by_hand",
    kpi_gate: InputFile = None,
    edge_report: InputFile = None,
    journal: JournalFile = None,
    hooks: Hooks = None,
    clock: Clock = "real",
    every_s: Seconds = HOUR_S,
    at: Moment = None,
) -> Outcome:
    """Start the soak of a region, say how it stands, move it on or stop it; soak-tick judges its hours.

    Runbook 004, Soak orchestration and Long Soak. Phases are shadow, canary, live-econ; the hours given by default
    are the fourteen days: 336 ticks. A soak moves on by itself when its hours are done and nothing keeps it;
    `advance` may cut the shadow short and nothing else, so no capital goes live without a canary that passed. A
    second soak of the same region is refused. `stop` works in every state, needs neither journal nor inputs, and
    finishes what rungs have asked for.

    If it fails: soak_active names the one that is there; kept lists in `keeps=` all that holds it back;
    hooks_invalid: correct soak.toml, nothing was started.

    Safety: status is the default, draws the soak's picture and changes nothing else. Starting or stopping twice is
    the same as once. Real actions are those of soak.toml; a rehearsal (--clock scaled) calls none unless --hooks
    names them.
    """
    now = _moment(clock, every_s, at)
    asked = Asked(name, region, clock)
    if do == "start":
        hours = {Phase.SHADOW: shadow_hours, Phase.CANARY: canary_hours, Phase.LIVE_ECON: live_hours}
        given = {"kpi_gate": kpi_gate, "edge_report": edge_report, "journal": journal, "hooks": hooks}
        files = {one: file for one, file in given.items() if file is not None}
        place = region or REGION
        called = name or f"{place}-{stamp(slot_of(now))[:13]}" + ("" if clock == REAL_CLOCK else "-scaled")
        return _started(Wanted(called, place, hours, files, every_s, clock), plan_complaint(hours), now)
    if do == "stop":
        return _stopped(asked, why, now)
    return _advanced(asked, now) if do == "advance" else _told(asked)


def _moment(clock: str, every_s: float, at: str | None) -> datetime:
    """Now; another moment or shorter hours are for a rehearsal only."""
    if clock == REAL_CLOCK and (at is not None or every_s != HOUR_S):
        raise Refused("clock_not_scaled", "leave --at and --every-s out, or rehearse with --clock scaled")
    return moment_given(at)


def _started(wanted: Wanted, complaint: str | None, now: datetime) -> Outcome:
    if complaint:
        return SOAK.says(Status.FAIL, complaint, do="start", soak=wanted.soak, region=wanted.region)
    if wanted.clock == REAL_CLOCK or "hooks" in wanted.files:
        check_hooks(wanted.files.get("hooks"))
    made, standing = start_soak(wanted, now)
    if made:
        return soak_line("start", standing)
    if standing.soak != wanted.soak:
        return soak_line("start", standing, Status.FAIL, "soak_active")
    active = standing.state is State.ACTIVE
    status, reason = (Status.SKIPPED, "already_active") if active else (Status.FAIL, "name_taken")
    return soak_line("start", standing, status, reason)


def _told(asked: Asked) -> Outcome:
    standing = look_at_soak(asked)
    if standing is None:
        return no_soak("status", asked.region, asked.soak)
    show(standing)
    return soak_line("status", standing)


def _advanced(asked: Asked, now: datetime) -> Outcome:
    answer = advance_soak(asked, now)
    if answer is None:
        return no_soak("advance", asked.region, asked.soak)
    kept, standing = answer
    return soak_line("advance", standing, *((Status.FAIL, "kept") if kept else ()))


def _stopped(asked: Asked, why: str, now: datetime) -> Outcome:
    """Ended first, in the books alone; what rungs have asked for is finished afterwards and hides nothing of it."""
    answer = stop_soak(asked, why, now)
    if answer is None:
        return no_soak("stop", asked.region, asked.soak)
    ended, standing = answer
    if standing.actions:
        _finish(standing, now)
    return soak_line("stop", standing) if ended else soak_line("stop", standing, Status.SKIPPED, "already_ended")


def _finish(standing: Standing, now: datetime) -> None:
    try:
        for done in finish_actions(Path(standing.journal), None, now):
            tell(action_line(done))
    except Fault as fault:  # the soak has ended all the same; its actions stay planned and are told in the line
        failed(SOAK, fault)
