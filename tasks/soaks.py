"""The soaks of the operations database: started, looked at, moved on, stopped (runbook 004, "Soak orchestration").

A region has at most one that is active, and one more on a scaled clock: a rehearsal, which says so in every line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tasks import operations
from tasks.clock import utc_now
from tasks.rules.faults import Refused
from tasks.rules.soak import Phase
from tasks.rules.soak_lines import BY_HAND
from tasks.rules.soak_progress import Move, State, first_phase, move_by_hand
from tasks.rules.soak_record import HOUR_S, REAL_CLOCK
from tasks.rules.soak_slots import slot_of
from tasks.rules.soak_standing import Point, Standing, counted, point_of
from tasks.soak_memory import Soak, SoakAction, SoakTick, newest_head, seen_so_far, take_move
from tasks.soak_ticks import Due, hours_of
from tasks.step import step

FILES: Mapping[str, str] = {
    "journal": "artifacts/SOAK_JOURNAL.jsonl",
    "kpi_gate": "artifacts/KPI_GATE.json",
    "edge_report": "artifacts/EDGE_REPORT.json",
}
REGION = "eu-west-1"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which soak is meant: by its name, or the newest of a region on that clock."""

    soak: str | None = None
    region: str | None = None
    clock: str = REAL_CLOCK


@dataclass(frozen=True, slots=True)
class Wanted:
    """A soak to be started; `files` holds only what differs from the usual places."""

    soak: str
    region: str
    hours: Mapping[Phase, float]
    files: Mapping[str, str]
    every_s: float = HOUR_S
    clock: str = REAL_CLOCK


def moment_given(at: str | None) -> datetime:
    """The moment that was given, for a rehearsal; now if none was."""
    if at is None:
        return utc_now()
    try:
        return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("invalid_time", "write the moment like 2026-11-21T03:00:00Z") from None


@step  # safe to repeat: the same soak is not started twice
def start_soak(wanted: Wanted, now: datetime) -> tuple[bool, Standing]:
    """Start it, unless another is active; returns whether it was started and how the one that stands there stands."""
    first = first_phase(wanted.hours)
    row = {
        "soak": wanted.soak,
        "region": wanted.region,
        "phase": (first or Phase.SHADOW).value,
        "state": State.ACTIVE.value,
        "hours": {phase.value: hours for phase, hours in wanted.hours.items()},
        "every_s": wanted.every_s,
        "started_at": now,
        "phase_started_at": now,
        "clock": wanted.clock,
        "files": dict(wanted.files),
    }
    with operations.session() as active:
        made = active.execute(insert(Soak).values(**row).on_conflict_do_nothing().returning(Soak.soak)).scalar()
        in_the_way = active.get(Soak, wanted.soak) or active.scalar(_of(Asked(None, wanted.region, wanted.clock)))
        if in_the_way is None:
            raise Refused("soak_active", "another soak began and ended at this moment; start again")
        return made is not None, _standing(active, in_the_way)


@step
def look_at_soak(asked: Asked) -> Standing | None:
    """The soak of that name, or the newest of the region; None if there is none."""
    with operations.session() as active:
        soak = active.scalar(_of(asked))
        return _standing(active, soak) if soak else None


@step(retries=0)  # asked again after it succeeded it would move one phase further
def advance_soak(asked: Asked, now: datetime) -> tuple[tuple[str, ...], Standing] | None:
    """Move it into its next phase, or say what keeps it; None if no soak is active."""
    with operations.session() as active:
        soak = active.scalar(_of(asked).with_for_update())
        if soak is None or soak.ended_at is not None:
            return None
        phase = Phase(soak.phase)
        seen = seen_so_far(active, soak.soak, phase, soak.region)
        move = move_by_hand(phase, seen, hours_of(soak), soak.every_s)
        if isinstance(move, Move):
            take_move(soak, move, now)
        return () if isinstance(move, Move) else move, _standing(active, soak)


@step  # safe to repeat: what has ended stays as it ended
def stop_soak(asked: Asked, why: str, now: datetime) -> tuple[bool, Standing] | None:
    """End it, whatever state it is in; returns whether this call did, None if there is no such soak."""
    with operations.session() as active:
        soak = active.scalar(_of(asked).with_for_update())
        if soak is None:
            return None
        ends = soak.ended_at is None
        if ends:
            take_move(soak, Move(State.STOPPED, reason=why), now)
        return ends, _standing(active, soak)


@step
def read_points(soak: str) -> list[Point]:
    """Every slot of a soak in its order, for the picture."""
    with operations.session() as active:
        rows = active.scalars(select(SoakTick).where(SoakTick.soak == soak).order_by(SoakTick.slot, SoakTick.seq))
        return [point_of(row.slot, row.record) for row in rows]


@step
def find_due(asked: Asked, phase: Phase | None, given: Mapping[str, str]) -> list[Due]:
    """What has to be judged now: the soaks that are meant and active, or a tick by hand that belongs to none.

    `given` are the files that were named; a soak's own stand where none was.
    """
    region = asked.region or (REGION if phase and not asked.soak else None)
    with operations.session() as active:
        query = select(Soak).where(Soak.ended_at.is_(None), Soak.clock == asked.clock).order_by(Soak.soak)
        if asked.soak:
            query = query.where(Soak.soak == asked.soak)
        if region:
            query = query.where(Soak.region == region)
        due = [_due(soak, phase, given) for soak in active.scalars(query)]
        if not due and asked.clock != REAL_CLOCK and not _is_rehearsed(active, asked):
            raise Refused(
                "clock_not_scaled", "leave --at out; only a soak that was started with --clock scaled takes it"
            )
    if due or phase is None or asked.soak or asked.clock != REAL_CLOCK:
        return due
    files = {**FILES, **given}
    return [_by_hand(region or REGION, phase, files)]


def _is_rehearsed(active: Session, asked: Asked) -> bool:
    soak = active.scalar(_of(asked))
    return soak is not None and soak.clock == asked.clock


def _due(soak: Soak, phase: Phase | None, given: Mapping[str, str]) -> Due:
    own = {**FILES, **soak.files}
    if given.get("journal", own["journal"]) != own["journal"]:
        raise Refused("journal_differs", "leave --journal out: the ticks of a soak stand in one journal")
    files = {**own, **given}
    every = timedelta(seconds=soak.every_s)
    return Due(
        soak=soak.soak,
        region=soak.region,
        phase=phase,
        journal=Path(files["journal"]),
        kpi_gate=Path(files["kpi_gate"]),
        edge_report=Path(files["edge_report"]),
        hooks=soak.files.get("hooks"),
        every_s=soak.every_s,
        clock=soak.clock,
        first=slot_of(soak.started_at, every),
    )


def _by_hand(region: str, phase: Phase, files: Mapping[str, str]) -> Due:
    return Due(
        soak=BY_HAND,
        region=region,
        phase=phase,
        journal=Path(files["journal"]),
        kpi_gate=Path(files["kpi_gate"]),
        edge_report=Path(files["edge_report"]),
        hooks=files.get("hooks"),
    )


def _of(asked: Asked) -> Select[tuple[Soak]]:
    """The soak of that name; of a region the active one, else the newest."""
    query = select(Soak)
    if asked.soak:
        return query.where(Soak.soak == asked.soak)
    query = query.where(Soak.clock == asked.clock)
    if asked.region:
        query = query.where(Soak.region == asked.region)
    return query.order_by(Soak.ended_at.is_not(None), Soak.started_at.desc(), Soak.soak).limit(1)


def _standing(active: Session, soak: Soak) -> Standing:
    seen = {phase: seen_so_far(active, soak.soak, phase, soak.region) for phase in Phase}
    ticks, gaps, fails = counted(list(seen.values()))
    planned = select(func.count()).where(SoakAction.soak == soak.soak, SoakAction.state == "planned")
    return Standing(
        soak=soak.soak,
        region=soak.region,
        phase=Phase(soak.phase),
        state=State(soak.state),
        hours=hours_of(soak),
        every_s=soak.every_s,
        started_at=soak.started_at,
        seen=seen[Phase(soak.phase)],
        journal=str(journal_of(soak)),
        clock=soak.clock,
        ended=soak.ended_reason,
        ticks=ticks,
        gaps=gaps,
        fails=fails,
        head=newest_head(active, journal_of(soak)),
        actions=active.scalar(planned) or 0,
    )


def journal_of(soak: Soak) -> Path:
    return Path({**FILES, **soak.files}["journal"])
