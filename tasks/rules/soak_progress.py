"""How a soak moves through its phases, and how it ends (runbook 004, "Soak orchestration").

A phase is over when it has seen its hours: ticks that were judged with traffic. Missed hours and hours without
traffic are no hours of the phase, so they make it longer. After its hours a canary that failed ends the soak, because
nothing that comes later can make it pass; the last phase ends it as passed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tasks.rules.soak import Phase, PhaseSoFar, Verdict, next_phase, what_keeps

CANARY_FAILED = "canary_failed"
FOURTEEN_DAYS: Mapping[Phase, float] = {Phase.SHADOW: 120.0, Phase.CANARY: 96.0, Phase.LIVE_ECON: 120.0}


class State(StrEnum):
    ACTIVE = "active"
    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a soak goes next: into a phase, or to its end for a reason."""

    state: State
    phase: Phase | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The ticks of one phase in one region, as counts by their verdict."""

    verdicts: Mapping[str, int] = field(default_factory=dict)
    gaps: int = 0
    fails_on_ladder: int = 0
    last: Verdict | None = None

    def of(self, verdict: Verdict) -> int:
        return self.verdicts.get(verdict.value, 0)

    @property
    def ticks(self) -> int:
        return sum(self.verdicts.values())

    @property
    def conclusive(self) -> int:
        return self.ticks - self.of(Verdict.INCONCLUSIVE)


def ticks_planned(hours: float, every_s: float) -> int:
    """How many slots fill the hours of a phase; a phase of no hours has none, any other at least one."""
    return math.ceil(round(hours * 3600 / every_s, 6)) if hours > 0 else 0


def so_far(seen: Seen, hours: float, every_s: float) -> PhaseSoFar:
    """The counts as the rules want them."""
    in_hours = every_s / 3600
    return PhaseSoFar(
        hours_planned=ticks_planned(hours, every_s) * in_hours,
        hours_done=seen.conclusive * in_hours,
        conclusive=seen.conclusive,
        fails=seen.of(Verdict.FAIL),
        fails_on_ladder=seen.fails_on_ladder,
        last=seen.last,
    )


def first_phase(hours: Mapping[Phase, float]) -> Phase | None:
    """The first phase that has hours; None if none has."""
    return next((phase for phase in Phase if hours.get(phase, 0) > 0), None)


def plan_complaint(hours: Mapping[Phase, float]) -> str | None:
    """Why these hours make no soak: there are none, or capital would go live without a canary."""
    if first_phase(hours) is None:
        return "no_hours"
    return "canary_required" if hours.get(Phase.LIVE_ECON, 0) > 0 and not hours.get(Phase.CANARY, 0) > 0 else None


def phase_after(phase: Phase, hours: Mapping[Phase, float]) -> Phase | None:
    following = next_phase(phase)
    while following is not None and not hours.get(following, 0) > 0:
        following = next_phase(following)
    return following


def next_move(phase: Phase, seen: Seen, hours: Mapping[Phase, float], every_s: float) -> Move | None:
    """What follows from the ticks of the phase; None while it goes on."""
    keeps = what_keeps(phase, so_far(seen, hours.get(phase, 0), every_s))
    if not keeps:
        return _onwards(phase, hours)
    is_over = "hours_left" not in keeps and CANARY_FAILED in keeps
    return Move(State.FAILED, reason=CANARY_FAILED) if is_over else None


def move_by_hand(phase: Phase, seen: Seen, hours: Mapping[Phase, float], every_s: float) -> Move | tuple[str, ...]:
    """The move that a person asks for, or what keeps the soak; only the shadow may be cut short."""
    keeps = what_keeps(phase, so_far(seen, hours.get(phase, 0), every_s))
    if phase is Phase.SHADOW:
        keeps = tuple(reason for reason in keeps if reason != "hours_left")
    return keeps or _onwards(phase, hours)


def _onwards(phase: Phase, hours: Mapping[Phase, float]) -> Move:
    following = phase_after(phase, hours)
    return Move(State.ACTIVE, following) if following else Move(State.PASSED)


def hours_left(phase: Phase, seen: Seen, hours: Mapping[Phase, float], every_s: float) -> float:
    """Hours of ticks that the soak still needs, this phase and those behind it."""
    planned = {one: ticks_planned(hours.get(one, 0), every_s) for one in Phase}
    order = list(Phase)
    behind = sum(planned[one] for one in order[order.index(phase) + 1 :])
    return (max(0, planned[phase] - seen.conclusive) + behind) * every_s / 3600
