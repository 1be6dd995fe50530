"""Two signatures of two people on one plan, in time, used once (runbook 002, Live Guard & Confirm)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.approval import (
    LOCK_AFTER_WRONG_CODES,
    LOCK_ALL_AFTER_WRONG_CODES,
    LOCK_LASTS,
    MOST_ANSWERS,
    Asked,
    Person,
    Problem,
    State,
    code_problem,
    is_askable,
    is_hopeless,
    is_locked,
    is_operator_name,
    person_problems,
    plan_hash_of,
    refusal_problems,
    signature_problems,
    signed,
    use_problems,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
PLAN = plan_hash_of({"delete": ["a"]})
OTHER = plan_hash_of({"delete": ["a", "b"]})
DRAFTED = Asked(7, "project-cleanup", PLAN, "delete=1", State.DRAFTED, NOW + timedelta(hours=1))
PENDING = replace(DRAFTED, state=State.PENDING, requested_by="alice")
APPROVED = replace(PENDING, state=State.APPROVED, approved_by="bob")
ALICE = Person("alice", revoked=False, wrong_codes=0, locked_at=None, last_step=100)


def test_the_first_signature_asks_and_the_second_approves():
    assert (signed(DRAFTED), signed(PENDING)) == (State.PENDING, State.APPROVED)
    assert signature_problems(DRAFTED, "alice", PLAN, NOW) == ()
    assert signature_problems(PENDING, "bob", PLAN, NOW) == ()


@pytest.mark.row("P002-100")
def test_nobody_approves_what_they_asked_for():
    assert signature_problems(PENDING, "alice", PLAN, NOW) == (Problem.SELF_APPROVAL,)


@pytest.mark.row("P002-101")
def test_another_plan_is_not_what_was_signed():
    assert signature_problems(PENDING, "bob", OTHER, NOW) == (Problem.PLAN_CHANGED,)
    assert use_problems(APPROVED, "project-cleanup", OTHER, NOW) == (Problem.PLAN_CHANGED,)
    assert use_problems(APPROVED, "safe-mode", PLAN, NOW) == (Problem.PLAN_CHANGED,)


@pytest.mark.row("P002-102")
def test_the_end_of_its_time_is_the_end_of_a_request_and_of_an_unused_approval():
    last, over = PENDING.expires_at - timedelta(seconds=1), PENDING.expires_at
    assert signature_problems(PENDING, "bob", PLAN, last) == ()
    assert signature_problems(PENDING, "bob", PLAN, over) == (Problem.APPROVAL_EXPIRED,)
    assert use_problems(APPROVED, "project-cleanup", PLAN, last) == ()
    assert use_problems(APPROVED, "project-cleanup", PLAN, over) == (Problem.APPROVAL_EXPIRED,)


@pytest.mark.row("P002-104")
def test_every_problem_is_named():
    late = PENDING.expires_at
    assert signature_problems(PENDING, "alice", OTHER, late) == (
        Problem.APPROVAL_EXPIRED,
        Problem.PLAN_CHANGED,
        Problem.SELF_APPROVAL,
    )


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (State.USED, Problem.APPROVAL_USED),
        (State.REFUSED, Problem.APPROVAL_REFUSED),
        (State.VOID, Problem.APPROVAL_VOID),
        (State.PENDING, Problem.NOT_APPROVED),
        (State.DRAFTED, Problem.NOT_APPROVED),
    ],
)
def test_only_an_approval_that_stands_may_be_used(state, problem):
    assert use_problems(replace(APPROVED, state=state), "project-cleanup", PLAN, NOW) == (problem,)


def test_an_approved_request_takes_no_third_signature_but_a_refusal():
    assert signature_problems(APPROVED, "carol", PLAN, NOW) == (Problem.ALREADY_APPROVED,)
    assert refusal_problems(APPROVED, NOW) == ()
    assert refusal_problems(replace(APPROVED, state=State.USED), NOW) == (Problem.APPROVAL_USED,)


def test_a_request_that_is_not_there_is_said_so_by_every_rule():
    unknown = (Problem.UNKNOWN_REQUEST,)
    assert signature_problems(None, "bob", PLAN, NOW) == refusal_problems(None, NOW) == unknown
    assert use_problems(None, "project-cleanup", PLAN, NOW) == unknown


def test_a_request_does_not_take_answers_without_end():
    tired = replace(PENDING, answers=MOST_ANSWERS)
    assert signature_problems(tired, "bob", PLAN, NOW) == (Problem.TOO_MANY_ANSWERS,)
    assert is_hopeless((Problem.TOO_MANY_ANSWERS,))
    assert not is_hopeless((Problem.WRONG_CODE, Problem.SELF_APPROVAL))


@settings(deadline=None)
@given(st.sampled_from(State), st.sampled_from(["alice", "bob"]), st.booleans(), st.integers(-90, 90))
def test_what_a_signature_makes_an_approval_was_asked_for_by_another_in_time_and_unchanged(state, by, same, minutes):
    asked = replace(PENDING, state=state)
    now = NOW + timedelta(minutes=minutes)
    stands = not signature_problems(asked, by, PLAN if same else OTHER, now)
    if stands and signed(asked) is State.APPROVED:
        assert (state, by, same) == (State.PENDING, "bob", True)
        assert now < asked.expires_at


@pytest.mark.row("P002-105")
def test_a_code_counts_once_and_none_before_it_afterwards():
    assert code_problem(ALICE, 101) is None
    assert code_problem(ALICE, 100) is Problem.CODE_USED
    assert code_problem(ALICE, 99) is Problem.CODE_USED
    assert code_problem(ALICE, None) is Problem.WRONG_CODE


@pytest.mark.row("P002-106")
def test_a_lock_ends_after_a_day_and_not_before():
    locked = replace(ALICE, wrong_codes=LOCK_AFTER_WRONG_CODES, locked_at=NOW)
    almost = NOW + LOCK_LASTS - timedelta(seconds=1)
    assert person_problems(locked, 0, almost) == (Problem.OPERATOR_LOCKED,)
    assert not is_locked(locked, NOW + LOCK_LASTS)


def test_too_many_wrong_codes_of_all_lock_everybody():
    assert person_problems(ALICE, LOCK_ALL_AFTER_WRONG_CODES - 1, NOW) == ()
    assert person_problems(ALICE, LOCK_ALL_AFTER_WRONG_CODES, NOW) == (Problem.APPROVALS_LOCKED,)
    assert person_problems(None, LOCK_ALL_AFTER_WRONG_CODES, NOW) == (
        Problem.APPROVALS_LOCKED,
        Problem.UNKNOWN_OPERATOR,
    )
    assert person_problems(replace(ALICE, revoked=True), 0, NOW) == (Problem.REVOKED_OPERATOR,)


@pytest.mark.parametrize(
    "name", ["Alice", "a", "alice bob", "", "1st", "a" * 33, "älice", "a@example.org", "alice\n"]
)
def test_a_name_that_is_no_plain_lower_case_word_is_refused(name):
    assert not is_operator_name(name)


def test_names_that_people_have_are_taken():
    assert all(is_operator_name(name) for name in ("alice", "j.smith", "ops-2", "k_"))


@pytest.mark.parametrize(
    ("action", "plan_hash", "subject"),
    [
        ("Project Cleanup", PLAN, "delete=1"),
        ("project-cleanup", "abc", "delete=1"),
        ("project-cleanup", PLAN, "delete <b>everything</b>"),
        ("project-cleanup", PLAN, "dsn=postgresql://u:p/d"),
        ("project-cleanup", PLAN, ""),
        ("project-cleanup", PLAN, "two\nlines"),
    ],
)
def test_a_request_is_made_of_tokens_alone(action, plan_hash, subject):
    assert is_askable("project-cleanup", PLAN, "delete=3 archive=2 root=product/a")
    assert not is_askable(action, plan_hash, subject)


def test_the_hash_of_a_plan_does_not_depend_on_the_order_of_its_keys():
    assert plan_hash_of({"a": 1, "b": [1, 2]}) == plan_hash_of({"b": [1, 2], "a": 1})
    assert plan_hash_of({"a": 1, "b": [1, 2]}) != plan_hash_of({"a": 1, "b": [2, 1]})
