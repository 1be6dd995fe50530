"""Is it slower than last time? Pure; a difference inside the noise band is none.

Two runs are compared only if they asked for the same: same targets, totals, rates and connections.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.rules.artifacts import Json
from tasks.rules.load.figures import PERCENTS, Figures

FLOOR_MS = 5.0  # below this a difference says more about the machine than about the service


@dataclass(frozen=True, slots=True)
class Before:
    """What an accepted run of the same configuration was like: percentiles in ms, by phase."""

    at: datetime
    file: str
    percentiles: Mapping[str, Mapping[str, float]]


def percentiles_to_keep(figures: Sequence[Figures]) -> dict[str, dict[str, float]]:
    return {
        one.name: {f"p{percent}": value for percent in PERCENTS if (value := one.latency.at(percent)) is not None}
        for one in figures
    }


def slower(figures: Figures, before: Before | None, noise_percent: float) -> tuple[str, ...]:
    """The percentiles that are above those of before by more than the band and the floor."""
    if before is None:
        return ()
    then = before.percentiles.get(figures.name, {})
    now = {f"p{percent}": figures.latency.at(percent) for percent in PERCENTS}
    return tuple(name for name, was in then.items() if _is_slower(now.get(name), was, noise_percent))


def _is_slower(now: float | None, was: float, noise_percent: float) -> bool:
    return now is not None and now > was * (1 + noise_percent / 100) and now - was > FLOOR_MS


def key_of(config: Mapping[str, Json]) -> str:
    """The same for two configurations that ask for the same load of the same targets."""
    text = json.dumps(config, sort_keys=True, allow_nan=False, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
