"""What a window of deliveries and acknowledgements means (runbook 001, Routine operations, Daily).

There is one definition of health: h = positive acknowledgements / deliveries of the last `days` UTC days, today
included, as the service counted them. Compared unrounded; an acknowledgement counts on its own day, so h may pass 1.

A day below `SMALL_COUNT` deliveries shows no numbers, since a count of one or two is about a person. Rows dated after
today are a fault of whoever wrote them: they are counted apart and never in a total.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tasks.rules.contracts.health import OPS_DAILY_METRICS, OPS_DAILY_WATCHDOG
from tasks.rules.outcome import Outcome, Status

WINDOW_DAYS = 7
MIN_RATIO = 0.2
SMALL_COUNT = 5
TREND_DAYS = 30
UNTAGGED = "unknown"


@dataclass(frozen=True, slots=True)
class DayCount:
    """What the service counted on one UTC day, over all themes or over the one asked for."""

    day: date
    delivered: int
    positive: int

    @property
    def h(self) -> float:
        return ratio(self.positive, self.delivered)

    @property
    def is_small(self) -> bool:
        return self.delivered < SMALL_COUNT


@dataclass(frozen=True, slots=True)
class Traffic:
    """Deliveries day by day, and what can only be said of the whole window (latency in seconds, None if none)."""

    rows: tuple[DayCount, ...]
    ack_total: int = 0
    p95_delivery_latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class DailyFacts:
    """Everything one daily run judges, read from one snapshot of the database.

    `counters` holds, per window in days, the second-touch counters by key.
    """

    today: date
    everything: Traffic
    one_theme: Traffic | None
    future_rows: int
    counters: Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Window:
    """The last `days` UTC days, today included; newest day first."""

    days: int
    rows: tuple[DayCount, ...]

    @property
    def delivered(self) -> int:
        return sum(row.delivered for row in self.rows)

    @property
    def positive(self) -> int:
        return sum(row.positive for row in self.rows)

    @property
    def h(self) -> float:
        return ratio(self.positive, self.delivered)


def ratio(part: int, whole: int) -> float:
    """part / whole, 0.0 where there is no whole."""
    return part / whole if whole else 0.0


def first_day(today: date, days: int) -> date:
    return today - timedelta(days=days - 1)


def window_of(rows: Iterable[DayCount], today: date, days: int) -> Window:
    """The rows of the window and no others: day `days - 1` ago counts, the day before it and tomorrow do not."""
    inside = (row for row in rows if first_day(today, days) <= row.day <= today)
    return Window(days, tuple(sorted(inside, key=lambda row: row.day, reverse=True)))


def metrics_of(window: Window) -> list[Outcome]:
    """One line per day, never per theme; a day of few deliveries is named without its numbers."""
    return [_metrics_of_day(row) for row in window.rows]


def _metrics_of_day(row: DayCount) -> Outcome:
    if row.is_small:
        return OPS_DAILY_METRICS.says(Status.INSUFFICIENT_DATA, "small_count", day=row.day.isoformat())
    return OPS_DAILY_METRICS.says(
        Status.OK, day=row.day.isoformat(), delivered=row.delivered, positive=row.positive, h=row.h
    )


def judge_window(window: Window, min_ratio: float, future_rows: int) -> Outcome:
    """Healthy from `min_ratio` on; without one delivery there is nothing to judge, whatever was acknowledged."""
    reason = None
    if window.delivered <= 0:
        status, reason = Status.INSUFFICIENT_DATA, "delivered_total_0"
    elif window.h >= min_ratio:
        status = Status.HEALTHY
    else:
        status = Status.UNHEALTHY
    return OPS_DAILY_WATCHDOG.says(
        status,
        reason,
        window_days=window.days,
        delivered_total=window.delivered,
        positive_total=window.positive,
        h=window.h,
        future_rows=future_rows or None,
    )


def theme_asked(theme: str | None) -> str | None:
    """A blank theme means the untagged messages; no theme means all of them."""
    return None if theme is None else theme.strip() or UNTAGGED
