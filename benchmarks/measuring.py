"""Interleaved timing and one way to print it."""

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each side, one after the other in every round, each round begun by another, so noise meets all."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides.items())
    for turn in range(rounds):
        first = turn % len(order)
        for name, run in order[first:] + order[:first]:
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def report(title: str, ours: str, seconds: Mapping[str, list[float]]) -> None:
    """A row a peer: our median, its median, and how many times our time it takes (above 1: we are ahead)."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{title} ({len(seconds[ours])} rounds, medians)")
    for name, median in medians.items():
        ratio = "" if name == ours else f"{median / medians[ours]:8.2f} x ours"
        print(f"  {name:<44} {median:9.4f} s {ratio}")
