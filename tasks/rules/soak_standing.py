"""Where a soak stands, for its line and for its picture (runbook 004, "Soak orchestration")."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.rules.contracts.soak import SOAK
from tasks.rules.journal import Head, Record
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import Caps, Phase, Thresholds, Verdict, what_keeps
from tasks.rules.soak_progress import Seen, State, hours_left, so_far
from tasks.rules.soak_record import GAP, REAL_CLOCK, tick_of


@dataclass(frozen=True, slots=True)
class Standing:
    """One soak: its place in the phases and what the books have of it, in all phases together and of the current."""

    soak: str
    region: str
    phase: Phase
    state: State
    hours: dict[Phase, float]
    every_s: float
    started_at: datetime
    seen: Seen
    clock: str = REAL_CLOCK
    ended: str | None = None
    ticks: int = 0
    gaps: int = 0
    fails: int = 0
    head: Head | None = None
    actions: int = 0
    journal: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One slot as a picture wants it; of a gap there is only the slot, its phase and its status."""

    slot: datetime
    phase: Phase
    region: str
    status: str
    action: str
    reason: str
    rung: int = 0
    net_bps: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    taker_ratio: float | None = None
    readiness_pct: float | None = None
    fills: float | None = None
    limits: Thresholds = field(default_factory=Thresholds)
    caps: Caps | None = None

    @property
    def is_gap(self) -> bool:
        return self.status == GAP


def soak_line(do: str, standing: Standing, status: Status = Status.OK, reason: str | None = None) -> Outcome:
    """The line about a soak."""
    active = standing.state is State.ACTIVE
    return SOAK.says(
        status,
        reason,
        do=do,
        soak=standing.soak,
        region=standing.region,
        state=standing.state.value,
        ended=standing.ended,
        phase=standing.phase.value,
        rung=standing.seen.fails_on_ladder,
        ticks=standing.ticks,
        gaps=standing.gaps,
        fails=standing.fails,
        hours_left=_hours_left(standing) if active else None,
        keeps=keeps(standing) if active else None,
        lines=standing.head.count if standing.head else None,
        head=standing.head.hash if standing.head and standing.head.count else None,
        actions=standing.actions or None,
        clock=standing.clock if standing.clock != REAL_CLOCK else None,
    )


def keeps(standing: Standing) -> tuple[str, ...] | None:
    """What keeps the soak from leaving its phase; None if nothing does."""
    planned = standing.hours.get(standing.phase, 0)
    return what_keeps(standing.phase, so_far(standing.seen, planned, standing.every_s)) or None


def _hours_left(standing: Standing) -> float:
    return hours_left(standing.phase, standing.seen, standing.hours, standing.every_s)


def no_soak(do: str, region: str | None, soak: str | None) -> Outcome:
    return SOAK.says(Status.SKIPPED, "no_active_soak", do=do, region=region, soak=soak)


def point_of(slot: datetime, record: Record) -> Point:
    """A line of the journal as a point of the picture."""
    region, status, action, reason = (str(record[name]) for name in ("region", "status", "action", "reason"))
    point = Point(slot, Phase(str(record["phase"])), region, status, action, reason)
    tick, rung = tick_of(record), record.get("rung")
    if tick is None or tick.facts is None:
        return point
    facts = tick.facts
    return replace(
        point,
        rung=rung if isinstance(rung, int) else 0,
        net_bps=facts.net_bps,
        p95_ms=facts.p95_ms,
        p99_ms=facts.p99_ms,
        taker_ratio=facts.taker_ratio,
        readiness_pct=facts.readiness_pct,
        fills=facts.fills,
        limits=tick.limits,
        caps=tick.caps,
    )


def counted(seen: Sequence[Seen]) -> tuple[int, int, int]:
    """Ticks, gaps and fails of all phases."""
    return sum(one.ticks for one in seen), sum(one.gaps for one in seen), sum(one.of(Verdict.FAIL) for one in seen)
