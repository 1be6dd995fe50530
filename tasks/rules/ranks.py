"""Nearest-rank percentiles: always a value that occurred, at rank ceil(p n / 100)."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of 100 of the values do not exceed; ValueError without values."""
    if not values:
        raise ValueError("no values have no percentile")
    return sorted(values)[max(1, -(-percent * len(values) // 100)) - 1]


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)
