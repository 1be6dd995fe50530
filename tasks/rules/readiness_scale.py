"""The readiness of a KPI, in percent: one rule for the gate, the soak's ticks and the daily check.

`scale` says the unit: `percent` (0 to 100, also where nothing is said) or `ratio` (0 to 1). A number is never guessed
to be the other: 1 without a scale is one percent, so that a producer that broke opens no gate.
"""

import math
from collections.abc import Mapping
from enum import StrEnum

from tasks.rules.artifacts import Json

_TIMES = {"percent": 1, "ratio": 100}


class Wrong(StrEnum):
    """What may be wrong with a readiness."""

    SCALE = "scale"
    MISSING = "missing"
    TYPE = "type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"


def readiness_in(document: Mapping[str, Json]) -> tuple[float | None, Wrong | None]:
    """The readiness in percent, and what is wrong with it; one that is out of range is told all the same."""
    value, times = document.get("readiness"), _TIMES.get(str(document.get("scale", "percent")))
    if times is None:
        return None, Wrong.SCALE
    if value is None:
        return None, Wrong.MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, Wrong.TYPE
    if isinstance(value, float) and not math.isfinite(value):
        return None, Wrong.NOT_FINITE
    percent = value * times
    return percent, None if 0 <= percent <= 100 else Wrong.OUT_OF_RANGE
