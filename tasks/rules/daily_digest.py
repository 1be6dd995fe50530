"""The day on one page: light, numbers, trend, guards, advice and the soak (runbook 004, Daily routine step 3).

What is missing is named and never green: without the day's report or numbers the light is NODATA. Texts of others are
shown as one ASCII line each, and one that looks like a secret is withheld.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from tasks.rules.artifacts import Json
from tasks.rules.daily_report import Measures, verdict_of
from tasks.rules.outcome import Status
from tasks.rules.redaction import looks_secret
from tasks.rules.soak import Verdict
from tasks.rules.soak_inputs import EDGE_REPORT, Input, Unusable, latency_ms, net_bps, number, taker_ratio, usable
from tasks.rules.soak_record import GAP
from tasks.rules.soak_tally import TORN, UNPROVEN, WHOLE, Tally
from tasks.rules.soak_window import Window, judge_window

SENTINEL, DRIFT, REGRESSION = "EDGE_SENTINEL.json", "DRIFT_STOP.json", "REG_GUARD_STOP.json"
FILES = (EDGE_REPORT, SENTINEL, DRIFT, REGRESSION)
MOST_ADVICE, LONGEST_TEXT = 3, 200
_REPORT = re.compile(r"REPORT_SOAK_(\d{8})\.json")
_LIGHTS = {
    Status.OK: "OK",
    Status.PARTIAL: "WARN",
    Status.UNHEALTHY: "FAIL",
    Status.INSUFFICIENT_DATA: "NODATA",
}
_SAID = {"OK": Status.OK, "WARN": Status.PARTIAL}
Numbers = Mapping[str, float | None]
_OF_REPORT = ("edge_net_bps", "order_age_p95_ms", "taker_share_pct")
_JUDGED = ("net_bps", *_OF_REPORT[1:])


@dataclass(frozen=True, slots=True)
class DayReport:
    """One REPORT_SOAK file: its day, its verdict if it has one, and the numbers that are numbers."""

    day: date
    verdict: str | None
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Digest:
    day: str
    light: str
    markdown: str


def report_day(name: str) -> date | None:
    """The day in the name of a REPORT_SOAK file; None for any other name."""
    found = _REPORT.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def report_of(day: date, found: Input) -> DayReport | None:
    """The report of a day, whatever its age; None if it cannot be read."""
    if found.problem or not isinstance(found.document, Mapping):
        return None
    verdict = found.document.get("verdict")
    numbers = {name: _number_in(found.document, name) for name in _OF_REPORT}
    return DayReport(day, verdict if isinstance(verdict, str) else None, numbers)


def digest_of(found: Mapping[str, Input], reports: Sequence[DayReport], tally: Tally, window: Window) -> Digest:
    """The page of the day; `reports` oldest first, those of days to come left out."""
    today = _report_of_today(reports, window)
    max_age_s = window.elapsed_hours * 3600
    numbers = _numbers_of(found[EDGE_REPORT], today, max_age_s)
    wanting = [name for name, value in numbers.items() if value is None]
    light = _light(today, tally, numbers)
    blocks = [
        [f"DAILY DIGEST {window.day} [{light}]"],
        _table(numbers),
        _trend(numbers, reports, today),
        _guards(found, max_age_s),
        ["Actionables:", *(f"- {text}" for text in advice_in(found[SENTINEL], max_age_s) or ["none"])],
        _soak(tally, window),
        ["No data:", *(f"- {name}" for name in wanting)] if wanting else [],
    ]
    return Digest(window.day, light, "\n\n".join("\n".join(block) for block in blocks if block) + "\n")


def _report_of_today(reports: Sequence[DayReport], window: Window) -> DayReport | None:
    first = min(window.start.astimezone(window.zone).date(), window.start.date())
    return reports[-1] if reports and reports[-1].day >= first else None


def is_due(day: date, window: Window) -> bool:
    """Whether a report of that day may be there already: none is from a day that has not begun anywhere we look."""
    return day <= max(window.end.date(), window.end.astimezone(window.zone).date())


def _numbers_of(edge: Input, today: DayReport | None, max_age_s: float) -> dict[str, float | None]:
    """From the edge report and the day's report; without the latter, what the edge report says of its subjects."""
    numbers: dict[str, float | None] = dict.fromkeys((*_JUDGED, "fills", "turnover_usd"))
    with suppress(Unusable):
        numbers |= _of_edge(usable(edge, max_age_s))
    if today:
        numbers |= {name: today.numbers[name] for name in _JUDGED[1:]}
    return numbers


def _of_edge(edge: Mapping[str, Json]) -> Numbers:
    total = edge.get("total", edge)
    source = total if isinstance(total, Mapping) else {}
    return {
        "net_bps": _known(lambda: net_bps(edge)),
        "order_age_p95_ms": _known(lambda: latency_ms(edge, "p95")),
        "taker_share_pct": _known(lambda: taker_ratio(edge) * 100),
        "fills": _number_in(source, "fills"),
        "turnover_usd": _number_in(source, "turnover_usd"),
    }


def _number_in(source: Mapping[str, Json], name: str) -> float | None:
    return _known(lambda: number(source, name, float("-inf"), float("inf")))


def _known(read: Callable[[], float]) -> float | None:
    try:
        return read()
    except Unusable:
        return None


def _light(today: DayReport | None, tally: Tally, numbers: Numbers) -> str:
    """The worst of the day and the soak: a failure, then what is missing, then a warning."""
    seen = {_verdict_of(today, numbers), judge_window(tally)[0]}
    order = (Status.UNHEALTHY, Status.INSUFFICIENT_DATA, Status.PARTIAL, Status.OK)
    return _LIGHTS[next(status for status in order if status in seen)]


def _verdict_of(today: DayReport | None, numbers: Numbers) -> Status:
    """What the day's report says; without one, what it would say of these numbers."""
    said = _SAID.get(today.verdict, Status.UNHEALTHY) if today and today.verdict else None
    if said is Status.UNHEALTHY:
        return said
    net, age_ms, taker_pct = (numbers[name] for name in _JUDGED)
    if net is None or age_ms is None or taker_pct is None or numbers["fills"] == 0 or (today and said is None):
        return Status.INSUFFICIENT_DATA
    return said or _SAID.get(verdict_of(Measures(net, age_ms, taker_pct), ()), Status.UNHEALTHY)


def _table(numbers: Numbers) -> list[str]:
    cells = ["no data" if value is None else f"{value:.6f}" for value in numbers.values()]
    return [
        "| net_bps | order_age_p95_ms | taker_share_pct | fills | turnover_usd |",
        "|---------|-------------------|-----------------|-------|--------------|",
        f"| {' | '.join(cells)} |",
    ]


def _trend(numbers: Numbers, reports: Sequence[DayReport], today: DayReport | None) -> list[str]:
    """Against the report of the day before; a report of some other day is no yesterday."""
    if today is None or len(reports) < 2 or reports[-2].day != today.day - timedelta(days=1):
        return []
    before = reports[-2].numbers
    pairs = {
        "edge_net_bps_delta": (numbers["net_bps"], before["edge_net_bps"]),
        "order_age_p95_ms_delta": (numbers["order_age_p95_ms"], before["order_age_p95_ms"]),
        "taker_share_pct_delta": (numbers["taker_share_pct"], before["taker_share_pct"]),
    }
    return ["Trend vs yesterday:", *(f"- {name}: {_delta(*pair)}" for name, pair in pairs.items())]


def _delta(now: float | None, before: float | None) -> str:
    return "no data" if now is None or before is None else f"{now - before:.6f}"


def _guards(found: Mapping[str, Input], max_age_s: float) -> list[str]:
    """The reason of each guard's STOP file; one from before the window is shown as what it is."""
    return [
        *_guard("Drift Guard", found[DRIFT], max_age_s),
        *_guard("Regression Guard", found[REGRESSION], max_age_s),
    ]


def _guard(title: str, stop: Input, max_age_s: float) -> Iterator[str]:
    if stop.problem == "missing":
        return
    reason = stop.document.get("reason") if isinstance(stop.document, Mapping) else None
    text = one_line(reason) if isinstance(reason, str) else "STOP file without a reason"
    old = stop.age_s is not None and stop.age_s > max_age_s
    yield f"{title}: {text}" + (" (from before this window)" if old else "")


def advice_in(sentinel: Input, max_age_s: float) -> list[str]:
    """The first three pieces of advice; a text is one piece, whatever its letters."""
    try:
        document = usable(sentinel, max_age_s)
    except Unusable:
        return []
    advice = document.get("advice_items", document.get("advice"))
    items = [advice] if isinstance(advice, str) else advice if isinstance(advice, list) else []
    return [one_line(item) for item in items if isinstance(item, str) and item.strip()][:MOST_ADVICE]


def one_line(text: str) -> str:
    """A text of others as one ASCII line that breaks no Markdown."""
    if looks_secret(text):
        return "(withheld: it looks like a secret)"
    plain = " ".join(text.split()).replace("|", "/").replace("`", "'")
    ascii_only = plain.encode("ascii", "replace").decode()
    return re.sub(r"[^\x20-\x7e]", "?", ascii_only)[:LONGEST_TEXT]


def _soak(tally: Tally, window: Window) -> list[str]:
    ticks = ", ".join(f"{tally.of(status)} {status}" for status in (*Verdict, GAP))
    lines = [
        f"Soak journal, {window.elapsed_hours:g} h to {window.end:%Y-%m-%dT%H:%M:%SZ} ({window.zone}):",
        f"- ticks: {ticks}",
        f"- actions: {tally.actions}",
        f"- chain: {tally.chain}",
    ]
    if tally.chain == UNPROVEN:
        lines.append("- no head outside of the journal tells its end: a cut or rewritten one would not show here")
    elif tally.chain == TORN:
        lines.append("- WARNING: the last line is torn and is not counted; the next tick sets it aside")
    elif tally.chain != WHOLE:
        lines.append("- WARNING: the counts are not to be trusted; run journal-verify")
    if tally.future:
        lines.append(f"- WARNING: {tally.future} lines are from the future and not counted")
    if tally.back:
        lines.append(f"- WARNING: the clock went back before {tally.back} lines")
    return lines
