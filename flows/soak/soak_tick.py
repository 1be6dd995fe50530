"""Every hour: how is the soak, and what follows from it?"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.soak.showing import show_named
from tasks.clock import frozen_now, utc_now
from tasks.freshness import read_files
from tasks.journal_heads import spread_head
from tasks.procedure import failed, procedure, tell
from tasks.rules.contracts.soak import SOAK_TICK
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome
from tasks.rules.soak import Phase
from tasks.rules.soak_inputs import EDGE_REPORT, KPI_GATE
from tasks.rules.soak_lines import BY_HAND, Finished, action_line, skipped, tick_line, worst
from tasks.rules.soak_record import REAL_CLOCK
from tasks.snapshots import snapshot_failure
from tasks.soak_actions import finish_actions
from tasks.soak_ticks import Due, judge_slot
from tasks.soaks import Asked, find_due, moment_given

PhaseAsked = Annotated[
    Literal["shadow", "canary", "live-econ"] | None,
    Field(description="The phase to be judged; left out, that of the soak."),
]
Region = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,30}$", description="The region; left out, of every soak that is active."
    ),
]
SoakName = Annotated[
    str | None,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,60}$", description="The soak by its name."),
]
InputFile = Annotated[
    str | None, Field(min_length=1, description="The file to judge by; left out, the soak's own or the usual one.")
]
JournalFile = Annotated[
    str | None, Field(min_length=1, description="The journal; left out, the soak's own or the usual one.")
]
Hooks = Annotated[
    str | None, Field(min_length=1, description="The file that declares what each rung does (soak.toml).")
]
Moment = Annotated[
    str | None,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        description="For rehearsals: the moment on the scaled clock, in UTC. A soak on the real clock refuses it.",
    ),
]


@procedure(SOAK_TICK, run_name=run_named("soak-tick", "phase", "region"), on_bad=snapshot_failure)
def soak_tick(  # noqa: PLR0913, PLR0917  one option for each file of the runbook's command
    phase: PhaseAsked = None,
    region: Region = None,
    kpi_gate: InputFile = None,
    edge_report: InputFile = None,
    journal: JournalFile = None,
    hooks: Hooks = None,
    soak: SoakName = None,
    at: Moment = None,
) -> Outcome:
    """Judge this hour of the soak: readiness, net, taker ratio, latency; write it down and climb or leave the ladder.

    Runbook 004, Soak orchestration. Without options it judges every soak that is active, in the phase it is in, and
    moves it on when its hours are done; with --phase it is a tick by hand, of the region's soak or of none. An hour
    is judged once (slot_judged), a missed one is recorded as a gap. What a rung does is declared in soak.toml and
    called once, after the tick is committed; `hook=` says how it ended and hides nothing of the tick.

    If it fails: `reason=` and `violations=` say which limit was broken, `recommendation=` what may be done;
    input_missing names the file whose producer must come back. journal_damaged: run journal-verify, nothing was
    written. clock_went_back: set the worker's clock right.

    Safety: safe to start twice and safe to kill at any point; the next tick finishes what a dead one left. Real
    actions are those of soak.toml, and a rehearsal calls none.
    """
    files = {"kpi_gate": kpi_gate, "edge_report": edge_report, "journal": journal, "hooks": hooks}
    given = {name: file for name, file in files.items() if file is not None}
    now = moment_given(at)
    asked = Asked(soak, region, "scaled" if at else "real")
    due = find_due(asked, Phase(phase) if phase else None, given)
    if not due:
        return skipped("no_active_soak", int(now.timestamp()), region=region, soak=soak)
    others, last = worst([_ticked(one, now) for one in due])
    for line in others:
        tell(line)
    return last


def _ticked(due: Due, now: datetime) -> Outcome:
    """One soak's tick; what goes wrong with one hides none of the others."""
    try:
        found = read_files({KPI_GATE: due.kpi_gate, EDGE_REPORT: due.edge_report}, int(utc_now().timestamp()))
        judged = judge_slot(due, found, now)
    except Fault as fault:
        return failed(SOAK_TICK, fault, region=due.region, soak=due.soak)
    finished = _finished(due.journal, due.hooks, now)
    seconds = int(now.timestamp())
    if isinstance(judged, str):
        return skipped(judged, seconds, region=due.region, soak=due.soak)
    spread_head(due.journal, finished[-1].head if finished else judged.head, now)
    if (
        due.soak != BY_HAND and due.clock == REAL_CLOCK and not frozen_now()
    ):  # of a rehearsal `soak` draws it if asked
        show_named(due.soak)
    return tick_line(judged, seconds, finished)


def _finished(journal: Path, hooks: str | None, now: datetime) -> list[Finished] | None:
    try:
        finished: list[Finished] = finish_actions(journal, hooks, now)
    except Fault as fault:  # the tick stands; what its rung asks for stays planned for the next one
        failed(SOAK_TICK, fault)
        return None
    for one in finished:
        tell(action_line(one))
    return finished
