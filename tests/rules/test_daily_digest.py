"""Runbook 004, Daily routine step 3: the page."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tasks.rules.daily_digest import (
    DRIFT,
    FILES,
    REGRESSION,
    SENTINEL,
    DayReport,
    advice_in,
    digest_of,
    is_due,
    one_line,
    report_day,
    report_of,
)
from tasks.rules.soak_inputs import EDGE_REPORT, Input
from tasks.rules.soak_tally import Tally
from tasks.rules.soak_window import window_of
from tests.journals import chained, tick

NOW = datetime(2025, 4, 7, 6, tzinfo=UTC)
WINDOW = window_of(NOW, UTC, 24)
EDGE: dict[str, Any] = {"total": {"net_bps": 2.75, "fills": 120, "turnover_usd": 12345.678}}
TODAY = DayReport(date(2025, 4, 7), "OK", {"edge_net_bps": 2.75, "order_age_p95_ms": 310.0, "taker_share_pct": 12.0})
BEFORE = DayReport(date(2025, 4, 6), "OK", {"edge_net_bps": 2.9, "order_age_p95_ms": 300.0, "taker_share_pct": 10.0})
GOOD = {
    EDGE_REPORT: EDGE,
    SENTINEL: {"advice": ["a1"]},
    DRIFT: {"reason": "DRIFT_EDGE"},
    REGRESSION: {"reason": "EDGE_REG"},
}


def tally(*statuses: str) -> Tally:
    counted = Tally(int(WINDOW.start.timestamp()), int(WINDOW.end.timestamp()))
    lines = chained(tick(status=status, ts=f"2025-04-06T{10 + n}:00:00Z") for n, status in enumerate(statuses))
    for line in lines:
        counted.add(line)
    return counted


def files(**changed: Any) -> dict[str, Input]:
    there = {name: Input(document, 60) for name, document in GOOD.items()}
    return there | changed


def page(found=None, reports=(BEFORE, TODAY), ticks=("CONTINUE",), window=WINDOW) -> list[str]:
    return digest_of(found or files(), reports, tally(*ticks), window).markdown.split("\n")


@pytest.mark.row("W004-530")
def test_the_page_has_the_layout_of_the_runbook_and_then_the_soak():
    assert page() == [
        "DAILY DIGEST 2025-04-07 [OK]",
        "",
        "| net_bps | order_age_p95_ms | taker_share_pct | fills | turnover_usd |",
        "|---------|-------------------|-----------------|-------|--------------|",
        "| 2.750000 | 310.000000 | 12.000000 | 120.000000 | 12345.678000 |",
        "",
        "Trend vs yesterday:",
        "- edge_net_bps_delta: -0.150000",
        "- order_age_p95_ms_delta: 10.000000",
        "- taker_share_pct_delta: 2.000000",
        "",
        "Drift Guard: DRIFT_EDGE",
        "Regression Guard: EDGE_REG",
        "",
        "Actionables:",
        "- a1",
        "",
        "Soak journal, 24 h to 2025-04-07T06:00:00Z (UTC):",
        "- ticks: 1 CONTINUE, 0 WARN, 0 FAIL, 0 INCONCLUSIVE, 0 GAP",
        "- actions: 0",
        "- chain: ok",
        "",
    ]


def light_of(**options: Any) -> str:
    return page(**options)[0].partition(" [")[2].rstrip("]")


@pytest.mark.row("W004-206")
def test_no_data_is_nodata_and_says_what_is_missing():
    nothing = {name: Input(problem="missing") for name in FILES}
    lines = page(nothing, reports=(), ticks=())
    assert lines[0] == "DAILY DIGEST 2025-04-07 [NODATA]"
    assert lines[4] == "| no data | no data | no data | no data | no data |"
    assert lines[lines.index("No data:") + 1 : -1] == [
        "- net_bps",
        "- order_age_p95_ms",
        "- taker_share_pct",
        "- fills",
        "- turnover_usd",
    ]


@pytest.mark.parametrize(
    ("verdict", "ticks", "light"),
    [
        ("OK", ("CONTINUE",), "OK"),
        ("WARN", ("CONTINUE",), "WARN"),
        ("NO-GO", ("CONTINUE",), "FAIL"),
        ("OK", ("WARN",), "WARN"),
        ("OK", ("FAIL",), "FAIL"),
        ("OK", (), "NODATA"),
        ("WARN", (), "NODATA"),
        ("FAIL", (), "FAIL"),
        (None, ("CONTINUE",), "NODATA"),
    ],
)
def test_the_light_is_the_worst_of_the_report_and_the_soak(verdict, ticks, light):
    assert light_of(reports=(DayReport(TODAY.day, verdict, TODAY.numbers),), ticks=ticks) == light


@pytest.mark.row("W004-206")
@pytest.mark.parametrize(
    ("edge", "light"),
    [
        (Input(EDGE, 86_401), "NODATA"),
        (Input({"total": {"net_bps": float("nan"), "fills": 3}}, 60), "NODATA"),
        (Input({"total": {"net_bps": 2.75, "fills": 0}}, 60), "NODATA"),
        (Input([], 60), "NODATA"),
        (Input(problem="bad_json"), "NODATA"),
        (Input({"net_bps": 2.75}, 60), "OK"),
    ],
)
def test_numbers_that_are_stale_or_none_are_no_data(edge, light):
    assert light_of(found=files(**{EDGE_REPORT: edge})) == light


@pytest.mark.parametrize(
    ("net", "p95", "taker", "light"),
    [
        (2.5, 350, 0.15, "OK"),
        (2.25, 385, 0.165, "WARN"),
        (2.4, 310, 0.12, "WARN"),
        (2.2, 310, 0.12, "FAIL"),
        (2.75, 386, 0.12, "FAIL"),
        (2.75, 310, 0.17, "FAIL"),
    ],
)
def test_without_a_report_the_edge_report_is_judged_by_the_reports_own_rule(net, p95, taker, light):
    edge = {"net_bps": net, "latency": {"p95": p95}, "taker_ratio": taker}
    assert light_of(found=files(**{EDGE_REPORT: Input(edge, 60)}), reports=()) == light


def test_a_report_of_last_week_is_not_todays_and_one_of_two_days_ago_not_yesterdays():
    old = DayReport(date(2025, 3, 31), "OK", TODAY.numbers)
    assert light_of(reports=(old,)) == "NODATA"
    assert "Trend vs yesterday:" not in page(reports=(old, TODAY))


@pytest.mark.row("W004-529")
def test_a_guard_from_before_the_window_is_shown_as_old_and_one_that_went_is_not_shown():
    found = files(**{DRIFT: Input({"reason": "DRIFT_LAT"}, 90_000), REGRESSION: Input(problem="missing")})
    lines = page(found)
    assert "Drift Guard: DRIFT_LAT (from before this window)" in lines
    assert not any(line.startswith("Regression Guard") for line in lines)


@pytest.mark.row("W004-207", "D004-501")
@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"advice": "keep"}, ["keep"]),
        ({"advice": ["a", "b", "c", "d"]}, ["a", "b", "c"]),
        ({"advice": "keep", "advice_items": ["x", "y"]}, ["x", "y"]),
        ({"advice": ["", 7, None, "only this"]}, ["only this"]),
        ({"advice": {"a": 1}}, []),
        ({"advice": ["Обычно | so\nand `so`"]}, ["?????? / so and 'so'"]),
        ([], []),
    ],
)
def test_advice_is_a_text_or_a_list_and_always_plain_ascii(document, shown):
    assert advice_in(Input(document, 60), 86_400) == shown


def test_advice_that_looks_like_a_secret_is_withheld():
    assert one_line("set postgresql://bot:hunter2@db/prod") == "(withheld: it looks like a secret)"


@pytest.mark.row("W004-202", "D004-509")
def test_the_day_is_that_of_the_zone_and_its_length_is_told():
    from zoneinfo import ZoneInfo

    spring = window_of(datetime(2025, 3, 30, 22, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"), 24)
    lines = page(window=spring)
    assert lines[0].startswith("DAILY DIGEST 2025-03-31 ")
    assert "Soak journal, 23 h to 2025-03-30T22:30:00Z (Europe/Berlin):" in lines


def test_reports_are_found_by_their_names_and_those_to_come_are_not_due():
    assert report_day("REPORT_SOAK_20250407.json") == date(2025, 4, 7)
    assert report_day("REPORT_SOAK_20251399.json") is None
    assert report_day("REPORT_SOAK_20250407.json.bak") is None
    assert is_due(date(2025, 4, 7), WINDOW)
    assert not is_due(date(2025, 4, 8), WINDOW)


def test_a_report_of_the_wrong_type_is_none_and_its_bad_numbers_are_no_numbers():
    assert report_of(TODAY.day, Input([], 60)) is None
    assert report_of(TODAY.day, Input(problem="bad_json")) is None
    report = report_of(TODAY.day, Input({"verdict": 3, "edge_net_bps": "2.5", "taker_share_pct": 12}, 60))
    assert report == DayReport(
        TODAY.day, None, {"edge_net_bps": None, "order_age_p95_ms": None, "taker_share_pct": 12.0}
    )
