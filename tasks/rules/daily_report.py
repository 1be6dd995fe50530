"""One day in one file, REPORT_SOAK_<YYYYMMDD>.json (runbook 004).

OK: edge at least 2.5 bps, order age at most 350 ms, taker share at most 15 percent; WARN: a tenth beyond. A day that
is more than a tenth worse than the median of its seven days before is a regression, and a regression is FAIL.
Tests and chaos drills are OK only if the day's validation ran some and all of them were good.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from tasks.rules.acceptance import Reading, problems_of
from tasks.rules.artifacts import Json
from tasks.rules.contracts.validation import DAILY_REPORT
from tasks.rules.outcome import Outcome, Status
from tasks.rules.ranks import median
from tasks.rules.weekly import EDGE_LEAST_BPS, LATENCY_MOST_MS, TAKER_MOST_PCT, Day, age_of, edge_of, taker_of

EDGE, VALIDATION = "EDGE_REPORT.json", "FULL_STACK_VALIDATION.json"
QUIET = "NONE"
_TENTH = 0.1


@dataclass(frozen=True, slots=True)
class Measures:
    """The day's three numbers in the units of the report."""

    edge_net_bps: float
    order_age_p95_ms: float
    taker_share_pct: float


def measures_of(edge: Reading) -> Measures:
    """From a sound EDGE_REPORT.json with trades."""
    report = cast("Mapping[str, float]", edge.document)
    latency = cast("Mapping[str, Mapping[str, float]]", edge.document)["latency"]
    return Measures(report["net_bps"], latency["p95"], round(report["taker_ratio"] * 100, 6))


def regressions(day: Measures, before: Sequence[Day]) -> list[str]:
    """Every measure that is more than a tenth worse than the median before; none without days before."""
    if not before:
        return []
    edge, age, taker = (median([of(one) for one in before]) for of in (edge_of, age_of, taker_of))
    found = {
        "EDGE_REG": day.edge_net_bps < edge - abs(edge) * _TENTH,
        "LAT_REG": day.order_age_p95_ms > age * (1 + _TENTH),
        "TAKER_REG": day.taker_share_pct > taker * (1 + _TENTH),
    }
    return [name for name, worse in found.items() if worse]


def verdict_of(day: Measures, worse: Sequence[str]) -> str:
    if worse:
        return "FAIL"
    for verdict, slack in (("OK", 0.0), ("WARN", _TENTH)):
        if (
            day.edge_net_bps >= EDGE_LEAST_BPS * (1 - slack)
            and day.order_age_p95_ms <= LATENCY_MOST_MS * (1 + slack)
            and day.taker_share_pct <= TAKER_MOST_PCT * (1 + slack)
        ):
            return verdict
    return "FAIL"


def report_of_day(day: Measures, before: Sequence[Day], validation: Reading | None) -> dict[str, Json]:
    """The document; `validation` is None if there is none of that day."""
    worse = regressions(day, before)
    medians = {name: median([of(one) for one in before]) for name, of in _MEDIANS.items()} if before else None
    sections = cast("Mapping[str, list[Mapping[str, Json]]]", validation.document) if validation else {}
    ran = sections.get("sections") or []
    return {
        "edge_net_bps": day.edge_net_bps,
        "order_age_p95_ms": day.order_age_p95_ms,
        "taker_share_pct": day.taker_share_pct,
        "reg_guard": {"reason": worse[0] if worse else QUIET, "reasons": worse, "baseline": medians},
        "bug_bash": _word(ran, "tests"),
        "chaos_result": _word(ran, "chaos"),
        "verdict": verdict_of(day, worse),
    }


_MEDIANS = {"edge_med": edge_of, "p95_med": age_of, "taker_med": taker_of}


def _word(sections: Iterable[Mapping[str, Json]], beginning: str) -> str | None:
    """OK if all the sections of that kind were; None if there was none."""
    results = [one["ok"] is True for one in sections if str(one["name"]).startswith(beginning)]
    return ("OK" if all(results) else "FAIL") if results else None


def refusal(edge: Reading, now: int, max_age_s: int) -> Outcome | None:
    """Why there is no report: without trades no data, with a wrong or old input a failure."""
    problems = edge.problems or problems_of(edge, now, max_age_s)
    if not problems:
        return None
    if problems == ("no_data",):
        return DAILY_REPORT.says(Status.INSUFFICIENT_DATA, "no_trades")
    return DAILY_REPORT.says(Status.FAIL, "inputs_refused", refused=tuple(f"{EDGE}:{one}" for one in problems))


def report_said(report: Mapping[str, Json], refused: Sequence[str]) -> Outcome:
    """`refused` names what spoke against the validation, so that nobody wonders about the missing points."""
    guard = cast("Mapping[str, list[str]]", report["reg_guard"])
    return DAILY_REPORT.says(
        Status.OK,
        verdict=str(report["verdict"]),
        regressions=tuple(guard["reasons"]) or None,
        tests=str(report["bug_bash"] or "unknown"),
        chaos=str(report["chaos_result"] or "unknown"),
        refused=tuple(f"{VALIDATION}:{one}" for one in refused) or None,
    )


def report_page(report: Mapping[str, Json], day: str) -> list[str]:
    """REPORT_SOAK_<YYYYMMDD>.md."""
    names = ("edge_net_bps", "order_age_p95_ms", "taker_share_pct")
    values = " | ".join(f"{cast('float', report[name]):.6f}" for name in names)
    guard = cast("Mapping[str, str]", report["reg_guard"])["reason"]
    head = [f"REPORT SOAK {day}", "", f"| {' | '.join(names)} |", "|---" * len(names) + "|", f"| {values} |"]
    return [*head, "", f"Regression Guard: {guard}", f"VERDICT={report['verdict']}"]
