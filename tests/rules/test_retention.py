"""What is expired, and when nothing may be deleted (runbook 001)."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.outcome import Status
from tasks.rules.retention import (
    POLICIES,
    Clocks,
    Counted,
    Deleted,
    all_cleaned,
    clock_problem,
    concluded,
    cutoffs,
    reported,
    table_cleaned,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
DAYS = {
    "security_events": 30,
    "second_touch_events": 90,
    "second_touch_daily_aggregates": 180,
    "daily_ack_aggregates": 180,
}
CUTOFFS = cutoffs(DAYS, NOW)


def test_events_expire_by_the_moment_and_aggregates_by_the_day():
    assert [cutoff.before for cutoff in CUTOFFS] == [
        datetime(2026, 10, 22, 3, tzinfo=UTC),
        datetime(2026, 8, 23, 3, tzinfo=UTC),
        date(2026, 5, 25),
        date(2026, 5, 25),
    ]


@given(st.datetimes(datetime(2020, 1, 1), timezones=st.timezones()), st.integers(1, 365))  # noqa: DTZ001
def test_the_day_is_the_utc_day_wherever_the_clock_stands(now, days):
    for cutoff in cutoffs(dict.fromkeys(DAYS, days), now):
        today = now.astimezone(UTC).date()
        before = cutoff.before.date() if isinstance(cutoff.before, datetime) else cutoff.before
        assert today - before == timedelta(days=days)


@pytest.mark.parametrize(
    ("ours", "server", "last", "problem"),
    [
        (NOW, NOW, None, None),
        (NOW, NOW + timedelta(minutes=59), NOW + timedelta(minutes=59), None),
        (NOW, NOW - timedelta(hours=2), None, "clock_ahead"),
        (NOW, NOW + timedelta(hours=2), None, "clock_went_back"),
        (NOW, NOW, NOW + timedelta(hours=2), "clock_went_back"),
        (NOW, NOW, NOW - timedelta(days=400), None),
    ],
)
def test_a_clock_that_others_contradict_deletes_nothing(ours, server, last, problem):
    assert clock_problem(Clocks(ours, server, last)) == problem


def test_a_frozen_clock_may_stand_in_the_past_but_never_in_the_future():
    long_ago = Clocks(NOW, NOW + timedelta(days=300), NOW + timedelta(days=300))
    assert clock_problem(long_ago, frozen=True) is None
    assert clock_problem(Clocks(NOW, NOW - timedelta(days=300), None), frozen=True) == "clock_ahead"


def test_a_clean_run_says_one_line_a_table_and_one_for_all():
    tables = [Deleted(cutoff, rows) for cutoff, rows in zip(CUTOFFS, (3, 0, 1, 2), strict=True)]
    assert [table_cleaned(table).line for table in tables] == [
        "retention_cleanup table=security_events status=ok deleted=3 cutoff_days=30",
        "retention_cleanup table=second_touch_events status=ok deleted=0 cutoff_days=90",
        "retention_cleanup table=second_touch_daily_aggregates status=ok deleted=1 cutoff_days=180",
        "retention_cleanup table=daily_ack_aggregates status=ok deleted=2 cutoff_days=180",
    ]
    assert all_cleaned(tables).line == "retention_cleanup status=ok groups=4 deleted_total=6"


def test_a_failure_in_the_middle_still_says_what_was_deleted():
    tables = [Deleted(CUTOFFS[0], 3), Deleted(CUTOFFS[1], 5, "db_timeout")]
    assert table_cleaned(tables[1]).line == (
        "retention_cleanup table=second_touch_events status=fail reason=db_timeout deleted=5 cutoff_days=90"
    )
    assert all_cleaned(tables).line == "retention_cleanup status=fail reason=cleanup_failed groups=1 deleted_total=8"


def test_a_ceiling_is_told_from_a_failure():
    ceiling, failed = Deleted(CUTOFFS[0], 3, "ceiling_reached"), Deleted(CUTOFFS[1], 0, "db_timeout")
    assert all_cleaned([ceiling]).reason == "ceiling_reached"
    assert all_cleaned([ceiling, failed]).reason == "cleanup_failed"


def test_the_report_has_sorted_keys_and_no_drift_is_ok():
    outcome = reported([Counted(cutoff, 10, 0) for cutoff in CUTOFFS], NOW)
    text = outcome.line.removeprefix("retention_report ")
    document = json.loads(text)
    assert text == json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert (document["status"], document["reason"], document["ts_utc"]) == ("ok", "none", "2026-11-21T03:00:00Z")
    assert document["groups"]["security_events"] == {"cutoff_days": 30, "expired_rows": 0, "total_rows": 10}
    assert sorted(document["groups"]) == sorted(policy.table for policy in POLICIES)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_one_expired_row_anywhere_is_a_drift(expired):
    outcome = reported([Counted(cutoff, 10, n) for cutoff, n in zip(CUTOFFS, expired, strict=True)], NOW)
    assert (outcome.status is Status.FAIL) == (sum(expired) > 0)
    assert outcome.exit_code == (1 if sum(expired) else 0)


def test_the_last_line_is_decided_by_the_first_part_that_was_not_good():
    good, drift = reported([], NOW), reported([Counted(CUTOFFS[0], 9, 4)], NOW)
    stopped = all_cleaned([Deleted(CUTOFFS[0], 5, "ceiling_reached")])
    assert concluded("cleanup", all_cleaned([Deleted(CUTOFFS[0], 5)]), good).line == (
        "retention status=ok mode=cleanup deleted_total=5 expired_total=0"
    )
    assert (
        concluded("report", None, drift).line == "retention status=fail reason=ttl_drift mode=report expired_total=4"
    )
    assert concluded("cleanup", stopped, drift).reason == "ceiling_reached"
