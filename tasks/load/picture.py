"""The latencies of a load validation as a picture: each phase's curve over its percentiles, and the limits."""

from collections.abc import Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tasks.rules.load.measured import Measured
from tasks.rules.load.verdict import Limits

_COLOURS = ("#1b7f4b", "#2b6cb0", "#b7791f", "#6b4f9e", "#b3261e", "#59636e")
_MOST = 2000  # points of a curve's body, and as many of its tail
_LIMIT, _GRID = "#b3261e", "#e6eaee"
_MARKS = {1.0: "0", 2.0: "p50", 10.0: "p90", 20.0: "p95", 100.0: "p99", 1000.0: "p99.9", 10000.0: "p99.99"}


def draw_latencies(measured: Sequence[Measured], limits: Limits) -> bytes:
    """A curve a phase, from its quickest answer to its slowest; the same numbers give the same bytes.

    The axis of the percentiles stretches towards the tail, so that a stall is seen and not averaged away.
    """
    figure = Figure(figsize=(7, 4.8), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    longest = max([10, *(len(one.latencies) for one in measured)])
    for one, colour in zip(measured, _COLOURS, strict=False):
        _draw_phase(axes, one, colour)
    axes.plot([20, 100], [limits.p95_ms_max, limits.p99_ms_max], "v", color=_LIMIT, markersize=7, label="limit")
    axes.set_xscale("log")
    axes.set_yscale("log")
    shown = [mark for mark in _MARKS if mark <= longest * 1.5]
    axes.set_xticks(shown, [_MARKS[mark] for mark in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlim(1, max(longest, 120) * 1.1)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("ms since due")
    axes.grid(axis="y", color=_GRID)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("Latency by percentile", loc="left", fontweight="bold")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_phase(axes: Axes, measured: Measured, colour: str) -> None:
    """Rank k of n stands at n / (n - k + 1): 1 for the first, n for the last."""
    ordered = sorted(measured.latencies)
    count = len(ordered)
    failures = measured.attempts - count
    ranks = (
        range(count) if count <= _MOST else sorted({*range(0, count, count // _MOST), *range(count - _MOST, count)})
    )
    places = [count / (count - rank) for rank in ranks]
    times = [ordered[rank] / 1e6 for rank in ranks]
    label = f"{measured.name}: {count} good, {failures} failed"
    axes.plot(places, times, color=colour, linewidth=1.8, drawstyle="steps-pre", label=label)
