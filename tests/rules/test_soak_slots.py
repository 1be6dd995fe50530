"""The hours of a soak."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.rules.soak_slots import HOUR, MOST_GAPS, gaps_before, missed_slots, slot_of, why_not

START = datetime(2026, 11, 21, 1, tzinfo=UTC)


def test_a_slot_is_the_hour_in_utc():
    assert slot_of(START + timedelta(minutes=59, seconds=59)) == START
    assert slot_of(datetime(2026, 11, 21, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))) == START


def test_a_scaled_clock_has_shorter_slots():
    assert slot_of(START + timedelta(seconds=7), timedelta(seconds=3)) == START + timedelta(seconds=6)


def test_hours_that_nobody_judged_are_gaps():
    assert missed_slots(START, START + 3 * HOUR) == (START + HOUR, START + 2 * HOUR)
    assert missed_slots(START, START + HOUR) == missed_slots(START, START) == missed_slots(None, START) == ()


def test_a_clock_that_went_back_makes_no_gap():
    assert missed_slots(START, START - 5 * HOUR) == ()


@pytest.mark.row("D004-303")
@pytest.mark.parametrize("first", [datetime(2025, 3, 23, 12, tzinfo=UTC), datetime(2025, 10, 19, 12, tzinfo=UTC)])
def test_fourteen_days_are_336_slots_also_over_the_days_when_berlin_changes_its_clock(first):
    berlin = [(first + HOUR * number).astimezone(ZoneInfo("Europe/Berlin")) for number in range(14 * 24)]
    assert len({slot_of(moment) for moment in berlin}) == 336


@pytest.mark.row("D004-302", "W004-307")
def test_a_slot_that_the_clock_cannot_mean_is_named():
    assert why_not(START, START, None) is None
    assert why_not(START - HOUR, START, None) == "clock_went_back"
    assert why_not(START + HOUR, START, START + 2 * HOUR) == "clock_went_back"
    assert why_not(START + MOST_GAPS * HOUR, START, None) is None
    assert why_not(START + (MOST_GAPS + 1) * HOUR, START, None) == "clock_ahead"


@pytest.mark.row("P004-308", "W004-307")
def test_the_hours_between_the_start_and_the_first_tick_are_gaps_as_well():
    assert gaps_before(START, START, None) == []
    assert gaps_before(START + 2 * HOUR, START, None) == [START, START + HOUR]
    assert gaps_before(START + 3 * HOUR, START, START + HOUR) == [START + 2 * HOUR]
