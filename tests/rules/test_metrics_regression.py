"""Today against the absolute limits and against the stored baseline."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.daily_health import DayCount, Traffic, Window
from tasks.rules.metrics_regression import (
    Snapshot,
    StoredBaseline,
    judge_regression,
    line_of,
    snapshot_of,
    theme_line_of,
)
from tasks.rules.second_touch import SecondTouch

GOOD = Snapshot(7, 100, 60, 40, 0.4, 0, 0, 1.0)
BASELINE: dict[str, object] = {"matching_health_h": 0.5, "p95_delivery_latency_s": 2.0}


def judged(baseline: dict[str, object] | None = BASELINE, **changes: Any) -> tuple[str, str | None]:
    stored = StoredBaseline("abc-1", baseline) if baseline is not None else None
    outcome = judge_regression(replace(GOOD, **changes), stored)
    return outcome.status, outcome.reason


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, ("ok", None)),
        ({"delivered_total": 49}, ("insufficient_data", "delivered_total_lt_min_n")),
        ({"delivered_total": 50}, ("ok", None)),
        ({"matching_health_h": 0.19}, ("fail", "matching_health_low")),
        ({"identity_leak_blocked_total": 5}, ("ok", None)),
        ({"identity_leak_blocked_total": 6}, ("fail", "identity_leak_rate_high")),
        ({"crisis_routed_total": 20}, ("ok", None)),
        ({"crisis_routed_total": 21}, ("fail", "crisis_rate_high")),
        ({"p95_delivery_latency_s": 5.01}, ("fail", "latency_p95_high")),
        ({"p95_delivery_latency_s": None, "crisis_routed_total": None}, ("ok", None)),
        ({"matching_health_h": 0.399}, ("fail", "matching_health_regressed")),
        ({"p95_delivery_latency_s": 3.0}, ("ok", None)),
        ({"p95_delivery_latency_s": 3.1}, ("fail", "latency_p95_regressed")),
    ],
)
def test_limits_themselves_pass_and_beyond_them_does_not(changes, verdict):
    assert judged(**changes) == verdict


@pytest.mark.row("W001-16")
def test_the_baseline_really_decides():
    assert judged({"matching_health_h": 0.9}) == ("fail", "matching_health_regressed")
    assert judged({"matching_health_h": 0.4}) == ("ok", None)


def test_a_latency_of_hundredths_may_double():
    assert judged({"p95_delivery_latency_s": 0.02}, p95_delivery_latency_s=0.2) == ("ok", None)


def test_without_a_baseline_a_good_day_is_not_configured_and_a_bad_one_fails():
    assert judged(None) == ("not_configured", "missing_baseline")
    assert judged(None, matching_health_h=0.1) == ("fail", "matching_health_low")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "0.5", [1], True, -1])
def test_a_baseline_that_is_no_number_is_a_failure(bad):
    assert judged({"matching_health_h": bad}) == ("fail", "invalid_baseline")


def test_a_value_that_compares_with_nothing_is_never_within_a_limit():
    assert judged(p95_delivery_latency_s=float("nan"))[0] == "fail"


def test_everything_that_is_wrong_is_named():
    outcome = judge_regression(
        replace(GOOD, matching_health_h=0.1, crisis_routed_total=50, p95_delivery_latency_s=9.0),
        StoredBaseline("abc-1", BASELINE),
    )
    assert outcome.fields["reasons"] == (
        "matching_health_low",
        "crisis_rate_high",
        "latency_p95_high",
        "matching_health_regressed",
        "latency_p95_regressed",
    )


@given(st.floats(0.2, 5), st.floats(0.2, 5))
def test_h_fails_exactly_when_it_is_more_than_a_fifth_below_the_baseline(now, then):
    regressed = judged({"matching_health_h": then}, matching_health_h=now) == ("fail", "matching_health_regressed")
    assert regressed == (now < round(then * 0.8, 9))


def test_the_snapshot_has_the_nine_keys_of_the_runbook_s_tool_and_nothing_else():
    snapshot = snapshot_of(Window(7, ()), Traffic(()), None)
    assert line_of(snapshot, "2026-11-21T03:00:00Z").line == (
        'ops_metrics_snapshot {"ts_utc":"2026-11-21T03:00:00Z","window_days":7,"delivered_total":0,"ack_total":0,'
        '"ack_positive_total":0,"matching_health_h":0.0,"identity_leak_blocked_total":null,'
        '"crisis_routed_total":null,"p95_delivery_latency_s":null}'
    )


@pytest.mark.row("W001-16")
def test_blocked_leaks_and_crisis_routings_come_from_the_counters():
    touch = SecondTouch(7, {"sends_held_identity_leak": 2, "sends_held_crisis_window": 3})
    snapshot = snapshot_of(Window(7, ()), Traffic((), 9, 1.5), touch)
    assert (snapshot.identity_leak_blocked_total, snapshot.crisis_routed_total) == (2, 3)
    assert (snapshot.ack_total, snapshot.p95_delivery_latency_s) == (9, 1.5)


@pytest.mark.parametrize(("delivered", "is_shown"), [(4, False), (5, True)])
def test_a_theme_with_few_deliveries_shows_no_number(delivered, is_shown):
    window = Window(7, (DayCount(date(2026, 11, 21), delivered, 3),))
    fields = theme_line_of(window, Traffic(window.rows, 3, 1.5), "2026-11-21T03:00:00Z").fields
    shown = {name for name, value in fields.items() if value is not None} - {"ts_utc", "window_days"}
    assert bool(shown) is is_shown
