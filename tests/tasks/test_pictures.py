"""The health trend as a picture."""

from datetime import timedelta

from tasks.pictures import draw_daily_trend, draw_health_trend
from tasks.rules.daily_digest import DayReport
from tasks.rules.daily_health import DayCount
from tests.production_database import TODAY

ROWS = [DayCount(TODAY - timedelta(days=ago), 40 + ago, 10) for ago in range(30)]


def test_the_picture_is_a_png_and_the_same_numbers_give_the_same_bytes():
    first = draw_health_trend(ROWS, TODAY, 30, 0.2)
    assert first.startswith(b"\x89PNG")
    assert draw_health_trend(ROWS, TODAY, 30, 0.2) == first


def test_a_day_of_few_deliveries_leaves_no_trace():
    few = DayCount(TODAY - timedelta(days=30), 4, 3)  # a day of the 40 that the rows say nothing about
    assert draw_health_trend([*ROWS, few], TODAY, 40, 0.2) == draw_health_trend(ROWS, TODAY, 40, 0.2)


def test_a_service_without_traffic_still_gets_a_picture():
    assert draw_health_trend([], TODAY, 30, 0.2).startswith(b"\x89PNG")


def test_a_day_outside_the_picture_does_not_change_its_scale():
    before = DayCount(TODAY - timedelta(days=30), 4000, 4000)
    assert draw_health_trend([*ROWS, before], TODAY, 30, 0.2) == draw_health_trend(ROWS, TODAY, 30, 0.2)


def test_a_day_below_the_limit_looks_different_under_another_limit():
    assert draw_health_trend(ROWS, TODAY, 30, 0.2) != draw_health_trend(ROWS, TODAY, 30, 0.1)


REPORTS = [
    DayReport(TODAY - timedelta(days=ago), "OK", {"edge_net_bps": 2.4 + ago / 10, "order_age_p95_ms": 340.0 + ago})
    for ago in (3, 1, 0)
]


def with_taker(reports, share):
    return [DayReport(one.day, one.verdict, {**one.numbers, "taker_share_pct": share}) for one in reports]


def test_the_daily_trend_is_the_same_bytes_for_the_same_numbers_and_other_bytes_for_others():
    first = draw_daily_trend(with_taker(REPORTS, 12.0), 14)
    assert first.startswith(b"\x89PNG")
    assert draw_daily_trend(with_taker(REPORTS, 12.0), 14) == first
    assert draw_daily_trend(with_taker(REPORTS, 16.0), 14) != first


def test_a_day_without_a_number_is_left_blank():
    assert draw_daily_trend(with_taker(REPORTS, None), 14).startswith(b"\x89PNG")
