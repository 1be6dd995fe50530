"""What people would rather look at than read, drawn as PNG."""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tasks.rules.daily_digest import DayReport
from tasks.rules.daily_health import SMALL_COUNT, DayCount
from tasks.rules.soak import Thresholds

_GOOD, _BAD, _BAR, _LIMIT, _GRID, _FAINT = "#1b7f4b", "#b3261e", "#9fb1c1", "#6b4f9e", "#e6eaee", "#59636e"


def draw_health_trend(rows: Sequence[DayCount], today: date, days: int, min_ratio: float) -> bytes:
    """h of each day with its limit, over its deliveries; days of few deliveries are left blank, as in the lines.

    The same numbers give the same bytes.
    """
    shown = {(row.day - today).days: row for row in rows if not row.is_small}
    shown = {place: row for place, row in shown.items() if -days < place <= 0}
    # Half a page of the UI is 584 pixels wide: a small figure keeps its letters readable there.
    figure = Figure(figsize=(7, 4.2), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    health, deliveries = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _draw_health(health, [shown.get(place) for place in range(1 - days, 1)], min_ratio)
    _draw_deliveries(deliveries, shown)
    for axes in (health, deliveries):
        _frame(axes, today, days)
    health.set_title(f"Health of {days} UTC days to {today.isoformat()}", loc="left", fontweight="bold")
    health.set_title(f"blank: under {SMALL_COUNT} deliveries", loc="right", fontsize="small", color=_FAINT)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_health(axes: Axes, days: Sequence[DayCount | None], min_ratio: float) -> None:
    """A line that breaks where a day is blank, the days below the limit in red."""
    places = range(1 - len(days), 1)
    values = [float("nan") if day is None else day.h for day in days]
    low = [(place, value) for place, value in zip(places, values, strict=True) if value < min_ratio]
    axes.plot(places, values, color=_GOOD, linewidth=2, marker="o", markersize=5, label="h = positive / delivered")
    axes.plot(*([pair[axis] for pair in low] for axis in (0, 1)), "o", color=_BAD, markersize=8, label="below limit")
    axes.axhline(min_ratio, color=_LIMIT, linestyle="--", linewidth=1.5, label=f"limit {min_ratio:.2f}")
    axes.set_ylim(0, max([1.0, *(day.h for day in days if day is not None)]) * 1.05)
    axes.set_ylabel("h")
    axes.grid(axis="y", color=_GRID)


def _draw_deliveries(axes: Axes, shown: dict[int, DayCount]) -> None:
    most = max([1, *(row.delivered for row in shown.values())])
    axes.bar(list(shown), [row.delivered for row in shown.values()], color=_BAR, width=0.8)
    axes.set_ylabel("deliveries")
    axes.set_yticks([0, most])


def _frame(axes: Axes, today: date, days: int) -> None:
    """Days as distances from today, so that the axis is the same whatever the locale."""
    ticks = range(0, -days, -max(1, days // 8))
    axes.set_xlim(0.5 - days, 0.5)
    axes.set_xticks(list(ticks), [f"{today + timedelta(days=place):%m-%d}" for place in ticks])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(length=0)


def draw_daily_trend(reports: Sequence[DayReport], days: int) -> bytes:
    """net_bps, order age and taker share of each day's report with their limits; a day without a number is blank."""
    limits = Thresholds()
    panels = (
        ("edge_net_bps", "net, bps", limits.net_bps_warn, True),
        ("order_age_p95_ms", "order age p95, ms", limits.p95_ms_max, False),
        ("taker_share_pct", "taker share, %", limits.taker_ratio_max * 100, False),
    )
    figure = Figure(figsize=(7, 5.2), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    today = reports[-1].day
    for axes, (name, label, limit, is_least) in zip(figure.subplots(3, 1, sharex=True), panels, strict=True):
        values = {(report.day - today).days: report.numbers[name] for report in reports}
        _draw_limited(axes, [values.get(place) for place in range(1 - days, 1)], limit, is_least=is_least)
        axes.set_ylabel(label)
        _frame(axes, today, days)
    figure.suptitle(f"Daily reports to {today.isoformat()}", x=0.02, ha="left", fontweight="bold")
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_limited(axes: Axes, days: Sequence[float | None], limit: float, *, is_least: bool) -> None:
    """A line that breaks where there is no number, its limit, and what is past it in red."""
    places = range(1 - len(days), 1)
    values = [float("nan") if value is None else value for value in days]
    past = [
        (place, value)
        for place, value in zip(places, values, strict=True)
        if (value < limit if is_least else value > limit)
    ]
    axes.plot(places, values, color=_GOOD, linewidth=2, marker="o", markersize=5)
    axes.plot(*([pair[axis] for pair in past] for axis in (0, 1)), "o", color=_BAD, markersize=8)
    axes.axhline(limit, color=_LIMIT, linestyle="--", linewidth=1.5)
    axes.grid(axis="y", color=_GRID)
