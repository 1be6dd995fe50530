"""The risk limits that a runtime runs with, by the names they have in its answers. Pure (spec 002, 3 and 7.2).

Limits that are switched on and hold no amount limit nothing: unset caps stay unlimited there. What was used of a
limit, and for how long it cools off, limits nothing either.
"""

import math
from collections.abc import Iterator, Mapping

CAPS = ("max_notional_per_venue", "max_notional_per_symbol", "daily_loss_limit")
"""Where `config.risk_limits` of status/full holds amounts: two by venue or symbol, one for the day."""


def caps_in(limits: object) -> dict[str, float]:
    """Every amount above zero, as `max_notional_per_venue.okx` or `daily_loss_limit`."""
    if not isinstance(limits, Mapping):
        return {}
    return dict(sorted(pair for name in CAPS for pair in _amounts(name, limits.get(name))))


def _amounts(name: str, value: object) -> Iterator[tuple[str, float]]:
    rows = [(f"{name}.{key}", one) for key, one in value.items()] if isinstance(value, Mapping) else [(name, value)]
    for at, amount in rows:
        if isinstance(amount, (int, float)) and not isinstance(amount, bool) and 0 < amount < math.inf:
            yield at, float(amount)
