"""Runbook 002, Rollback & Release: which release is gone back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.guard.rollback import Release, Standing, Switch, SwitchState, refuse_strangers, target_of

NAMES = st.sampled_from(["a", "b", "c", "d"])
WORDS = st.lists(st.tuples(NAMES, st.sampled_from(Standing)), max_size=12)


def releases(words):
    return [Release(number, name, standing) for number, (name, standing) in enumerate(words)]


def target(words, current):
    try:
        return target_of(releases(words), current)
    except Refused as refused:
        assert refused.reason == "no_verified_release"
        return None


@given(WORDS, NAMES)
def test_the_target_is_never_current_and_its_newest_word_is_that_it_passed(words, current):
    to = target(words, current)
    newest = dict(words)
    if to is None:
        assert not [name for name, standing in newest.items() if standing is Standing.PASSED and name != current]
    else:
        assert to != current
        assert newest[to] is Standing.PASSED


@pytest.mark.row("P002-435", "W002-432")
@given(WORDS, NAMES)
def test_repeated_rollbacks_visit_each_verified_release_once_and_end(words, current):
    seen = [current]
    while to := target(words, current):
        words = [*words, (current, Standing.WITHDRAWN), (to, Standing.PASSED)]
        assert to not in seen
        seen.append(to)
        current = to
    assert len(seen) <= 4


@given(WORDS, NAMES)
def test_the_order_in_which_rows_come_does_not_matter(words, current):
    there = releases(words)

    def answer(rows):
        try:
            return target_of(rows, current)
        except Refused:
            return None

    assert answer(there) == answer(list(reversed(there)))


@pytest.mark.row("D002-434")
@pytest.mark.parametrize(("current", "wanted", "refused"), [("b", "", 0), ("a", "a", 0), ("c", "", 1), ("b", "c", 1)])
def test_an_open_switch_is_finished_only_as_it_was_begun(current, wanted, refused):
    switch = Switch(1, "b", "a", SwitchState.BEGUN)
    if refused:
        with pytest.raises(Refused, match="half_done"):
            refuse_strangers(switch, current, wanted)
    else:
        refuse_strangers(switch, current, wanted)
