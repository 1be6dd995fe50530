"""Which published folders go, and why (runbook 003, Local Space Conservation Policy)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.publishing.cleanup import (
    DAY_S,
    SECOND_NS,
    Act,
    Found,
    Limits,
    Rule,
    digest_of,
    judge,
    nanoseconds,
    plan_cleanup,
    too_much,
)
from tasks.rules.publishing.registry import Entry

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
SHA = "a" * 40
LIMITS_OF_THE_RUNBOOK = Limits()
NO_ZONE = datetime(2020, 1, 1)  # noqa: DTZ001  what an earlier program wrote
ARCHIVE = "/repo/.orket/local_archive/projects/alpha-20260801-030000"


def entry(name="alpha", **changes):
    row = Entry(
        "product", name, f"Orket/{name}", "main", f"/repo/product/{name}", SHA, SHA, True, NOW - timedelta(200)
    )
    return replace(row, **changes)


def archived(seconds_ago, **changes):
    return entry(archived_at=NOW - timedelta(seconds=seconds_ago), archived_path=ARCHIVE, **changes)


def folder(seconds_ago, **changes):
    return replace(Found(folder=True, newest_ns=(NOW_S - seconds_ago) * SECOND_NS), **changes)


def verdict(row, found, limits=LIMITS_OF_THE_RUNBOOK):
    one = judge(row, found, limits, nanoseconds(NOW))
    return one.act, one.rule


@pytest.mark.row("P003-200", "P003-201")
@pytest.mark.parametrize("days", [1, 45, 3650])
def test_at_exactly_the_period_a_folder_is_archived_and_one_second_earlier_it_is_kept(days):
    limits = Limits(archive_days=days)
    assert verdict(entry(), folder(days * DAY_S), limits) == (Act.ARCHIVE, Rule.UNCHANGED_LONG_ENOUGH)
    assert verdict(entry(), folder(days * DAY_S - 1), limits) == (Act.KEEP, Rule.CHANGED_RECENTLY)


@pytest.mark.row("P003-202")
@pytest.mark.parametrize("days", [1, 90, 3650])
def test_at_exactly_the_period_an_archive_is_deleted_and_one_second_earlier_it_is_kept(days):
    limits, there = Limits(delete_days=days), Found(archive=True)
    assert verdict(archived(days * DAY_S), there, limits) == (Act.DELETE, Rule.ARCHIVED_LONG_ENOUGH)
    assert verdict(archived(days * DAY_S - 1), there, limits) == (Act.KEEP, Rule.ARCHIVED_RECENTLY)


def test_a_nanosecond_short_of_the_period_is_short_of_it():
    just_short = Found(folder=True, newest_ns=(NOW_S - 45 * DAY_S) * SECOND_NS + 1)
    assert verdict(entry(), just_short) == (Act.KEEP, Rule.CHANGED_RECENTLY)


@pytest.mark.row("W003-204")
def test_the_later_of_newest_file_last_commit_and_return_from_the_archive_counts():
    old, new = 400 * DAY_S, NOW_S - DAY_S
    assert verdict(entry(), folder(old)) == (Act.ARCHIVE, Rule.UNCHANGED_LONG_ENOUGH)
    assert verdict(entry(), folder(old, committed_s=new)) == (Act.KEEP, Rule.CHANGED_RECENTLY)
    assert verdict(entry(), folder(old, restored_s=new)) == (Act.KEEP, Rule.CHANGED_RECENTLY)
    assert verdict(entry(), folder(DAY_S, committed_s=NOW_S - old)) == (Act.KEEP, Rule.CHANGED_RECENTLY)


@pytest.mark.row("P003-203", "W003-202")
@pytest.mark.parametrize("verified", [False, None, "false", "true", 1, 0])
def test_only_the_boolean_true_is_verified(verified):
    assert verdict(entry(parity_verified=verified), folder(99 * DAY_S)) == (Act.KEEP, Rule.NOT_VERIFIED)
    assert verdict(archived(99 * DAY_S, parity_verified=verified), Found(archive=True))[0] is Act.KEEP


@pytest.mark.row("P003-204", "W003-205")
def test_a_due_folder_that_is_dirty_or_holds_a_repository_is_kept():
    assert verdict(entry(), folder(99 * DAY_S, dirty=True)) == (Act.KEEP, Rule.GIT_DIRTY)
    assert verdict(entry(), folder(99 * DAY_S, nested=True, dirty=True)) == (Act.KEEP, Rule.NESTED_REPOSITORY)


@pytest.mark.row("W003-208")
@pytest.mark.parametrize(
    ("row", "found", "rule"),
    [
        (entry(), folder(-301), Rule.FUTURE_DATE),
        (entry(), folder(99 * DAY_S, committed_s=NOW_S + 301), Rule.FUTURE_DATE),
        (archived(-301), Found(archive=True), Rule.FUTURE_DATE),
        (archived(0, parity_verified=True), Found(), Rule.ARCHIVE_MISSING),
        (entry(archived_path=ARCHIVE), Found(archive=True), Rule.MISSING_ARCHIVED_AT),
        (entry(archived_at=NO_ZONE, archived_path=ARCHIVE), Found(archive=True), Rule.MISSING_ARCHIVED_AT),
        (entry(), Found(), Rule.FOLDER_MISSING),
        (entry(), Found(folder=True), Rule.STAT_FAILED),
        (entry(), Found(problem=Rule.UNSAFE_PATH), Rule.UNSAFE_PATH),
        (archived(99 * DAY_S), folder(99 * DAY_S, archive=True), Rule.FOLDER_CAME_BACK),
        (entry(last_remote_sha="b" * 40), folder(99 * DAY_S), Rule.NOT_WHAT_WAS_PUBLISHED),
        (entry(last_remote_sha=None), folder(99 * DAY_S), Rule.NOT_WHAT_WAS_PUBLISHED),
        (entry(deleted_at=NOW), folder(99 * DAY_S), Rule.ALREADY_DELETED),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_kept_and_says_why(row, found, rule):
    assert verdict(row, found) == (Act.KEEP, rule)


def test_a_clock_that_is_a_little_ahead_is_only_recent():
    assert verdict(entry(), folder(-299)) == (Act.KEEP, Rule.CHANGED_RECENTLY)


def a_plan(old, young, limits=LIMITS_OF_THE_RUNBOOK):
    rows = [(entry(f"old{n}"), folder(99 * DAY_S)) for n in range(old)]
    return plan_cleanup(rows + [(entry(f"young{n}"), folder(0)) for n in range(young)], limits, NOW)


@pytest.mark.row("P003-208")
@pytest.mark.parametrize(
    ("old", "young", "limits", "why"),
    [
        (1, 0, Limits(), None),
        (1, 9, Limits(share=0.0), None),
        (2, 0, Limits(share=1.0), "everything_would_go"),
        (2, 2, Limits(), None),
        (3, 2, Limits(), "ceiling_reached"),
        (2, 2, Limits(share=0.25), "ceiling_reached"),
        (3, 2, Limits(share=1.0), None),
        (5, 95, Limits(most=5), None),
        (6, 95, Limits(most=5), "ceiling_reached"),
        (0, 0, Limits(), None),
    ],
)
def test_a_run_that_would_take_too_much_is_refused_as_a_whole(old, young, limits, why):
    assert too_much(a_plan(old, young, limits), limits) == why


MOMENTS = st.none() | st.integers(-1000, 200 * DAY_S).map(lambda ago: NOW - timedelta(seconds=ago))
ENTRIES = st.builds(
    entry,
    st.text("abc", min_size=1, max_size=4),
    parity_verified=st.sampled_from([True, True, True, False, "false"]),
    last_remote_sha=st.sampled_from([SHA, SHA, SHA, "b" * 40, None]),
    archived_at=MOMENTS,
    archived_path=st.sampled_from([None, ARCHIVE]),
    deleted_at=st.sampled_from([None, None, NOW]),
)
FOUND = st.builds(
    Found,
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(NOW_S - 200 * DAY_S, NOW_S + 999).map(lambda s: s * SECOND_NS),
    st.none() | st.integers(NOW_S - 200 * DAY_S, NOW_S + 999),
    st.none() | st.integers(NOW_S - 200 * DAY_S, NOW_S),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from([Rule.UNSAFE_PATH, Rule.STAT_FAILED]),
)
LIMITS = st.builds(Limits, st.integers(1, 120), st.integers(1, 120), st.integers(0, 9), st.floats(0, 1))
ROWS = st.lists(st.tuples(ENTRIES, FOUND), unique_by=lambda row: row[0].key, max_size=12)


@given(ROWS, LIMITS)
def test_nothing_goes_that_is_unverified_deleted_unsafe_or_younger_than_its_period(rows, limits):
    found_of = {row.key: found for row, found in rows}
    for one in plan_cleanup(rows, limits, NOW).going:
        found, row = found_of[one.entry.key], one.entry
        assert row.parity_verified is True
        assert row.deleted_at is None
        assert found.problem is None
        assert row.last_remote_sha == row.last_published_sha
        days = limits.archive_days if one.act is Act.ARCHIVE else limits.delete_days
        assert one.age_s is not None
        assert one.age_s >= days * DAY_S
        if one.act is Act.ARCHIVE:
            assert found.folder
            assert not (found.dirty or found.nested or found.archive)
        else:
            assert found.archive
            assert not found.folder


@given(ROWS, LIMITS, st.randoms())
def test_every_row_has_one_verdict_and_their_order_changes_none(rows, limits, random):
    plan = plan_cleanup(rows, limits, NOW)
    assert [one.entry.key for one in plan.judged] == sorted(row.key for row, _ in rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert plan_cleanup(shuffled, limits, NOW) == plan


@given(ROWS, LIMITS)
def test_longer_periods_never_take_more(rows, limits):
    longer = replace(limits, archive_days=limits.archive_days + 1, delete_days=limits.delete_days + 1)
    more = {one.entry.key for one in plan_cleanup(rows, longer, NOW).going}
    assert more <= {one.entry.key for one in plan_cleanup(rows, limits, NOW).going}


@given(ROWS, LIMITS)
def test_what_is_not_refused_is_within_count_and_share_and_leaves_something(rows, limits):
    plan = plan_cleanup(rows, limits, NOW)
    if too_much(plan, limits) is None and len(plan.going) > 1:
        assert len(plan.going) <= limits.most
        assert len(plan.going) <= limits.share * plan.here
        assert len(plan.going) < plan.here


def test_the_digest_that_is_approved_names_exactly_these_archives():
    one = judge(archived(99 * DAY_S), Found(archive=True), Limits(), nanoseconds(NOW))
    other = judge(archived(99 * DAY_S + 1), Found(archive=True), Limits(), nanoseconds(NOW))
    later = judge(archived(99 * DAY_S), Found(archive=True), Limits(), nanoseconds(NOW + timedelta(days=1)))
    assert digest_of("r", [one]) == digest_of("r", [later])
    assert len({digest_of("r", [one]), digest_of("r", [other]), digest_of("s", [one]), digest_of("r", [])}) == 4
