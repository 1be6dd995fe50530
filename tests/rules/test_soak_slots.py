"""The hours of a soak."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.rules.soak_slots import HOUR, missed_slots, slot_of

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


@pytest.mark.parametrize("first", [datetime(2025, 3, 23, 12, tzinfo=UTC), datetime(2025, 10, 19, 12, tzinfo=UTC)])
def test_fourteen_days_are_336_slots_also_over_the_days_when_berlin_changes_its_clock(first):
    berlin = [(first + HOUR * number).astimezone(ZoneInfo("Europe/Berlin")) for number in range(14 * 24)]
    assert len({slot_of(moment) for moment in berlin}) == 336
