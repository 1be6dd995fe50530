"""Runbook 002, Rollback & Release: which release is gone back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.guard.release_identity import Comparison, Identity, Sameness, compared, kept_identity, refuse_changed
from tasks.rules.guard.rollback import (
    Release,
    Standing,
    Switch,
    SwitchKind,
    SwitchState,
    Word,
    refuse_strangers,
    target_of,
    verified_identity,
    words_after,
)

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


BACK, DEPLOY = SwitchKind.BACK, SwitchKind.DEPLOY


@pytest.mark.row("D002-434", "D002-454")
@pytest.mark.parametrize(
    ("begun", "kind", "current", "wanted", "refused"),
    [
        (BACK, BACK, "b", "", False),
        (BACK, BACK, "a", "a", False),
        (BACK, BACK, "c", "", True),
        (BACK, BACK, "b", "c", True),
        (DEPLOY, DEPLOY, "b", "a", False),
        (DEPLOY, DEPLOY, "b", "c", True),
        (DEPLOY, BACK, "a", "", False),
        (DEPLOY, BACK, "a", "a", True),
        (BACK, DEPLOY, "b", "a", True),
    ],
)
def test_an_open_switch_is_finished_as_it_was_begun_or_turned_back(begun, kind, current, wanted, refused):
    switch = Switch(1, "b", "a", SwitchState.BEGUN, kind=begun)
    if refused:
        with pytest.raises(Refused, match="half_done"):
            refuse_strangers(switch, kind, current, wanted)
    else:
        refuse_strangers(switch, kind, current, wanted)


A, B = Identity("k", "1", "2", "3"), Identity("k", "1", "x", "y")


@pytest.mark.row("P002-452")
def test_only_digests_under_one_key_are_compared():
    assert compared(A, B) == Comparison(Sameness.SAME, Sameness.CHANGED, Sameness.CHANGED)
    unknown = Comparison(Sameness.UNKNOWN, Sameness.UNKNOWN, Sameness.UNKNOWN)
    assert compared(None, A) == compared(A, None) == compared(A, Identity("other", "1", "2", "3")) == unknown
    assert kept_identity(A.kept) == A
    assert kept_identity(None) is None


@pytest.mark.row("P002-451")
@pytest.mark.parametrize("content", Sameness)
def test_only_files_that_were_changed_refuse_a_release(content):
    comparison = Comparison(content, Sameness.CHANGED, Sameness.CHANGED)
    if content is Sameness.CHANGED:
        with pytest.raises(Refused, match="release_changed"):
            refuse_changed(comparison)
    else:
        refuse_changed(comparison)


def test_what_a_release_was_is_what_it_was_when_it_passed_last():
    words = [Release(1, "a", Standing.PASSED, A), Release(2, "a", Standing.PASSED, B)]
    assert verified_identity(words, "a") == B
    assert verified_identity([*words, Release(3, "a", Standing.FAILED)], "a") is None
    assert verified_identity(words, "b") is None


def test_a_deploy_withdraws_nothing_and_what_the_machine_did_is_not_held_against_a_release():
    back = Switch(1, "b", "a", SwitchState.BEGUN)
    deploy = Switch(1, "b", "c", SwitchState.BEGUN, kind=SwitchKind.DEPLOY)
    passed = Word("a", Standing.PASSED, A)
    assert words_after(back, SwitchState.DONE, A, None) == (Word("b", Standing.WITHDRAWN), passed)
    assert words_after(deploy, SwitchState.DONE, A, None) == (Word("c", Standing.PASSED, A),)
    assert words_after(back, SwitchState.TAKEN_BACK, A, "smoke_failed") == (Word("a", Standing.FAILED),)
    assert words_after(back, SwitchState.FAILED, A, "port_taken") == ()
