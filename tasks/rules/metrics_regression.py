"""Is today's picture worse than it may be, or worse than it was? (runbook 001, Routine operations)

Absolute limits hold always; the limits themselves still pass. Against the stored baseline two measures may not slide:

- h more than 20 % below the baseline's h;
- the 95th percentile of delivery latency more than 50 % and more than 0.5 s above the baseline's, since a latency of
  a few hundredths of a second doubles by chance.

Below 50 deliveries nothing is judged. A measure that could not be derived is not judged; a baseline whose numbers are
not numbers is a failure, never a pass.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from tasks.rules.contracts.health import METRICS_REGRESSION, OPS_METRICS_SNAPSHOT
from tasks.rules.daily_health import SMALL_COUNT, Traffic, Window
from tasks.rules.outcome import Outcome, Scalar, Status
from tasks.rules.second_touch import SecondTouch

MIN_N = 50
MIN_H = 0.2
MAX_IDENTITY_LEAK_RATE = 0.05
MAX_CRISIS_RATE = 0.20
MAX_P95_S = 5.0
MAX_H_LOSS = 0.20
MAX_P95_GAIN = 0.50
P95_NOISE_S = 0.5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The window's aggregates under the names that the service gives them; None where a measure cannot be derived.

    `matching_health_h` is the watchdog's own h, `ack_total` all acknowledgements whatever the reaction.
    Blocked leaks and crisis routings come from the second-touch counters, which know no theme.
    """

    window_days: int
    delivered_total: int
    ack_total: int
    ack_positive_total: int
    matching_health_h: float
    identity_leak_blocked_total: int | None
    crisis_routed_total: int | None
    p95_delivery_latency_s: float | None

    @property
    def metrics(self) -> dict[str, Scalar | None]:
        return asdict(self)


def snapshot_of(window: Window, traffic: Traffic, counters: SecondTouch | None) -> Snapshot:
    """The window as numbers; without `counters` (one theme only) what they would tell stays unknown."""
    return Snapshot(
        window_days=window.days,
        delivered_total=window.delivered,
        ack_total=traffic.ack_total,
        ack_positive_total=window.positive,
        matching_health_h=window.h,
        identity_leak_blocked_total=counters.identity_leaks_blocked if counters else None,
        crisis_routed_total=counters.crisis_routed if counters else None,
        p95_delivery_latency_s=traffic.p95_delivery_latency_s,
    )


def line_of(snapshot: Snapshot, ts_utc: str) -> Outcome:
    return OPS_METRICS_SNAPSHOT.says(Status.OK, None, ts_utc=ts_utc, **snapshot.metrics)


def theme_line_of(window: Window, traffic: Traffic, ts_utc: str) -> Outcome:
    """The same for one theme, whose counters nobody keeps; so few deliveries that they are persons show no number."""
    if window.delivered >= SMALL_COUNT:
        return line_of(snapshot_of(window, traffic, None), ts_utc)
    withheld: dict[str, Scalar | None] = dict.fromkeys(field.name for field in fields(Snapshot))
    return OPS_METRICS_SNAPSHOT.says(Status.OK, None, ts_utc=ts_utc, **{**withheld, "window_days": window.days})


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """What the metrics of a good day looked like, as it was stored: nothing in it has been checked."""

    baseline_id: str
    metrics: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a stored baseline is compared by; None where it has no such measure."""

    baseline_id: str
    h: float | None
    p95_s: float | None


def reference_of(baseline: StoredBaseline) -> Reference | None:
    """The comparable part of a stored baseline, or None if any of it is not a finite number."""
    values = [baseline.metrics.get(key) for key in ("matching_health_h", "p95_delivery_latency_s")]
    if not all(value is None or _is_number(value) for value in values):
        return None
    h, p95 = (None if value is None else float(str(value)) for value in values)
    return Reference(baseline.baseline_id, h, p95)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def judge_regression(snapshot: Snapshot, baseline: StoredBaseline | None) -> Outcome:
    """Absolute limits first, then the baseline's; without a baseline a good day is `not_configured`, not `ok`."""
    if snapshot.delivered_total < MIN_N:
        return METRICS_REGRESSION.says(Status.INSUFFICIENT_DATA, "delivered_total_lt_min_n")
    reference = reference_of(baseline) if baseline else None
    reasons = _beyond_limits(snapshot)
    if reference:
        reasons += _behind(snapshot, reference)
    elif baseline:
        reasons.append("invalid_baseline")
    return _judged(snapshot, reference, tuple(reasons))


def _judged(snapshot: Snapshot, reference: Reference | None, reasons: tuple[str, ...]) -> Outcome:
    if reasons:
        status, reason = Status.FAIL, reasons[0]
    elif reference is None:
        status, reason = Status.NOT_CONFIGURED, "missing_baseline"
    else:
        status, reason = Status.OK, None
    return METRICS_REGRESSION.says(
        status,
        reason,
        reasons=reasons if len(reasons) > 1 else None,
        baseline_id=reference.baseline_id if reference else None,
        h=snapshot.matching_health_h,
        baseline_h=reference.h if reference else None,
    )


def _beyond_limits(now: Snapshot) -> list[str]:
    limits = (
        ("matching_health_low", MIN_H, now.matching_health_h),
        ("identity_leak_rate_high", _rate(now.identity_leak_blocked_total, now), MAX_IDENTITY_LEAK_RATE),
        ("crisis_rate_high", _rate(now.crisis_routed_total, now), MAX_CRISIS_RATE),
        ("latency_p95_high", now.p95_delivery_latency_s, MAX_P95_S),
    )
    # Written as "not within" so that a value that compares with nothing (NaN) is never within.
    return [reason for reason, least, most in limits if least is not None and most is not None and not least <= most]


def _behind(now: Snapshot, then: Reference) -> list[str]:
    reasons = []
    if then.h is not None and not now.matching_health_h >= round(then.h * (1 - MAX_H_LOSS), 9):
        reasons.append("matching_health_regressed")
    if then.p95_s is not None and now.p95_delivery_latency_s is not None:
        most = max(then.p95_s * (1 + MAX_P95_GAIN), then.p95_s + P95_NOISE_S)
        if not now.p95_delivery_latency_s <= most:
            reasons.append("latency_p95_regressed")
    return reasons


def _rate(count: int | None, now: Snapshot) -> float | None:
    return None if count is None else count / now.delivered_total
