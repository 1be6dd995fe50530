"""How matching follows the health of the service, one step a UTC day (runbook 001, Routine operations).

The ratio is the daily procedure's own h over the same calendar window. Below 0.2 matching becomes narrower, above 0.6
wider, in between it stays. Both directions undo each other: the pool that a bad week lowered rises again in a good
one until it is where it started, and the pool that a good week raised falls back in a bad one, so no number can only
ever go one way. Below 50 deliveries nothing moves: one unanswered message must not change production.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TypeVar

from tasks.rules.contracts.production import MATCHING_TUNING
from tasks.rules.daily_health import Window
from tasks.rules.outcome import Outcome, Status, Value

LOW_RATIO = 0.2
HIGH_RATIO = 0.6
MIN_N = 50

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What matching works with: two intensity bands (0 to 2), two pool multipliers and one switch."""

    low_intensity_band: int
    high_intensity_band: int
    pool_multiplier_low: float
    pool_multiplier_high: float
    allow_theme_relax_high: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where matching starts, how far a day may move it, and where it stops."""

    start: Tuning
    intensity_step: int = 1
    intensity_min: int = 0
    intensity_max: int = 2
    pool_step: float = 0.1
    pool_min: float = -0.7
    pool_max: float = 0.7


@dataclass(frozen=True, slots=True)
class Facts:
    """The window that is judged, the tuning of now, and the newest day on which it was changed."""

    window: Window
    current: Tuning
    last_tuned: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """One day's step, and what it was decided on."""

    day: date
    delivered: int
    ratio: float
    before: Tuning
    after: Tuning

    def says(self, status: Status, reason: str | None = None) -> Outcome:
        settled: dict[str, Value] = asdict(self.after)
        return MATCHING_TUNING.says(
            status, reason, day=self.day.isoformat(), ratio=self.ratio, delivered=self.delivered, **settled
        )


def next_tuning(now: Tuning, ratio: float, bounds: Bounds) -> Tuning:
    """One step narrower, one step wider, or as it is."""
    if ratio < LOW_RATIO:
        return _narrower(now, bounds)
    if ratio > HIGH_RATIO:
        return _wider(now, bounds)
    return now


def _narrower(now: Tuning, bounds: Bounds) -> Tuning:
    """The upper band never sinks below the lower one."""
    least = max(bounds.intensity_min, now.low_intensity_band)
    return replace(
        now,
        high_intensity_band=_down(now.high_intensity_band, bounds.intensity_step, least),
        pool_multiplier_low=_down(now.pool_multiplier_low, bounds.pool_step, bounds.pool_min),
        pool_multiplier_high=_down(now.pool_multiplier_high, bounds.pool_step, bounds.start.pool_multiplier_high),
        allow_theme_relax_high=False,
    )


def _wider(now: Tuning, bounds: Bounds) -> Tuning:
    return replace(
        now,
        high_intensity_band=_up(now.high_intensity_band, bounds.intensity_step, bounds.intensity_max),
        pool_multiplier_low=_up(now.pool_multiplier_low, bounds.pool_step, bounds.start.pool_multiplier_low),
        pool_multiplier_high=_up(now.pool_multiplier_high, bounds.pool_step, bounds.pool_max),
        allow_theme_relax_high=True,
    )


def _down(value: N, step: N, least: N) -> N:
    """A step down, not past `least`; what is below it already stays (somebody put it there)."""
    return min(value, max(_clean(value - step), least))


def _up(value: N, step: N, most: N) -> N:
    return max(value, min(_clean(value + step), most))


def _clean(value: N) -> N:
    """Tenths stay tenths: the columns are `real`, and -0.5 - 0.1 - 0.1 must be -0.7."""
    return round(value, 6)


def judge(facts: Facts, today: date, bounds: Bounds) -> Change | Outcome:
    """The change that this day calls for, or the line that says why there is none."""
    day = today.isoformat()
    if facts.last_tuned is not None and facts.last_tuned > today:
        return MATCHING_TUNING.says(Status.FAIL, "clock_went_back", day=day)
    if facts.last_tuned == today:
        return MATCHING_TUNING.says(Status.SKIPPED, "already_tuned_today", day=day)
    if facts.window.delivered < MIN_N:
        return MATCHING_TUNING.says(Status.INSUFFICIENT_DATA, "insufficient_volume", day=day)
    ratio = facts.window.h
    change = Change(today, facts.window.delivered, ratio, facts.current, next_tuning(facts.current, ratio, bounds))
    if change.after == change.before:
        in_band = LOW_RATIO <= ratio <= HIGH_RATIO
        return change.says(Status.OK, "in_band" if in_band else "at_bounds")
    return change
