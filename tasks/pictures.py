"""What people would rather look at than read, drawn as PNG."""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tasks.rules.daily_health import SMALL_COUNT, DayCount

_GOOD, _BAD, _BAR, _LIMIT = "#1b7f4b", "#b3261e", "#c9d3dc", "#6b4f9e"


def draw_health_trend(rows: Sequence[DayCount], today: date, days: int, min_ratio: float) -> bytes:
    """h of each day over its deliveries, with the limit; days of few deliveries are left blank, as in the lines.

    The same numbers give the same bytes.
    """
    shown = sorted((row for row in rows if not row.is_small), key=lambda row: row.day)
    places = [(row.day - today).days for row in shown]
    figure = Figure(figsize=(9, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    health = figure.add_subplot()
    deliveries = health.twinx()
    health.set_zorder(deliveries.get_zorder() + 1)
    health.patch.set_visible(False)
    _draw_deliveries(deliveries, places, shown)
    _draw_health(health, places, shown, min_ratio)
    _frame(health, today, days)
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_deliveries(axes: Axes, places: Sequence[int], shown: Sequence[DayCount]) -> None:
    axes.bar(places, [row.delivered for row in shown], color=_BAR, width=0.8)
    axes.set_ylabel("deliveries")
    axes.set_ylim(bottom=0)


def _draw_health(axes: Axes, places: Sequence[int], shown: Sequence[DayCount], min_ratio: float) -> None:
    values = [row.h for row in shown]
    low = [(place, value) for place, value in zip(places, values, strict=True) if not value >= min_ratio]
    axes.plot(places, values, color=_GOOD, linewidth=1.5, marker="o", markersize=4, label="h (positive / delivered)")
    axes.plot([place for place, _ in low], [value for _, value in low], "o", color=_BAD, markersize=6)
    axes.axhline(min_ratio, color=_LIMIT, linestyle="--", linewidth=1, label=f"limit {min_ratio:.2f}")
    axes.set_ylim(0, max([1.0, *values]) * 1.05)
    axes.set_ylabel("h")
    axes.legend(loc="upper left", frameon=False)


def _frame(axes: Axes, today: date, days: int) -> None:
    """Days as distances from today, so that the axis is the same whatever the locale."""
    ticks = range(0, -days, -max(1, days // 8))
    axes.set_xlim(0.5 - days, 0.5)
    axes.set_xticks(list(ticks), [f"{today + timedelta(days=place):%m-%d}" for place in ticks])
    axes.set_title(f"Health of deliveries, {days} days to {today.isoformat()} (UTC; blank: under {SMALL_COUNT})")
