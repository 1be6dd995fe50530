"""What a soak tick means and what follows from it (runbook 004, "Soak orchestration").

Numbers in, a decision out: every limit that was broken is told, the first of the table decides; an input that is
missing comes before the table, the ceiling of the phase overrides it. The ladder is climbed one rung for each failure
of the same phase and region and left by a CONTINUE only: a WARN, an hour without traffic, a restart or a torn journal
does not forgive a failure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE_ECON = "live-econ"


class Verdict(StrEnum):
    CONTINUE = "CONTINUE"
    WARN = "WARN"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"  # no traffic: neither good nor bad, and no phase moves on because of it


class Action(StrEnum):
    NONE = "NONE"
    TUNE_DRY = "TUNE_DRY"
    ROLLBACK_STEP = "ROLLBACK_STEP"
    DISABLE_STRAT = "DISABLE_STRAT"
    REGION_STEP_DOWN = "REGION_STEP_DOWN"


class Code(StrEnum):
    OK = "OK"
    NET_BPS_LOW = "NET_BPS_LOW"
    TAKER_CEIL = "TAKER_CEIL"
    P95_SPIKE = "P95_SPIKE"
    READINESS_LOW = "READINESS_LOW"
    GEN_FAIL = "GEN_FAIL"
    GEN = "GEN"


LADDER = (Action.ROLLBACK_STEP, Action.DISABLE_STRAT, Action.REGION_STEP_DOWN)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a phase may risk: capital in USD, share of the volume and the highest taker ratio (both 0..1)."""

    capital_usd: int
    share: float
    taker_ceiling: float


CAPS: Mapping[Phase, Caps] = {
    Phase.SHADOW: Caps(0, 0.0, 0.15),
    Phase.CANARY: Caps(500, 0.05, 0.15),
    Phase.LIVE_ECON: Caps(2_000, 0.15, 0.15),
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of the table; a value that equals its limit passes."""

    taker_ratio_max: float = 0.15
    p95_ms_max: float = 350
    p99_over_p95_max: float = 1.5
    readiness_pct_min: float = 85
    net_bps_fail: float = 2.0
    net_bps_warn: float = 2.5


@dataclass(frozen=True, slots=True)
class Facts:
    """What one tick has seen, each value in the unit of its name; None is not known.

    `missing` names the input files that were absent, stale or not usable.
    """

    readiness_pct: float | None = None
    net_bps: float | None = None
    taker_ratio: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    fills: float | None = None
    missing: tuple[str, ...] = ()

    @property
    def has_no_traffic(self) -> bool:
        return self.fills == 0


@dataclass(frozen=True, slots=True)
class Violation:
    reason: str
    code: Code
    verdict: Verdict = Verdict.FAIL


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with the reason that decided, and every limit that was broken in the order of the table."""

    verdict: Verdict
    reason: str
    code: Code
    violations: tuple[str, ...] = ()


_INPUT = "input_missing:"
_CEILING = "phase_taker_ceiling_exceeded"


def evaluate(facts: Facts, caps: Caps, limits: Thresholds) -> Decision:
    """Judge one tick; no traffic is judged by the readiness alone, because all other numbers are made by traffic."""
    found = tuple(_violations(facts, caps, limits))
    if found:
        decisive = next((one for one in found if one.reason == _CEILING), found[0])
        if found[0].reason.startswith(_INPUT):
            decisive = found[0]
        return Decision(decisive.verdict, decisive.reason, decisive.code, tuple(one.reason for one in found))
    if facts.has_no_traffic:
        return Decision(Verdict.INCONCLUSIVE, "no_traffic", Code.GEN)
    return Decision(Verdict.CONTINUE, "ok", Code.OK)


def _violations(facts: Facts, caps: Caps, limits: Thresholds) -> Iterator[Violation]:
    for name in sorted(facts.missing):
        yield Violation(_INPUT + name, Code.GEN_FAIL)
    traffic = not facts.has_no_traffic
    if traffic and facts.taker_ratio is not None and facts.taker_ratio > limits.taker_ratio_max:
        yield Violation(f"taker_ratio_gt_{limits.taker_ratio_max}", Code.TAKER_CEIL)
    if traffic:
        yield from _slow(facts, limits)
    if facts.readiness_pct is not None and facts.readiness_pct < limits.readiness_pct_min:
        yield Violation(f"readiness_lt_{limits.readiness_pct_min}", Code.READINESS_LOW)
    if traffic and facts.net_bps is not None:
        yield from _poor(facts.net_bps, limits)
    if traffic and facts.taker_ratio is not None and facts.taker_ratio > caps.taker_ceiling:
        yield Violation(_CEILING, Code.TAKER_CEIL)


def _slow(facts: Facts, limits: Thresholds) -> Iterator[Violation]:
    if facts.p95_ms is not None and facts.p95_ms > limits.p95_ms_max:
        yield Violation(f"p95_gt_{limits.p95_ms_max}ms", Code.P95_SPIKE)
    if None not in (facts.p95_ms, facts.p99_ms):
        longest = limits.p99_over_p95_max * max(1.0, facts.p95_ms or 0.0)
        if (facts.p99_ms or 0.0) > longest:
            yield Violation(f"p99_gt_{limits.p99_over_p95_max}x_p95", Code.P95_SPIKE)


def _poor(net_bps: float, limits: Thresholds) -> Iterator[Violation]:
    if net_bps < limits.net_bps_fail:
        yield Violation(f"net_bps_below_{limits.net_bps_fail}", Code.GEN_FAIL)
    elif net_bps < limits.net_bps_warn:
        reason = f"net_bps_in_[{limits.net_bps_fail},{limits.net_bps_warn})"
        yield Violation(reason, Code.NET_BPS_LOW, Verdict.WARN)


def next_action(verdict: Verdict, fails_so_far: int) -> Action:
    """Choose the answer to one tick; the last rung repeats until a person steps in."""
    match verdict:
        case Verdict.FAIL:
            return LADDER[min(fails_so_far, len(LADDER) - 1)]
        case Verdict.WARN:
            return Action.TUNE_DRY
        case _:
            return Action.NONE


def fails_after(verdict: Verdict, fails_so_far: int) -> int:
    """How high the ladder of this phase and region stands after the tick."""
    match verdict:
        case Verdict.FAIL:
            return fails_so_far + 1
        case Verdict.CONTINUE:
            return 0
        case _:
            return fails_so_far


_ADVICE = {
    Code.OK: "",
    Code.GEN: "find out why nothing was traded; the phase does not move on without traffic",
    Code.NET_BPS_LOW: "run TUNE_DRY and lower the impact cap by a fifth (kpi.md#degrade)",
    Code.TAKER_CEIL: "lower the taker caps; if it stays, disable the strategy (circuit_gate.md#triage)",
    Code.P95_SPIKE: "lengthen the backoff and cancel the tails (full_stack.md#triage)",
    Code.READINESS_LOW: "put the previous overlay back (full_stack.md#triage)",
    Code.GEN_FAIL: "put the previous overlay back (full_stack.md#triage)",
}


def recommend(decision: Decision) -> str:
    """What a person may do about the tick; empty when there is nothing to do."""
    if decision.reason.startswith(_INPUT):
        return "bring the producer of the named file back; until then nobody knows how the soak is"
    return _ADVICE[decision.code]


@dataclass(frozen=True, slots=True)
class PhaseSoFar:
    """The ticks of the current phase in one region, as counts."""

    hours_planned: float
    hours_done: float
    conclusive: int
    fails: int
    fails_on_ladder: int
    last: Verdict | None


def what_keeps(phase: Phase, so_far: PhaseSoFar) -> tuple[str, ...]:
    """Everything that keeps a soak from leaving the phase; nothing means it may move on.

    Canary gates live-econ: one failure in it and no capital follows.
    """
    blocks = {
        "hours_left": so_far.hours_done < so_far.hours_planned,
        "no_conclusive_tick": so_far.conclusive == 0,
        "last_tick_inconclusive": so_far.last is Verdict.INCONCLUSIVE,
        "ladder_raised": so_far.fails_on_ladder > 0,
        "canary_failed": phase is Phase.CANARY and so_far.fails > 0,
    }
    return tuple(reason for reason, blocked in blocks.items() if blocked)


def next_phase(phase: Phase) -> Phase | None:
    """Shadow, then canary, then live-econ; None after the last."""
    order = list(Phase)
    place = order.index(phase) + 1
    return order[place] if place < len(order) else None
