"""Requests on a real PostgreSQL: two signatures, one use, and what ends them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tasks.approvals.operators import revoke
from tasks.approvals.requests import Answer, consume, draft, find_request, give_answer
from tasks.rules.approval import LONGEST_WAIT, Problem, State, plan_hash_of
from tasks.rules.faults import Refused
from tests.people import App

NOW = datetime(2026, 11, 21, 3, 0, 10, tzinfo=UTC)
PLAN = plan_hash_of({"delete": ["a"]})
OTHER = plan_hash_of({"delete": ["b"]})
ACTION = "project-cleanup"


@pytest.fixture(autouse=True)
def people(approvals):
    alice = App("alice").enrolled(now=NOW)
    return {"alice": alice, **{name: App(name).enrolled(by="alice", now=NOW) for name in ("bob", "carol")}}


def drafted(plan=PLAN, run=None, within=timedelta(hours=4), now=NOW):
    return draft.fn(ACTION, plan, "delete=1", within, now, run)


def sign(asked, app, now=NOW, plan=PLAN, decision="sign"):
    return give_answer(asked.number, plan, Answer(decision, app.name, app.code(now)), now)


@pytest.fixture
def approved(people):
    asked = drafted()
    assert sign(asked, people["alice"]) == sign(asked, people["bob"]) == ()
    return find_request(asked.number)


@pytest.mark.row("P002-100", "W002-118")
def test_two_people_approve_and_it_is_used_once(approved):
    assert (approved.state, approved.requested_by, approved.approved_by) == (State.APPROVED, "alice", "bob")
    assert consume.fn(approved.number, ACTION, PLAN, NOW).state is State.USED
    with pytest.raises(Refused) as refused:
        consume.fn(approved.number, ACTION, PLAN, NOW)
    assert refused.value.reason == "approval_used"


@pytest.mark.row("P002-109")
def test_of_many_who_use_it_at_once_one_does(approved):
    def use(_):
        try:
            return consume.fn(approved.number, ACTION, PLAN, NOW).state.value
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [*["approval_used"] * 7, "used"]


@pytest.mark.row("P002-100", "W002-124")
def test_who_asked_does_not_approve_and_loses_the_code(people):
    asked = drafted()
    sign(asked, people["alice"])
    later = NOW + timedelta(minutes=1)
    assert sign(asked, people["alice"], later) == (Problem.SELF_APPROVAL,)
    assert sign(asked, people["alice"], later) == (Problem.CODE_USED, Problem.SELF_APPROVAL)
    assert find_request(asked.number).state is State.PENDING


@pytest.mark.row("P002-101")
def test_a_signature_on_another_plan_does_not_count(people):
    asked = drafted()
    sign(asked, people["alice"])
    assert sign(asked, people["bob"], plan=OTHER) == (Problem.PLAN_CHANGED,)
    assert find_request(asked.number).state is State.PENDING


@pytest.mark.row("P002-101")
def test_a_run_that_comes_back_with_another_plan_finds_its_request_void(people):
    run = uuid4()
    asked = drafted(run=run)
    assert drafted(run=run) == asked
    sign(asked, people["alice"])
    assert drafted(plan=OTHER, run=run).state is State.VOID
    assert sign(asked, people["bob"]) == (Problem.APPROVAL_VOID,)


@pytest.mark.row("P002-102")
def test_an_answer_that_comes_late_and_a_use_that_comes_late_are_refused(people, approved):
    asked = drafted(within=timedelta(minutes=5))
    late = NOW + timedelta(minutes=5)
    assert sign(asked, people["carol"], late) == (Problem.APPROVAL_EXPIRED,)
    with pytest.raises(Refused) as refused:
        consume.fn(approved.number, ACTION, PLAN, approved.expires_at)
    assert refused.value.reason == "approval_expired"


def test_nothing_waits_for_ever(people):
    assert drafted(within=timedelta(days=400)).expires_at == NOW + LONGEST_WAIT


@pytest.mark.row("P002-103")
@pytest.mark.parametrize("leaver", ["alice", "bob"])
def test_the_open_approvals_of_a_revoked_operator_die(people, approved, leaver):
    pending = drafted()
    later = NOW + timedelta(minutes=1)
    sign(pending, people[leaver], later)
    assert revoke(leaver, "carol", people["carol"].code(later), later) == ()
    assert [find_request(one.number).state for one in (approved, pending)] == [State.VOID, State.VOID]
    with pytest.raises(Refused) as refused:
        consume.fn(approved.number, ACTION, PLAN, later)
    assert refused.value.fields["reasons"] == ("approval_void",)


def test_a_no_is_for_good_also_after_a_yes(people, approved):
    assert sign(approved, people["carol"], decision="refuse") == ()
    assert find_request(approved.number).state is State.REFUSED
    with pytest.raises(Refused, match="approval_refused"):
        consume.fn(approved.number, ACTION, PLAN, NOW)


def test_a_no_needs_a_code_as_well(people):
    asked = drafted()
    answer = Answer("refuse", "carol", people["carol"].wrong_code(NOW))
    assert give_answer(asked.number, PLAN, answer, NOW) == (Problem.WRONG_CODE,)
    assert find_request(asked.number).state is State.DRAFTED


@pytest.mark.row("P002-104")
def test_everything_that_is_wrong_is_named(people):
    asked = drafted(within=timedelta(minutes=5))
    sign(asked, people["alice"])
    late = NOW + timedelta(hours=1)
    answer = Answer("sign", "alice", people["alice"].wrong_code(late))
    assert give_answer(asked.number, OTHER, answer, late) == (
        Problem.WRONG_CODE,
        Problem.APPROVAL_EXPIRED,
        Problem.PLAN_CHANGED,
        Problem.SELF_APPROVAL,
    )


def test_a_third_person_adds_nothing_to_an_approval(people, approved):
    assert sign(approved, people["carol"]) == (Problem.ALREADY_APPROVED,)


def test_looking_again_changes_nothing_but_the_next_form(people):
    asked = drafted(run=uuid4())
    assert give_answer(asked.number, PLAN, Answer("look_again", by_form=True), NOW) == ()
    after = find_request(asked.number)
    assert (after.state, after.forms, after.requested_by) == (State.DRAFTED, asked.forms + 1, None)


def test_a_request_that_is_not_there_is_refused_by_its_number(people):
    with pytest.raises(Refused, match="unknown_request"):
        find_request(12345)
    assert give_answer(12345, PLAN, Answer("sign", "bob", people["bob"].code(NOW)), NOW) == (Problem.UNKNOWN_REQUEST,)
