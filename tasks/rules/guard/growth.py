"""Whether counters grew between two reads of a metrics file as they were expected to, and whether it is fresh.

Runbook 002, "Metrics & Monitoring"; spec 002, 9.3. A counter that is lower than before was started anew: what it
shows now is what it grew by. A series that is not there is 0.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tasks.rules.guard.textfile import Series

_SKEW_S = 5.0
_DIGITS = 6  # the runtime writes its numbers with six digits
_KEYS = ("min_increase", "max_increase", "unchanged")


@dataclass(frozen=True, slots=True)
class Expectation:
    """How much a series may have grown since the last read; `unchanged` is a growth of nothing."""

    series: Series
    min_increase: float | None = None
    max_increase: float | None = None

    @property
    def is_unchanged(self) -> bool:
        return self.min_increase == self.max_increase == 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    expectation: Expectation
    increase: float
    reset: bool
    verdict: str  # ok, too_little, too_much, too_coarse, not_a_counter


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last read: what stood there, and since when the content has been this."""

    at: float
    digest: str
    since: float
    values: Mapping[str, float]


def expectations_of(document: Mapping[str, object], series_of: Mapping[str, Series]) -> tuple[Expectation, ...]:
    """The rows of an expectation file; ValueError says in words of ours what is wrong.

    `series_of` has the parsed form of each series that is named.
    """
    rows = document.get("expect")
    if set(document) != {"expect"} or not isinstance(rows, list) or not rows:
        raise ValueError("the file is a list of [[expect]]")
    return tuple(_expectation(row, series_of) for row in rows)


def _expectation(row: object, series_of: Mapping[str, Series]) -> Expectation:
    if not isinstance(row, Mapping) or not set(row) <= {"series", *_KEYS} or not set(row) & set(_KEYS):
        raise ValueError("an expectation has a series and min_increase, max_increase or unchanged")
    series = series_of.get(str(row.get("series")))
    if series is None:
        raise ValueError('a series is written as in the metrics file: name{label="value"}')
    if "unchanged" in row:
        if row["unchanged"] is not True or len(row) != 2:
            raise ValueError("unchanged is true and stands alone")
        return Expectation(series, 0.0, 0.0)
    return Expectation(series, _bound(row, "min_increase"), _bound(row, "max_increase"))


def _bound(row: Mapping[object, object], key: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{key} is a number from 0 on")
    return float(value)


def increase(before: float, now: float) -> tuple[float, bool]:
    """By how much a counter grew, and whether it was started anew in between."""
    return (now, True) if now < before else (now - before, False)


def judge_growth(
    expected: Sequence[Expectation],
    before: Mapping[str, float],
    now: Mapping[Series, float],
    gauges: Collection[str] = (),
) -> tuple[Growth, ...]:
    """Each expectation with what it came to; `gauges` are names that may fall without being started anew."""
    return tuple(
        _growth(one, before.get(one.series.text, 0.0), now.get(one.series, 0.0), is_gauge=one.series.name in gauges)
        for one in expected
    )


def _growth(one: Expectation, before: float, now: float, *, is_gauge: bool) -> Growth:
    if is_gauge and not one.is_unchanged:
        return Growth(one, now - before, False, "not_a_counter")
    grown, reset = (abs(now - before), False) if is_gauge else increase(before, now)
    verdict = "ok"
    if one.min_increase is not None and grown < one.min_increase:
        verdict = "too_little"
    elif one.max_increase is not None and grown > one.max_increase:
        verdict = "too_much"
    if step_of(now) > 1 and _within(one, grown, step_of(now)):
        verdict = "too_coarse"
    return Growth(one, grown, reset, verdict)


def step_of(value: float) -> float:
    """The smallest difference that six digits can show at this size."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1) if value else 0.0


def _within(one: Expectation, grown: float, step: float) -> bool:
    """Whether a bound lies so near that rounding alone could decide."""
    bounds = (one.min_increase, one.max_increase)
    return any(bound is not None and abs(grown - bound) < step for bound in bounds)


def staleness(
    written_at: float, digest: str, last: Remembered | None, now: float, stale_after_s: float
) -> str | None:
    """Why the file is not fresh: its time is old or ahead, or its content has been the same for too long."""
    if written_at > now + _SKEW_S:
        return "from_the_future"
    if now - written_at > stale_after_s:
        return "stale"
    same = last is not None and last.digest == digest
    return "content_unchanged" if same and last and now - last.since > stale_after_s else None


def remember(written: Mapping[Series, float], digest: str, last: Remembered | None, now: float) -> Remembered:
    since = last.since if last is not None and last.digest == digest else now
    return Remembered(now, digest, since, {series.text: value for series, value in written.items()})
