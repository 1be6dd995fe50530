"""What the two input files of a tick must hold, and how their numbers become facts with one unit each.

A file that is absent, stale, no JSON of the right type, or that holds NaN, an impossible value or no value where one
is needed counts as missing: no data is never green (runbook 004, "Soak orchestration").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.readiness_scale import Wrong, readiness_in
from tasks.rules.soak import Facts

KPI_GATE = "KPI_GATE.json"
EDGE_REPORT = "EDGE_REPORT.json"
MAX_AGE_S = 86_400
MOST_AHEAD_S = 300  # clocks of two machines differ by less
_READINESS_WORDS = {
    Wrong.SCALE: "wrong_type",
    Wrong.MISSING: "no_readiness",
    Wrong.TYPE: "wrong_type",
    Wrong.NOT_FINITE: "not_finite",
    Wrong.OUT_OF_RANGE: "out_of_range",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One file as it was found: its content (None if it could not be read as JSON) and its age in seconds."""

    document: Json = None
    age_s: float | None = None
    problem: str | None = None
    sha256: str | None = None


def sources_of(found: Mapping[str, Input]) -> dict[str, Json]:
    """For each file that was read how old it was and which one it was, for the tick's line."""
    return {
        name: {"age_s": one.age_s, "sha256": one.sha256}
        for name, one in sorted(found.items())
        if one.sha256 is not None
    }


class Unusable(ValueError):
    """Why a file cannot be used: one word."""


def facts_of(kpi: Input, edge: Input, max_age_s: float = MAX_AGE_S) -> tuple[Facts, dict[str, str]]:
    """The facts of a tick, and for each file that counts as missing the word that says why."""
    problems: dict[str, str] = {}
    values: dict[str, float | None] = {}
    for name, found, read in ((KPI_GATE, kpi, _from_kpi), (EDGE_REPORT, edge, _from_edge)):
        try:
            values |= read(usable(found, max_age_s))
        except Unusable as why:
            problems[name] = str(why)
    return Facts(**values, missing=tuple(problems)), problems


def usable(found: Input, max_age_s: float) -> Mapping[str, Json]:
    """The document of a file that is there, young and of the right type; else `Unusable`."""
    if found.problem:
        raise Unusable(found.problem)
    if not isinstance(found.document, Mapping):
        raise Unusable("wrong_type")
    if found.age_s is None or found.age_s > max_age_s:
        raise Unusable("stale")
    if found.age_s < -MOST_AHEAD_S:
        raise Unusable("from_the_future")
    return found.document


def _from_kpi(kpi: Mapping[str, Json]) -> dict[str, float | None]:
    return {"readiness_pct": readiness_pct(kpi)}


def _from_edge(edge: Mapping[str, Json]) -> dict[str, float | None]:
    made = fills(edge)
    if made == 0:
        return {"fills": made}
    return {
        "fills": made,
        "p95_ms": latency_ms(edge, "p95"),
        "net_bps": net_bps(edge),
        "taker_ratio": taker_ratio(edge),
        "p99_ms": latency_ms(edge, "p99"),
    }


def readiness_pct(kpi: Mapping[str, Json]) -> float:
    """In the unit that `scale` names, percent without it: the same rule as the gate's."""
    percent, wrong = readiness_in(kpi)
    if wrong or percent is None:
        raise Unusable(_READINESS_WORDS[wrong or Wrong.MISSING])
    return float(percent)


def fills(edge: Mapping[str, Json]) -> float | None:
    """How many fills the report is about, where it says so; 0 is no traffic, and then no other number counts."""
    total = _total(edge)
    return number(total, "fills", 0, math.inf) if "fills" in total else None


def net_bps(edge: Mapping[str, Json]) -> float:
    return number(_total(edge), "net_bps", -math.inf, math.inf)


def latency_ms(edge: Mapping[str, Json], percentile: str) -> float:
    """`p95` or `p99`; the latency at the root is never hidden by a total."""
    latency = edge.get("latency", _total(edge).get("latency"))
    if not isinstance(latency, Mapping):
        raise Unusable("no_latency")
    in_ms = f"{percentile}_ms"
    return number(latency, in_ms if in_ms in latency else percentile, 0, math.inf)


def taker_ratio(edge: Mapping[str, Json]) -> float:
    """A ratio of 0..1; a percentage is divided, and two values that contradict each other are no value."""
    total = _total(edge)
    source = total if _has_taker(total) else edge
    if "taker_share_pct" not in source:
        return number(source, "taker_ratio", 0, 1)
    from_share = number(source, "taker_share_pct", 0, 100) / 100
    if "taker_ratio" in source and not math.isclose(number(source, "taker_ratio", 0, 1), from_share, abs_tol=1e-6):
        raise Unusable("contradicts_itself")
    return from_share


def _total(edge: Mapping[str, Json]) -> Mapping[str, Json]:
    """Net and taker stand in `total` where there is one, else at the root."""
    total = edge.get("total", edge)
    if not isinstance(total, Mapping):
        raise Unusable("wrong_type")
    return total


def _has_taker(source: Mapping[str, Json]) -> bool:
    return "taker_ratio" in source or "taker_share_pct" in source


def number(source: Mapping[str, Json], name: str, least: float, most: float) -> float:
    value = source.get(name)
    if value is None:
        raise Unusable(f"no_{name}")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unusable("wrong_type")
    try:
        number = float(value)
    except OverflowError:
        raise Unusable("not_finite") from None
    if not math.isfinite(number):
        raise Unusable("not_finite")
    if not least <= number <= most:
        raise Unusable("out_of_range")
    return number
