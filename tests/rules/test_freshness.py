"""Are the artifacts as young as they must be? (Runbook 004, Daily routine step 2.)"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.freshness import Seen, Target, judge_target, sum_up, targets_due, time_inside
from tasks.rules.outcome import Status

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_700_000_000
DAY = Target("KPI_GATE", 86_400)
WEEK = Target("WEEKLY_ROLLUP", 8 * 86_400)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.row("P004-508", "D004-510")
@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        ("2025-04-06T22:30", True),
        ("2025-04-06T21:30", False),
        ("2025-01-05T23:30", True),
        ("2025-01-05T22:30", False),
        ("2025-03-30T22:30", True),  # the day the clock went forward
        ("2025-03-30T21:30", False),
        ("2025-10-26T22:30", False),  # the day it went back
        ("2025-10-26T23:30", True),
        ("2025-10-27T22:59", True),
        ("2025-10-27T23:00", False),
    ],
)
def test_the_rollup_is_looked_at_while_it_is_monday_in_the_zone(moment, monday):
    names = [target.name for target in targets_due(at(moment), BERLIN, 24)]
    assert names[:4] == ["KPI_GATE", "FULL_STACK_VALIDATION", "EDGE_REPORT", "EDGE_SENTINEL"]
    assert names[4:] == (["WEEKLY_ROLLUP"] if monday else [])


@pytest.mark.row("W004-512")
def test_the_rollup_of_saturday_is_fresh_enough_on_monday():
    *_, rollup = targets_due(at("2025-04-07T06:00"), BERLIN, 24)
    saturday = int(at("2025-04-05T04:00").timestamp())
    assert judge_target(rollup, Seen(saturday), int(at("2025-04-07T06:00").timestamp())).status is Status.OK


@pytest.mark.row("D004-510")
@pytest.mark.parametrize("day", ["2025-03-30T12:00", "2025-10-26T12:00", "2025-07-01T12:00"])
@given(hours=st.integers(1, 48), age_s=st.integers(0, 60 * 3600))
def test_the_window_is_elapsed_seconds_on_every_day_of_the_year(day, hours, age_s):
    now = at(day)
    target = targets_due(now, BERLIN, hours)[0]
    made = (now.astimezone(BERLIN) - timedelta(0)).astimezone(UTC) - timedelta(seconds=age_s)
    said = judge_target(target, Seen(int(made.timestamp())), int(now.timestamp()))
    assert (said.status is Status.OK) == (age_s <= hours * 3600)


@pytest.mark.row("W004-514")
@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (Seen(NOW), "status=OK age_sec=0 now=1700000000"),
        (Seen(NOW - 86_400), "status=OK age_sec=86400 now=1700000000"),
        (Seen(NOW - 86_401), "status=STALE age_sec=86401 now=1700000000 reason=too_old"),
        (Seen(NOW, NOW - 90_000), "status=STALE age_sec=90000 now=1700000000 reason=too_old"),
        (Seen(NOW - 90_000, NOW), "status=STALE age_sec=90000 now=1700000000 reason=too_old"),
        (Seen(NOW + 60), "status=OK age_sec=0 now=1700000000"),
        (Seen(NOW + 61), "status=STALE age_sec=0 now=1700000000 reason=time_in_future"),
        (Seen(NOW, NOW + 61), "status=STALE age_sec=0 now=1700000000 reason=time_in_future"),
        (Seen(NOW, problem="bad_json"), "status=STALE age_sec=0 now=1700000000 reason=bad_json"),
        (None, "status=MISSING age_sec=0 now=1700000000"),
    ],
)
def test_one_target_says_its_age_and_why_it_is_not_fine(seen, line):
    assert judge_target(DAY, seen, NOW).line == f"event=sentinel_check target=KPI_GATE {line}"


def test_the_rollup_says_its_own_limit():
    assert judge_target(WEEK, Seen(NOW), NOW).line.endswith("max_age_sec=691200")


@pytest.mark.parametrize(
    ("document", "time"),
    [
        ({"timestamp": NOW}, NOW),
        ({"ts": float(NOW)}, NOW),
        ({"ts": "2023-11-14T22:13:20Z"}, NOW),
        ({"runtime": {"utc": "2023-11-14T23:13:20+01:00"}}, NOW),
        ({"timestamp": NOW, "runtime": {"utc": "1970-01-01T00:00:00Z"}}, NOW),
        ({"runtime": {"utc": "1970-01-01T00:00:00Z"}}, 0),
        ({"runtime": 3}, None),
        ({}, None),
    ],
)
def test_the_time_inside_is_found_where_the_producers_write_it(document, time):
    assert time_inside(document) == time


@pytest.mark.parametrize("document", [[], None, 3, {"ts": True}, {"ts": float("nan")}, {"ts": "noon"}, {"ts": [1]}])
def test_what_is_no_time_is_not_taken_for_one(document):
    with pytest.raises(ValueError):
        time_inside(document)


def test_a_time_without_a_zone_is_not_taken_for_one():
    with pytest.raises(ValueError, match="zone"):
        time_inside({"ts": "2023-11-14T22:13:20"})


def checks(*seen):
    return [judge_target(DAY, one, NOW) for one in seen]


@pytest.mark.row("W004-502")
def test_the_last_line_counts_what_is_missing_and_what_is_stale():
    said = sum_up(checks(Seen(NOW), None, Seen(0), None), 24)
    assert said.line == "RESULT=FAIL missing=2 stale=1 checked=4 window_hours=24"
    assert said.exit_code == 1


def test_all_fresh_is_ok_and_nothing_at_all_is_not():
    assert sum_up(checks(Seen(NOW)), 6).line == "RESULT=OK missing=0 stale=0 checked=1 window_hours=6"
    assert sum_up([], 6).line.startswith("RESULT=FAIL")
