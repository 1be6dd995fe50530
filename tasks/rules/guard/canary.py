"""What a canary has shown: promote, hold or roll back, with every reason.

Counters are compared by what they grew by between two reads, never by their lifetime. Blocked orders stand in the
same histogram and are quick, so they are taken out from its fast end: what is left can only look too slow, never too
fast. Pure (runbook 002, Profiles & Modes; spec 002, 7.2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.guard.growth import increase
from tasks.rules.guard.textfile import Series, Textfile, buckets_of, quantile

LATENCY = "propbot_router_latency_ms"
SUBMITTED, REJECTED, BLOCKED = (f"propbot_orders_{what}_total" for what in ("submitted", "rejected", "blocked"))
FATAL_BLOCKS = ("live-guard", "readiness-agg", "stale-p95", "risk", "pnl-cap")
_EXPECTED_BLOCKS = ("safe-mode",)


class Verdict(StrEnum):
    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Window:
    """What happened between two reads of a metrics file."""

    submitted: float
    rejected: float
    blocked: Mapping[str, float]
    buckets: tuple[tuple[float, float], ...]

    @property
    def p95_ms(self) -> float | None:
        """Of the orders that were not blocked, at the worst; infinite beyond the last bound."""
        blocked = sum(self.blocked.values())
        return quantile([(bound, max(0.0, count - blocked)) for bound, count in self.buckets], 0.95)


def counts(file: Textfile | None) -> dict[str, float]:
    """What stands in a file, by series, as it is remembered; nothing where there is none."""
    return {series.text: value for series, value in file.values.items()} if file else {}


def window(before: Mapping[str, float], after: Textfile | None) -> Window:
    """The growth from one read to the other; a file that was begun anew counts from zero."""
    old, new = before, after.values if after else {}
    count = Series(f"{LATENCY}_count")
    if increase(old.get(count.text, 0.0), new.get(count, 0.0))[1]:
        old = {}
    grown = {series: increase(old.get(series.text, 0.0), value)[0] for series, value in new.items()}
    blocked = {dict(one.labels).get("reason", ""): value for one, value in grown.items() if one.name == BLOCKED}
    return Window(
        grown.get(Series(SUBMITTED), 0.0),
        grown.get(Series(REJECTED), 0.0),
        {reason: value for reason, value in blocked.items() if value},
        _buckets(after, grown),
    )


def _buckets(after: Textfile | None, grown: Mapping[Series, float]) -> tuple[tuple[float, float], ...]:
    bounds = buckets_of(after.samples, LATENCY).get(Series(LATENCY), []) if after else []
    by_bound = {
        float(dict(one.labels)["le"]): value for one, value in grown.items() if one.name == f"{LATENCY}_bucket"
    }
    return tuple((bound, by_bound[bound]) for bound, _ in bounds)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many orders it takes, and what a canary may differ by from paper."""

    least_orders: int = 30
    most_notional: float = 200.0
    times_paper: float = 1.5
    more_than_paper_ms: float = 50.0
    most_blocked: float = 0.05
    most_rejected: float = 0.01


@dataclass(frozen=True, slots=True)
class Seen:
    """The runtime at one end of the window: whether it is a canary, its limits, the size of its orders."""

    is_canary: bool
    limits_active: bool
    notional: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict with all its reasons, and the figures it rests on."""

    verdict: Verdict
    reasons: tuple[str, ...]
    p95_ms: float | None
    paper_p95_ms: float | None


def judged(
    canary: Window,
    paper: Window,
    ends: Sequence[Seen],
    alerts: Iterable[str],
    limits: Limits,
    lately: Window | None = None,
) -> Finding:
    """What speaks against it decides first; then whether there was enough to see; else it may go on.

    `lately` is the last part of a long window, which must be good by itself once it has enough orders: what went
    wrong just now does not drown in what went well for hours.
    """
    bad = (
        *_bad_orders(canary, limits),
        *_bad_latency(canary, paper, limits),
        *_bad_runtime(ends, limits),
        *(f"alert:{name}" for name in sorted(set(alerts))),
    )
    if lately and lately.submitted >= limits.least_orders:
        bad = (*bad, *_bad_orders(lately, limits), *_bad_latency(lately, paper, limits))
    doubts = tuple(_doubts(canary, paper, limits))
    verdict = Verdict.ROLL_BACK if bad else Verdict.HOLD if doubts else Verdict.PROMOTE
    return Finding(verdict, (*dict.fromkeys(bad), *doubts), canary.p95_ms, paper.p95_ms)


def _bad_orders(canary: Window, limits: Limits) -> Iterable[str]:
    yield from (f"blocked:{code}" for code in sorted(canary.blocked) if code in FATAL_BLOCKS)
    counted = sum(value for code, value in canary.blocked.items() if code not in _EXPECTED_BLOCKS)
    if counted > limits.most_blocked * (counted + canary.submitted):
        yield "blocked_share"
    if canary.rejected > limits.most_rejected * canary.submitted:
        yield "rejected_share"


def _bad_latency(canary: Window, paper: Window, limits: Limits) -> Iterable[str]:
    """Only where both have enough orders: a few slow ones say nothing yet."""
    here, there = canary.p95_ms, paper.p95_ms
    if here is None or there is None or min(canary.submitted, paper.submitted) < limits.least_orders:
        return
    if here > max(there * limits.times_paper, there + limits.more_than_paper_ms):
        yield "latency_p95"


def _bad_runtime(ends: Sequence[Seen], limits: Limits) -> Iterable[str]:
    if not all(one.is_canary for one in ends):
        yield "no_canary"
    if not all(one.limits_active for one in ends):
        yield "limits_not_active"
    if any(one.notional is None or one.notional > limits.most_notional for one in ends):
        yield "order_too_large"


def _doubts(canary: Window, paper: Window, limits: Limits) -> Iterable[str]:
    if canary.submitted < limits.least_orders:
        yield "too_few_orders"
    if canary.p95_ms is None:
        yield "no_latency"
    if paper.submitted < limits.least_orders or paper.p95_ms is None:
        yield "too_few_paper_orders"
