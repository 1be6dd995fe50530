"""The day's numbers against their limits (runbook 004, Daily routine step 1).

The limits are those of a soak tick. A file that is missing, stale or no JSON, and a value that is absent, NaN, of the
wrong type or impossible, fail their check with a reason of their own: no data is never green.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.contracts.daily import DAILY_CHECK, DAILY_CHECK_LINE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import Thresholds
from tasks.rules.soak_inputs import (
    EDGE_REPORT,
    KPI_GATE,
    Input,
    Unusable,
    fills,
    latency_ms,
    net_bps,
    readiness_pct,
    taker_ratio,
    usable,
)

FILES = (KPI_GATE, "FULL_STACK_VALIDATION.json", EDGE_REPORT, "EDGE_SENTINEL.json")


@dataclass(frozen=True, slots=True)
class Limit:
    """One number of one file; `is_least` tells a floor from a ceiling, and what equals its limit passes."""

    check: str
    file: str
    read: Callable[[Mapping[str, Json]], float]
    bound: float
    is_least: bool = False

    def broken_by(self, value: float) -> str | None:
        if self.is_least:
            return "too_low" if value < self.bound else None
        return "too_high" if value > self.bound else None


def limits_of(thresholds: Thresholds) -> tuple[Limit, ...]:
    return (
        Limit("net_bps", EDGE_REPORT, _traded(net_bps), thresholds.net_bps_warn, is_least=True),
        Limit("order_age_p95_ms", EDGE_REPORT, _traded(lambda edge: latency_ms(edge, "p95")), thresholds.p95_ms_max),
        Limit("taker_ratio", EDGE_REPORT, _traded(taker_ratio), thresholds.taker_ratio_max),
        Limit("readiness_pct", KPI_GATE, readiness_pct, thresholds.readiness_pct_min, is_least=True),
    )


def _traded(read: Callable[[Mapping[str, Json]], float]) -> Callable[[Mapping[str, Json]], float]:
    """Without a single fill the report's other numbers mean nothing."""

    def read_if_traded(edge: Mapping[str, Json]) -> float:
        if fills(edge) == 0:
            raise Unusable("no_traffic")
        return read(edge)

    return read_if_traded


def check_day(found: Mapping[str, Input], max_age_s: int) -> Iterator[Outcome]:
    """A line for the age of each file, then one for each limit."""
    for file in FILES:
        yield _check_age(file, found[file], max_age_s)
    for limit in limits_of(Thresholds()):
        yield _check_limit(limit, found[limit.file], max_age_s)


def _check_age(file: str, found: Input, max_age_s: int) -> Outcome:
    reason = None
    try:
        usable(found, max_age_s)
    except Unusable as why:
        reason = str(why)
    age = None if found.age_s is None else max(0, round(found.age_s))
    return _line("freshness", file, reason, age_sec=age, max_age_sec=max_age_s)


def _check_limit(limit: Limit, found: Input, max_age_s: int) -> Outcome:
    try:
        value = limit.read(usable(found, max_age_s))
    except Unusable as why:
        return _line(limit.check, limit.file, str(why), limit=limit.bound)
    return _line(limit.check, limit.file, limit.broken_by(value), value=value, limit=limit.bound)


def _line(check: str, file: str, reason: str | None, **fields: float | None) -> Outcome:
    status = Status.FAIL if reason else Status.OK
    return DAILY_CHECK_LINE.says(status, reason, check=check, file=file, **fields)


def sum_up_checks(lines: Sequence[Outcome]) -> Outcome:
    """The last line: good only if there were checks and none failed."""
    bad = [line for line in lines if line.status is not Status.OK]
    status = Status.FAIL if bad or not lines else Status.OK
    return DAILY_CHECK.says(status, checked=len(lines), failed=len(bad))
