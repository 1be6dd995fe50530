"""A soak's report: its journal read once, and a rehearsal of a soak to have something to report (runbook 004).

A rehearsal is a soak on a scaled clock in a region of its own: real ticks, judged from real files, in a real
journal. It has no part in any other soak, calls no hook, and says in every line that it is one.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from tasks.clock import stamp, utc_now
from tasks.files import replace_file
from tasks.folders import disk_faults
from tasks.freshness import read_files
from tasks.journal_reading import lines_in, open_settled
from tasks.progress import progress
from tasks.rules import journal as law
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.faults import Refused
from tasks.rules.soak import Phase
from tasks.rules.soak_inputs import EDGE_REPORT, KPI_GATE
from tasks.rules.soak_progress import State, ticks_planned
from tasks.rules.soak_record import HOUR_S
from tasks.rules.soak_report import Gathered, gather
from tasks.rules.soak_slots import slot_of
from tasks.soak_actions import finish_actions
from tasks.soak_ticks import judge_slot
from tasks.soaks import Asked, Wanted, find_due, look_at_soak, start_soak, stop_soak
from tasks.step import step

REGION, SCALED = "smoke", "scaled"
_SLOTS_OF_A_PHASE = 10
_LONGEST_WAIT_S = 900.0


@step
def gather_journal(journal: Path) -> Gathered:
    """Every soak of the journal in one pass; a torn end is no line."""
    with open_settled(journal) as (file, size):
        return gather(law.parsed(line) for line in lines_in(file, size) if line.endswith(b"\n"))


@step(retries=0)  # safe to repeat: it replaces the file as a whole
def write_report(out: Path, document: Mapping[str, Json]) -> None:
    with disk_faults("artifact_not_written"):
        replace_file(out, canonical_json(document))


@step(retries=0)  # a rehearsal that was cut short is not finished by another one
def rehearse(hours: Mapping[Phase, float], journal: Path, files: Mapping[str, str], *, waits: bool) -> str:
    """Tick through the phases, each slot in its turn, and return the name of the soak.

    `waits` lets every slot last as long as it says; else the clock is moved on by hand.
    """
    every_s = slot_seconds(hours)
    planned = sum(ticks_planned(one, every_s) for one in hours.values())
    if waits and planned * every_s > _LONGEST_WAIT_S:
        raise Refused("too_long", "start it with `soak --do start`, or rehearse it with --clock scaled")
    _refuse_real(journal)
    stop_soak.fn(Asked(None, REGION, SCALED), "left_over", utc_now())  # of a rehearsal that was killed
    start = slot_of(utc_now(), timedelta(seconds=every_s))
    name = f"{REGION}-{stamp(utc_now()).replace(':', '')}-{time.monotonic_ns() % 1_000_000:06}"
    start_soak.fn(Wanted(name, REGION, hours, {**files, "journal": str(journal)}, every_s, SCALED), start)
    with progress("soak-report", planned) as advance:
        for number in range(planned):
            _tick(name, start + timedelta(seconds=every_s * number), waits=waits)
            advance(1)
    stop_soak.fn(Asked(name), "hours_over", start + timedelta(seconds=every_s * planned))
    return name


def slot_seconds(hours: Mapping[Phase, float]) -> float:
    """An hour where every phase has one; else so short that the shortest phase has ten slots."""
    shortest = min(one for one in hours.values() if one > 0)
    return HOUR_S if shortest >= 1 else float(max(1, int(shortest * HOUR_S / _SLOTS_OF_A_PHASE)))


def _tick(name: str, moment: datetime, *, waits: bool) -> None:
    if waits:
        time.sleep(max(0.0, (moment - utc_now()).total_seconds()))
    due = find_due.fn(Asked(name, None, SCALED), None, {})
    if not due:
        standing = look_at_soak.fn(Asked(name))
        if standing is None or standing.state is State.STOPPED:
            raise Refused("rehearsal_stopped", "another rehearsal has begun; wait for it, then start this one again")
        return  # it has ended by its own rules
    sources = {KPI_GATE: due[0].kpi_gate, EDGE_REPORT: due[0].edge_report}
    judge_slot.fn(due[0], read_files.fn(sources, int(utc_now().timestamp())), moment)
    finish_actions.fn(due[0].journal, None, moment)


def _refuse_real(journal: Path) -> None:
    """A rehearsal writes into no journal but that of rehearsals."""
    if not journal.exists():
        return
    with open_settled(journal) as (file, size):
        first = law.parsed(next(lines_in(file, size), b""))
    if size and (first or {}).get("clock") != SCALED:
        raise Refused("journal_in_use", "name another --journal: this one is that of a real soak")
