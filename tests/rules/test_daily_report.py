"""One day in one file (runbook 004)."""

from datetime import date
from typing import Any

import pytest

from tasks.rules.acceptance import Reading
from tasks.rules.daily_report import Measures, measures_of, refusal, regressions, report_of_day, verdict_of
from tasks.rules.weekly import Day

GOOD = Measures(3.0, 300.0, 10.0)
NOW = 1_700_000_000
EDGE: dict[str, Any] = {"net_bps": 3.0, "latency": {"p95": 300.0}, "taker_ratio": 0.1, "ts": NOW}


def before(edge=3.0, age=300.0, taker=10.0):
    return [Day(date(2026, 11, day), edge, age, taker, True, None, None) for day in range(1, 8)]


def test_the_measures_come_from_the_edge_report_in_the_units_of_the_day():
    assert measures_of(Reading(EDGE)) == GOOD


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (Measures(2.5, 350.0, 15.0), "OK"),
        (Measures(2.25, 385.0, 16.5), "WARN"),
        (Measures(2.4999, 0.0, 0.0), "WARN"),
        (Measures(2.24, 0.0, 0.0), "FAIL"),
        (Measures(9.0, 385.1, 0.0), "FAIL"),
        (Measures(9.0, 0.0, 16.6), "FAIL"),
    ],
)
def test_the_day_is_ok_at_its_limits_and_a_warning_a_tenth_beyond(day, verdict):
    assert verdict_of(day, []) == verdict


@pytest.mark.parametrize(
    ("day", "worse"),
    [
        (GOOD, []),
        (Measures(2.7, 329.9, 10.99), []),
        (Measures(2.69, 300.0, 10.0), ["EDGE_REG"]),
        (Measures(3.0, 331.0, 10.0), ["LAT_REG"]),
        (Measures(0.0, 400.0, 12.0), ["EDGE_REG", "LAT_REG", "TAKER_REG"]),
    ],
)
def test_a_tenth_worse_than_the_week_before_is_a_regression_and_fails_the_day(day, worse):
    assert regressions(day, before()) == worse
    assert regressions(day, []) == []
    assert (report_of_day(day, before(), None)["verdict"] == "FAIL") is bool(worse)


@pytest.mark.parametrize(
    ("sections", "tests", "chaos"),
    [
        ({"tests_rules": True, "chaos_journal": True, "types": False}, "OK", "OK"),
        ({"tests_rules": True, "tests_flows": False}, "FAIL", None),
        ({"chaos_journal": False}, None, "FAIL"),
        ({}, None, None),
    ],
)
def test_tests_and_chaos_are_what_the_validation_ran(sections, tests, chaos):
    ran = [{"name": name, "ok": ok} for name, ok in sections.items()]
    report = report_of_day(GOOD, [], Reading({"sections": ran}))
    assert (report["bug_bash"], report["chaos_result"]) == (tests, chaos)
    assert report_of_day(GOOD, [], None)["bug_bash"] is None


def test_a_wrong_or_old_edge_report_is_refused_and_one_without_trades_is_no_data():
    def said(reading, age_s=0):
        found = refusal(reading, NOW + age_s, 60)
        return found and found.line

    assert said(Reading(EDGE), 60) is None
    assert said(Reading(EDGE), 61).endswith("reason=inputs_refused refused=EDGE_REPORT.json:stale")
    assert said(Reading(problems=("missing",))).endswith("refused=EDGE_REPORT.json:missing")
    assert said(Reading({"total": {"fills": 0}, "ts": NOW})) == "event=daily_report status=NODATA reason=no_trades"
