"""Seven days of soak reports in one (runbook 004).

The week ends with the newest report, which is of today or yesterday; a day without a sound report is a missing day,
and a week with a missing day is never GO. The trend compares medians with the seven days before, from their own
reports: without any of those there is no trend to be worse than.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from tasks.rules.acceptance import Reading
from tasks.rules.artifacts import Json
from tasks.rules.ranks import median, percentile

DAYS = 7
EDGE_LEAST_BPS, LATENCY_MOST_MS, TAKER_MOST_PCT = 2.5, 350.0, 15.0
_WORSE = 0.1
_LARGEST = 1e15
_SUMMED = ("fees", "rebates")


@dataclass(frozen=True, slots=True)
class Day:
    """The numbers of one soak report; `clean` if its regression guard was quiet, None where it tells nothing."""

    on: date
    edge_net_bps: float
    order_age_p95_ms: float
    taker_share_pct: float
    clean: bool
    chaos: str | None
    tests: str | None


@dataclass(frozen=True, slots=True)
class Week:
    """Up to seven days to `last`; `invalid` names the days whose report is not what it must be."""

    days: tuple[Day, ...]
    last: date
    invalid: tuple[str, ...]
    before: tuple[Day, ...]

    @property
    def first(self) -> date:
        return self.last - timedelta(days=DAYS - 1)

    def values(self, of: Callable[[Day], float]) -> list[float]:
        return [of(day) for day in self.days]


def week_of(reports: Mapping[date, Reading], today: date) -> Week | str:
    """The week that ends with the newest report, or why there is none."""
    last = max((day for day in reports if day <= today), default=None)
    if last is None:
        return "no_reports"
    if last < today - timedelta(days=1):
        return "reports_stale"
    span = [last - timedelta(days=back) for back in reversed(range(2 * DAYS))]
    sound = {day: _day(day, reports[day]) for day in span if day in reports and not reports[day].problems}
    days = tuple(sound[day] for day in span[DAYS:] if day in sound)
    if not days:
        return "no_reports"
    invalid = tuple(day.isoformat() for day in span[DAYS:] if day in reports and day not in sound)
    return Week(days, last, invalid, tuple(sound[day] for day in span[:DAYS] if day in sound))


def days_before(reports: Mapping[date, Reading], today: date) -> tuple[Day, ...]:
    """The sound reports of the seven days before today."""
    span = [today - timedelta(days=back) for back in reversed(range(1, DAYS + 1))]
    return tuple(_day(day, reports[day]) for day in span if day in reports and not reports[day].problems)


def _day(on: date, reading: Reading) -> Day:
    report = cast("Mapping[str, float]", reading.document)
    said = cast("Mapping[str, str | None]", reading.document)
    guard = cast("Mapping[str, Mapping[str, str] | None]", reading.document).get("reg_guard")
    return Day(
        on,
        report["edge_net_bps"],
        report["order_age_p95_ms"],
        report["taker_share_pct"],
        clean=guard is not None and guard.get("reason") in ("NONE", "none", ""),
        chaos=said.get("chaos_result"),
        tests=said.get("bug_bash"),
    )


def edge_of(day: Day) -> float:
    return day.edge_net_bps


def age_of(day: Day) -> float:
    return day.order_age_p95_ms


def taker_of(day: Day) -> float:
    return day.taker_share_pct


def rollup_of(week: Week, ledger: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """WEEKLY_ROLLUP.json of the week."""
    edge, age, taker = week.values(edge_of), week.values(age_of), week.values(taker_of)
    trends = {of: _trend(week, of) for of in (edge_of, age_of, taker_of)}
    guard = {
        "edge_ok": median(edge) >= EDGE_LEAST_BPS,
        "latency_ok": min(median(age), percentile(age, 90)) <= LATENCY_MOST_MS,
        "taker_ok": median(taker) <= TAKER_MOST_PCT,
        "trend_ok": not any(_is_worse(week, of) for of in (edge_of, age_of, taker_of)),
    }
    return {
        "edge_net_bps": {
            "median": median(edge),
            "p25": percentile(edge, 25),
            "p75": percentile(edge, 75),
            "trend_vs_prev_week_bps": trends[edge_of],
        },
        "order_age_p95_ms": _upper(age, "ms", trends[age_of]),
        "taker_share_pct": _upper(taker, "pct", trends[taker_of]),
        "ledger": ledger_sums(ledger, week.first, week.last),
        "period": {"from": week.first.isoformat(), "to": week.last.isoformat()},
        "days": len(week.days),
        "regress_guard": guard,
        "verdict": _verdict(guard, whole=len(week.days) == DAYS),
    }


def _upper(values: Sequence[float], unit: str, trend: float | None) -> dict[str, Json]:
    return {"median": median(values), "p90": percentile(values, 90), f"trend_vs_prev_week_{unit}": trend}


def _verdict(guard: Mapping[str, bool], *, whole: bool) -> str:
    if not (guard["edge_ok"] and guard["latency_ok"] and guard["taker_ok"]):
        return "NO-GO"
    return "GO" if guard["trend_ok"] and whole else "WARN"


def _trend(week: Week, of: Callable[[Day], float]) -> float | None:
    if not week.before:
        return None
    return round(median(week.values(of)) - median([of(day) for day in week.before]), 6)


def _is_worse(week: Week, of: Callable[[Day], float]) -> bool:
    """More than a tenth worse than the week before: less edge, or more of the others."""
    if not week.before:
        return False
    now, then = median(week.values(of)), median([of(day) for day in week.before])
    allowed = abs(then) * _WORSE
    return now < then - allowed if of is edge_of else now > then + allowed


def ledger_of(document: Json) -> list[Mapping[str, Json]]:
    """The rows of LEDGER_DAILY.json; an empty object is an empty ledger; ValueError for anything else."""
    if document in ({}, None):
        return []
    if not isinstance(document, list) or not all(isinstance(row, Mapping) for row in document):
        raise ValueError("a ledger is a list of rows")
    for row in document:
        date.fromisoformat(str(row.get("date")))
        for name in ("equity", *_SUMMED):
            value = row.get(name)
            if type(value) not in (int, float) or not abs(cast("float", value)) <= _LARGEST:
                raise ValueError(f"{name} is a number")
    return sorted(document, key=lambda row: str(row["date"]))


def ledger_sums(rows: Sequence[Mapping[str, Json]], first: date, last: date) -> dict[str, Json]:
    """What changed over the period, in EUR; null where no row is of the period."""
    inside = [row for row in rows if first.isoformat() <= str(row["date"]) <= last.isoformat()]
    numbers = cast("list[Mapping[str, float]]", inside)
    if not numbers:
        return {"equity_change_eur": None, "fees_eur": None, "rebates_eur": None}
    sums: dict[str, Json] = {f"{name}_eur": round(sum(row[name] for row in numbers), 6) for name in _SUMMED}
    return {"equity_change_eur": round(numbers[-1]["equity"] - numbers[0]["equity"], 6), **sums}


def rollup_page(week: Week, rollup: Mapping[str, Json]) -> list[str]:
    """WEEKLY_ROLLUP.md: a row for each day, the median last."""
    rows = [("MEDIAN", *(median(week.values(of)) for of in (edge_of, age_of, taker_of)))]
    rows = [(day.on.isoformat(), edge_of(day), age_of(day), taker_of(day)) for day in week.days] + rows
    table = [f"| {name} | {edge:.6f} | {age:.6f} | {taker:.6f} |" for name, edge, age, taker in rows]
    head = ["WEEKLY ROLLUP", "", "| day | edge_net_bps | order_age_p95_ms | taker_share_pct |", "|---|---|---|---|"]
    return [*head, *table, "", f"WEEKLY_ROLLUP={rollup['verdict']}"]
