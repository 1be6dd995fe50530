"""Is it slower than last time? Pure; a difference inside the noise band is none.

Two runs are compared only if they asked for the same: same targets, totals, rates and connections.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.rules.artifacts import Json
from tasks.rules.load.figures import Figures

FLOOR_MS = 10.0  # below this a difference says more about the machine than about the service


@dataclass(frozen=True, slots=True)
class Before:
    """What an accepted run of the same configuration was like: in ms, by phase, how high each percentile may be."""

    at: datetime
    file: str
    percentiles: Mapping[str, Mapping[str, float]]


def percentiles_to_keep(figures: Sequence[Figures]) -> dict[str, dict[str, float]]:
    """The upper bound of each percentile that is known."""
    return {one.name: {f"p{percent}": high for percent, (_, high) in one.latency.bounds.items()} for one in figures}


def slower(figures: Figures, before: Before | None, noise_percent: float) -> tuple[str, ...]:
    """The percentiles whose lower bound is above the upper bound of before by more than the band and the floor.

    The bounds are what keeps few samples from crying: p95 of a hundred is one of the five slowest.
    """
    then = before.percentiles.get(figures.name, {}) if before else {}
    now = {f"p{percent}": low for percent, (low, _) in figures.latency.bounds.items()}
    return tuple(name for name, was in then.items() if name in now and _is_slower(now[name], was, noise_percent))


def _is_slower(now: float, was: float, noise_percent: float) -> bool:
    return now > was * (1 + noise_percent / 100) and now - was > FLOOR_MS


def key_of(config: Mapping[str, Json]) -> str:
    """The same for two configurations that ask for the same load of the same targets."""
    text = json.dumps(config, sort_keys=True, allow_nan=False, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
