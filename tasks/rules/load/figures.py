"""The figures of a phase: percentiles with their method and what they rest on, rates, lag of the generator.

Pure. Percentiles are nearest rank over all good answers: the value at rank ceil(p/100 n), one that really occurred.
A percentile of which the samples say nothing (p99 of ten) is not made up: it is None, and `needed` says how many.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.rules.load.measured import Answer, Measured
from tasks.rules.ranks import percentile

METHOD = "nearest_rank"
PERCENTS = (50, 95, 99)
_NS_PER_MS = 1e6
_Z_95 = 1.96


def needed(percent: int) -> int:
    """How many samples a percentile needs so that at least one of them lies above it: 2, 20, 100."""
    return -(-100 // (100 - percent))


@dataclass(frozen=True, slots=True)
class Spread:
    """Some times, in milliseconds; all None where there was none."""

    samples: int
    by_percent: Mapping[int, float | None]
    mean: float | None = None
    most: float | None = None
    bounds: Mapping[int, tuple[float, float]] = field(default_factory=dict)  # of the percentiles that are known

    def at(self, percent: int) -> float | None:
        return self.by_percent[percent]


@dataclass(frozen=True, slots=True)
class Figures:
    """One phase in numbers; rates a second, times in milliseconds, shares in percent."""

    name: str
    asked: int
    attempts: int
    failures: int
    answers: Mapping[str, int]
    latency: Spread
    failed: Spread
    lag: Spread
    wait: Spread
    error_rate_percent: float
    rate_limited_percent: float
    rate_asked: float
    rate_offered: float | None
    answered_per_s: float | None
    seconds: float
    retry_after_s: int | None
    stopped: str | None

    @property
    def other_error_percent(self) -> float:
        """Failures that are not 429, of all attempts."""
        return self.error_rate_percent - self.rate_limited_percent


def figures_of(measured: Measured) -> Figures:
    good = measured.answers.get(Answer.OK, 0)
    failures = measured.attempts - good
    seconds = (measured.ended - measured.first_sent) / 1e9
    return Figures(
        name=measured.name,
        asked=measured.asked,
        attempts=measured.attempts,
        failures=failures,
        answers={str(answer): measured.answers[answer] for answer in Answer if measured.answers.get(answer)},
        latency=spread_of(measured.latencies),
        failed=spread_of(measured.failed),
        lag=spread_of(measured.lags, always=True),
        wait=spread_of(measured.waits, always=True),
        error_rate_percent=_percent(failures, measured.attempts),
        rate_limited_percent=_percent(measured.answers.get(Answer.RATE_LIMITED, 0), measured.attempts),
        rate_asked=measured.rate,
        rate_offered=_rate(len(measured.waits) - 1, measured.last_sent - measured.first_sent),
        answered_per_s=_rate(good, measured.ended - measured.first_sent),
        seconds=max(seconds, 0.0),
        retry_after_s=measured.retry_after_s,
        stopped=measured.stopped,
    )


def spread_of(times_ns: Sequence[int], *, always: bool = False) -> Spread:
    """Percentiles of times; with `always` also where there are too few, as for the generator's own lag."""
    ordered = sorted(times_ns)
    count = len(ordered)
    by_percent = {
        percent: percentile(ordered, percent) / _NS_PER_MS if count and (always or count >= needed(percent)) else None
        for percent in PERCENTS
    }
    if not count:
        return Spread(0, by_percent)
    bounds = {percent: _bounds(ordered, percent) for percent, value in by_percent.items() if value is not None}
    return Spread(count, by_percent, sum(ordered) / count / _NS_PER_MS, ordered[-1] / _NS_PER_MS, bounds)


def _bounds(ordered: Sequence[int], percent: int) -> tuple[float, float]:
    """Between which values the true percentile lies with 95 %: the ranks around it, whatever the distribution."""
    count, share = len(ordered), percent / 100
    reach = _Z_95 * math.sqrt(count * share * (1 - share))
    low, high = math.floor(count * share - reach), math.ceil(count * share + reach)
    return ordered[max(low, 1) - 1] / _NS_PER_MS, ordered[min(high + 1, count) - 1] / _NS_PER_MS


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


def _rate(count: int, nanoseconds: int) -> float | None:
    return count * 1e9 / nanoseconds if count > 0 and nanoseconds > 0 else None
