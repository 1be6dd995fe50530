"""Is the week good enough? (Runbook 004, Release bundle: the file that ready-gate and every soak tick read.)

Median edge at least 2.5 bps, order age at most 350 ms, taker share at most 15 percent: else FAIL. A worse trend or a
missing day is a WARN. The readiness is the score's, in percent; neither input may be missing, wrong or old.
"""

from collections.abc import Mapping
from typing import cast

from tasks.rules.acceptance import Reading, age_problems
from tasks.rules.artifacts import Json
from tasks.rules.contracts.validation import KPI_GATE
from tasks.rules.freshness import WEEKLY_MAX_AGE_S
from tasks.rules.outcome import Outcome, Status
from tasks.rules.weekly import DAYS, EDGE_LEAST_BPS, LATENCY_MOST_MS, TAKER_MOST_PCT

ROLLUP, SCORE = "WEEKLY_ROLLUP.json", "READINESS_SCORE.json"
_HARD = {"EDGE", "LAT", "TAKER"}
_WORD = {True: "OK", False: "FAIL"}
_STATUS = {"PASS": Status.OK, "WARN": Status.PARTIAL, "FAIL": Status.FAIL}


def refused_inputs(readings: Mapping[str, Reading], now: int, max_age_s: int) -> tuple[str, ...]:
    """Every input that cannot be used, as file:reason. The rollup may be eight days old, it is made weekly."""
    limits = {ROLLUP: max(max_age_s, WEEKLY_MAX_AGE_S), SCORE: max_age_s}
    return tuple(
        f"{name}:{problem}"
        for name, reading in readings.items()
        for problem in (reading.problems or age_problems(reading.document or {}, now, limits[name]))
    )


def gate_of(rollup: Reading, score: Reading) -> dict[str, Json]:
    """KPI_GATE.json from two sound inputs."""
    week = cast("Mapping[str, Mapping[str, float]]", rollup.document)
    days = cast("Mapping[str, float]", rollup.document).get("days")
    trend_ok = week["regress_guard"]["trend_ok"]
    checks = {
        "EDGE": _check("edge_net_bps_median", week["edge_net_bps"]["median"], ">=", EDGE_LEAST_BPS),
        "LAT": _check("order_age_p95_ms_median", week["order_age_p95_ms"]["median"], "<=", LATENCY_MOST_MS),
        "TAKER": _check("taker_share_pct_median", week["taker_share_pct"]["median"], "<=", TAKER_MOST_PCT),
        "TREND": _check("trend_ok", trend_ok, "==", limit=True),
    }
    if days is not None:
        checks["DAYS"] = _check("days", days, "==", DAYS)
    reasons = [reason for reason, check in checks.items() if not check["ok"]]
    return {
        "checks": list(checks.values()),
        "reasons": reasons,
        "verdict": "FAIL" if _HARD & set(reasons) else "WARN" if reasons else "PASS",
        "readiness": cast("Mapping[str, float]", score.document)["score"],
        "scale": "percent",
    }


def _check(name: str, value: float, op: str, limit: float) -> dict[str, Json]:
    ok = value >= limit if op == ">=" else value <= limit if op == "<=" else value == limit
    return {"name": name, "value": value, "limit": limit, "op": op, "ok": ok}


def gate_said(gate: Mapping[str, Json]) -> Outcome:
    reasons = cast("list[str]", gate["reasons"])
    return KPI_GATE.says(
        _STATUS[str(gate["verdict"])],
        "limits_broken" if _HARD & set(reasons) else "week_not_whole_or_worse" if reasons else None,
        reasons=tuple(reasons) or None,
        readiness=cast("float", gate["readiness"]),
    )


def inputs_said(refused: tuple[str, ...]) -> Outcome:
    return KPI_GATE.says(Status.FAIL, "inputs_refused", refused=refused)


def gate_page(gate: Mapping[str, Json]) -> list[str]:
    """KPI_GATE.md."""
    checks = cast("list[Mapping[str, Json]]", gate["checks"])
    rows = [
        f"| {one['name']} | {_shown(one['value'])} | {one['op']} {_shown(one['limit'])} | {_WORD[bool(one['ok'])]} |"
        for one in checks
    ]
    head = ["KPI GATE", "", "| check | value | limit | status |", "|---|---|---|---|"]
    return [*head, *rows, "", f"readiness: {_shown(gate['readiness'])}", f"KPI_GATE={gate['verdict']}"]


def _shown(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{cast('float', value):.6f}"
