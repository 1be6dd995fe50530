"""Which old artifacts go (runbook 004, Notes)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.archiving import KEY_FILES, Entry, Reason
from tasks.rules.rotation import DAY_NS, Limits, Rule, plan_rotation, planned, rotated

NOW = 100 * DAY_NS
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.text("abc", min_size=1, max_size=3) | st.sampled_from(KEY_FILES),
        st.integers(0, 50),
        st.integers(0, 110).map(lambda day: day * DAY_NS),
        st.none() | st.just(Reason.SYMLINK),
    ),
    unique_by=lambda entry: entry.path,
)
LIMITS = st.builds(Limits, st.none() | st.integers(1, 99), st.none() | st.integers(1, 200), st.integers(0, 5))


def aged(path, days, size=1):
    return Entry(path, size, NOW - days * DAY_NS)


def going(*entries, **limits):
    return {one.entry.path: one.rule for one in plan_rotation(entries, Limits(**limits), NOW).going}


def test_what_is_past_its_days_goes_and_exactly_that_old_stays():
    assert going(aged("a", 14), aged("b", 15), keep_days=14) == {"b": Rule.TOO_OLD}


def test_the_oldest_go_until_the_rest_fits():
    assert going(aged("a", 1, 60), aged("b", 2, 40), aged("c", 3, 1), max_bytes=100) == {"c": Rule.TOO_MUCH}


def test_key_files_and_the_newest_stay_whatever_the_limits_say():
    entries = [aged("KPI_GATE.json", 90), aged("a", 80), aged("b", 81)]
    assert going(*entries, keep_days=1, keep_newest=1) == {"b": Rule.TOO_OLD}


def test_a_link_is_never_touched():
    assert going(Entry("l", 1, 0, Reason.SYMLINK), keep_days=1) == {}


@given(ENTRIES, LIMITS)
def test_no_key_file_no_link_and_none_of_the_newest_ever_goes(entries, limits):
    plan = plan_rotation(entries, limits, NOW)
    paths = {one.entry.path for one in plan.going}
    files = sorted((e for e in entries if not e.problem), key=lambda e: (-e.mtime_ns, e.path))
    assert not paths & set(KEY_FILES)
    assert not paths & {e.path for e in files[: limits.keep_newest]}
    assert paths <= {e.path for e in files}


@given(ENTRIES, LIMITS)
def test_every_file_past_its_days_goes_unless_it_is_protected(entries, limits):
    plan = plan_rotation(entries, limits, NOW)
    stays = [e for e in entries if not e.problem and e.path not in {one.entry.path for one in plan.going}]
    if limits.keep_days is not None and not limits.keep_newest:
        assert all(e.path in KEY_FILES or NOW - e.mtime_ns <= limits.keep_days * DAY_NS for e in stays)


@given(ENTRIES, LIMITS, st.randoms())
def test_the_order_of_a_disk_changes_no_plan(entries, limits, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert plan_rotation(shuffled, limits, NOW) == plan_rotation(entries, limits, NOW)


@pytest.mark.parametrize(("entries", "everything"), [((), False), ((aged("a", 9),), True), ((aged("b", 1),), False)])
def test_a_plan_that_would_leave_nothing_is_seen(entries, everything):
    assert plan_rotation(entries, Limits(keep_days=3), NOW).is_everything == everything


def test_the_lines_count_by_rule():
    plan = plan_rotation([aged("a", 20, 5), aged("b", 1, 90), aged("c", 2, 20)], Limits(14, 100), NOW)
    assert planned(plan).line == (
        "event=rotate_artifacts status=OK mode=DRYRUN checked=3 too_old=1 too_much=1 deleted=0 freed_bytes=25"
    )
    assert rotated(plan, 1, 1, "artifacts/archive/x").line == (
        "event=rotate_artifacts status=PARTIAL mode=REAL checked=3 too_old=1 too_much=1 deleted=1 changed=1"
        " freed_bytes=25 dst=artifacts/archive/x"
    )
