"""Health of a window: what counts, what is shown, what is judged."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.daily_health import DayCount, Window, judge_window, metrics_of, theme_asked, window_of

TODAY = date(2026, 11, 21)
counts = st.integers(0, 10**6)
rows = st.lists(st.builds(DayCount, st.dates(date(2026, 10, 1), date(2026, 12, 31)), counts, counts), max_size=40)


def a_week(delivered: int, positive: int) -> Window:
    return Window(7, (DayCount(TODAY, delivered, positive),))


@pytest.mark.row("P001-9", "P001-30")
@pytest.mark.parametrize(
    ("delivered", "positive", "status", "reason"),
    [
        (50, 10, "healthy", None),
        (1000, 199, "unhealthy", None),
        (10, 12, "healthy", None),
        (1, 0, "unhealthy", None),
        (0, 0, "insufficient_data", "delivered_total_0"),
        (0, 3, "insufficient_data", "delivered_total_0"),
    ],
)
def test_health_is_compared_unrounded_and_needs_one_delivery(delivered, positive, status, reason):
    outcome = judge_window(a_week(delivered, positive), 0.2, future_rows=0)
    assert (outcome.status, outcome.reason) == (status, reason)


def test_an_unhealthy_ratio_that_rounds_to_the_limit_is_still_unhealthy():
    assert judge_window(a_week(1000, 199), 0.2, 0).line == (
        "ops_daily_watchdog status=unhealthy window_days=7 delivered_total=1000 positive_total=199 h=0.20"
    )


def test_more_positives_than_deliveries_are_shown_as_they_are():
    assert "h=1.20" in judge_window(a_week(10, 12), 0.2, 0).line


@pytest.mark.row("P001-30")
def test_day_six_counts_and_day_seven_and_tomorrow_do_not():
    days = [DayCount(TODAY - timedelta(days=ago), 1, 0) for ago in (-1, 0, 6, 7)]
    assert [row.day for row in window_of(days, TODAY, 7).rows] == [TODAY, TODAY - timedelta(days=6)]


@given(rows, st.integers(1, 365))
def test_a_window_holds_nothing_but_its_days_newest_first(found, days):
    inside = [row.day for row in window_of(found, TODAY, days).rows]
    assert all(0 <= (TODAY - day).days < days for day in inside)
    assert inside == sorted(inside, reverse=True)
    assert len(inside) == sum(0 <= (TODAY - row.day).days < days for row in found)


@pytest.mark.row("W001-17")
@given(st.integers(0, 4), counts)
def test_a_small_day_shows_none_of_its_numbers(delivered, positive):
    (outcome,) = metrics_of(Window(1, (DayCount(TODAY, delivered, positive),)))
    assert outcome.line == "ops_daily_metrics day=2026-11-21 status=insufficient_data reason=small_count"


def test_from_five_deliveries_on_a_day_shows_its_numbers():
    (outcome,) = metrics_of(Window(1, (DayCount(TODAY, 5, 1),)))
    assert outcome.line == "ops_daily_metrics day=2026-11-21 delivered=5 positive=1 h=0.20 status=ok"


@pytest.mark.row("W001-17")
@given(rows)
def test_a_day_has_one_line(found):
    by_day = {row.day: row for row in found}.values()
    window = window_of(by_day, TODAY, 30)
    lines = [outcome.line for outcome in metrics_of(window)]
    assert len(lines) == len({line.split()[1] for line in lines}) == len(window.rows)


@given(counts, st.integers(1, 10**6), st.floats(0, 1))
def test_no_window_is_healthy_below_its_limit(positive, delivered, limit):
    outcome = judge_window(a_week(delivered, positive), limit, 0)
    assert (outcome.status == "healthy") == (positive / delivered >= limit)


@pytest.mark.parametrize(("asked", "meant"), [(None, None), ("", "unknown"), ("  ", "unknown"), (" hope ", "hope")])
def test_a_blank_theme_means_the_untagged_messages(asked, meant):
    assert theme_asked(asked) == meant
