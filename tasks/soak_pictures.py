"""A soak as a person wants to see it, drawn as PNG: numbers with their limits, phases, the ladder, the gaps."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from tasks.rules.soak import LADDER, Phase, Thresholds
from tasks.rules.soak_course import Place, first_slot, gap_bands, phase_bands, placed, step_of, width_of
from tasks.rules.soak_standing import Point, Standing

_NET, _P95, _P99 = "#1b7f4b", "#1f5fa8", "#8fb4dc"
_POOR, _BAD, _LIMIT, _GRID, _FAINT = "#d98200", "#b3261e", "#6b4f9e", "#d9dee3", "#59636e"
_BANDS = {Phase.SHADOW.value: "#f4f6f8", Phase.CANARY.value: "#fff6df", Phase.LIVE_ECON.value: "#e6f4ea"}
_RUNGS = ("none", "rollback", "disable", "step down")
_DAY, _MOST_DATES = 24, 8
_COLOURS = 128  # a picture is kept for every hour: with all its colours it would take three times the room


def draw_soak(standing: Standing, points: Sequence[Point]) -> bytes:
    """Net and latency over all slots with their limits drawn, phases as bands, the ladder as steps.

    Gaps are hatched, what is past a limit is red, what lies ahead is blank. The same slots give the same bytes.
    """
    places = placed(standing, points)
    limits = places[-1].point.limits if places else Thresholds()
    figure = Figure(figsize=(7, 5.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    net, latency, ladder = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 2])
    _draw_net(net, places, limits)
    _draw_latency(latency, places, limits)
    _draw_ladder(ladder, places)
    for axes in (net, latency, ladder):
        _frame(axes, places, width_of(standing, places))
    for band in phase_bands(places):
        net.text(band.first, 1.02, band.label, transform=net.get_xaxis_transform(), fontsize="small", color=_FAINT)
    _date(ladder, standing, width_of(standing, places))
    figure.align_ylabels()
    figure.suptitle(
        f"Soak {standing.soak}, {standing.region}: {standing.phase.value}", x=0.02, ha="left", weight="bold"
    )
    return _png_of(figure)


def _png_of(figure: Figure) -> bytes:
    pixels, png = BytesIO(), BytesIO()
    figure.savefig(pixels, format="rgba")
    picture = Image.frombytes("RGBA", figure.canvas.get_width_height(), pixels.getvalue()).convert("RGB")
    few = picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(png, "PNG")
    return png.getvalue()


def _draw_net(axes: Axes, places: Sequence[Place], limits: Thresholds) -> None:
    values = [place.point.net_bps for place in places]
    _line(axes, places, values, _NET, "net")
    _limit(axes, limits.net_bps_warn, f"warns below {limits.net_bps_warn:g}", "--")
    _limit(axes, limits.net_bps_fail, f"fails below {limits.net_bps_fail:g}", "-")
    _mark(
        axes,
        places,
        [value if value is not None and value < limits.net_bps_warn else None for value in values],
        _POOR,
    )
    _mark(
        axes, places, [value if value is not None and value < limits.net_bps_fail else None for value in values], _BAD
    )
    known = [value for value in values if value is not None]
    lowest, highest = min([limits.net_bps_fail, *known]), max([limits.net_bps_warn + 0.5, *known])
    axes.set_ylim(lowest - 0.35 * (highest - lowest), highest + 0.1 * (highest - lowest))  # room for the legend
    axes.set_ylabel("net, bps")
    axes.legend(loc="lower left", ncols=3, frameon=False, fontsize="small")


def _draw_latency(axes: Axes, places: Sequence[Place], limits: Thresholds) -> None:
    values = [place.point.p95_ms for place in places]
    longest = [place.point.p99_ms for place in places]
    _line(axes, places, longest, _P99, "p99")
    _line(axes, places, values, _P95, "p95")
    _limit(axes, limits.p95_ms_max, f"p95 fails above {limits.p95_ms_max:g}", "-")
    past = [value if value is not None and value > limits.p95_ms_max else None for value in values]
    _mark(axes, places, past, _BAD)
    axes.set_ylim(0, 1.35 * max([limits.p95_ms_max, *(value for value in longest if value is not None)]))
    axes.set_ylabel("latency, ms")
    axes.legend(loc="upper left", ncols=3, frameon=False, fontsize="small")


def _draw_ladder(axes: Axes, places: Sequence[Place]) -> None:
    edges = [place.at for place in places] + [place.at + 1 for place in places[-1:]]
    steps = [step_of(place.point.rung) for place in places]
    steps += steps[-1:]  # the last slot is as wide as the others
    axes.fill_between(edges, steps, step="post", color=_BAD, alpha=0.18, linewidth=0)
    axes.step(edges, steps, where="post", color=_BAD, linewidth=1.5)
    axes.set_ylim(-0.3, len(LADDER) + 1.2)
    axes.set_yticks(range(len(LADDER) + 1), _RUNGS)
    axes.set_ylabel("ladder")
    gap = Patch(facecolor="none", edgecolor=_FAINT, hatch="////", linewidth=0, label="gap: nobody judged")
    axes.legend(handles=[gap], loc="upper left", frameon=False, fontsize="small")


def _line(axes: Axes, places: Sequence[Place], values: Sequence[float | None], colour: str, label: str) -> None:
    """A line that breaks where a slot has no number."""
    numbers = [float("nan") if value is None else value for value in values]
    axes.plot([place.at for place in places], numbers, color=colour, linewidth=1.4, label=label)


def _limit(axes: Axes, value: float, label: str, style: str) -> None:
    axes.axhline(value, color=_LIMIT, linestyle=style, linewidth=1.2, label=label)


def _mark(axes: Axes, places: Sequence[Place], values: Sequence[float | None], colour: str) -> None:
    past = [(place.at, value) for place, value in zip(places, values, strict=True) if value is not None]
    axes.plot(*([pair[axis] for pair in past] for axis in (0, 1)), "o", color=colour, markersize=4)


def _frame(axes: Axes, places: Sequence[Place], width: int) -> None:
    for band in phase_bands(places):
        axes.axvspan(band.first, band.last + 1, color=_BANDS[band.label], linewidth=0, zorder=0)
    for gap in gap_bands(places):
        axes.axvspan(gap.first, gap.last + 1, facecolor="none", edgecolor=_FAINT, hatch="////", linewidth=0, zorder=1)
    axes.set_xlim(0, width)
    axes.grid(axis="y", color=_GRID)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(length=0)


def _date(axes: Axes, standing: Standing, width: int) -> None:
    """Dates where a slot is an hour and there is more than a day, else the number of the slot."""
    first, every = first_slot(standing), timedelta(seconds=standing.every_s)
    if every == timedelta(hours=1) and width > _DAY:
        days = -(-width // _DAY)
        dated = range(0, width, _DAY * max(1, -(-days // _MOST_DATES)))
        axes.set_xticks(list(dated), [f"{first + every * at:%m-%d}" for at in dated])
    unit = "hours" if every == timedelta(hours=1) else f"slots of {standing.every_s:g} s"
    axes.set_xlabel(f"{unit} since {first:%Y-%m-%d %H:%M} UTC", fontsize="small", color=_FAINT)
