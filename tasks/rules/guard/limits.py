"""The risk limits that a runtime runs with, as its answers hold them. Pure (runbook 002, Live Guard & Confirm).

Limits that are switched on and hold no amount limit nothing: unset caps stay unlimited there. How deep an amount
lies, and under which name, is the runtime's own matter; what was used of a limit, and for how long it cools off,
limits nothing.
"""

import math
import re
from collections.abc import Iterator, Mapping

_NO_AMOUNT = re.compile(r"used|remaining|recent|reject|cooloff|ttl|_sec$|_s$|_count$")


def caps_in(limits: object) -> dict[str, float]:
    """Every amount above zero by the path it lies at, as `venue.okx` or `daily_loss`."""
    return dict(sorted(_amounts("", limits)))


def _amounts(at: str, value: object) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not _NO_AMOUNT.search(str(name).lower()):
                yield from _amounts(f"{at}.{name}" if at else str(name), inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        yield at, float(value)
