"""One-time codes on a real PostgreSQL: right, wrong, late, used, guessed at; and what is kept of the secret."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography.fernet import Fernet

from tasks.approvals.codes import check_code
from tasks.approvals.operators import enrol, list_operators, revoke, unlock
from tasks.rules.approval import LOCK_AFTER_WRONG_CODES, LOCK_ALL_AFTER_WRONG_CODES, LOCK_LASTS, Problem
from tasks.rules.faults import Fault, Misconfigured, Refused
from tests.people import KEY, App

NOW = datetime(2026, 11, 21, 3, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _nobody_enrolled(approvals):
    """Each test begins with an empty list."""


@pytest.fixture
def alice():
    return App("alice").enrolled(now=NOW)


@pytest.fixture
def bob(alice):
    return App("bob").enrolled(by="alice", now=NOW)


def check(app, code, now=NOW):
    return check_code(app.name, code, "test", now)


def states(now=NOW):
    return {one.name: one.state for one in list_operators.fn(now)}


@pytest.mark.row("P002-105", "D002-101")
@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_in_its_own_half_minute_and_one_before_and_after(alice, steps, counts):
    assert check(alice, alice.code(NOW, steps)) == (() if counts else (Problem.WRONG_CODE,))


@pytest.mark.row("P002-105")
def test_a_code_counts_once_and_an_older_one_not_after_it(alice):
    assert check(alice, alice.code(NOW)) == ()
    assert check(alice, alice.code(NOW)) == (Problem.CODE_USED,)
    assert check(alice, alice.code(NOW, -1)) == (Problem.CODE_USED,)
    assert check(alice, alice.code(NOW, 1)) == ()


@pytest.mark.row("P002-105")
def test_of_many_who_give_the_same_code_at_once_one_gets_through(alice):
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: check(alice, alice.code(NOW)), range(8)))
    assert sorted(verdicts) == [(), *[(Problem.CODE_USED,)] * 7]


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "0" * 4000]
)
def test_what_is_no_code_is_a_wrong_code(alice, code):
    assert check(alice, code) == (Problem.WRONG_CODE,)


@pytest.mark.row("P002-106", "D002-102")
def test_wrong_codes_lock_and_the_right_one_does_not_open(alice, bob):
    for _ in range(LOCK_AFTER_WRONG_CODES):
        assert check(alice, alice.wrong_code(NOW)) == (Problem.WRONG_CODE,)
    assert check(alice, alice.code(NOW)) == (Problem.OPERATOR_LOCKED,)
    assert states() == {"alice": "locked", "bob": "active"}
    assert unlock("alice", "bob", bob.code(NOW), NOW) == ()
    assert check(alice, alice.code(NOW)) == ()


def test_a_lock_ends_by_itself_after_a_day_and_the_counting_begins_anew(alice):
    for _ in range(LOCK_AFTER_WRONG_CODES):
        check(alice, alice.wrong_code(NOW))
    later = NOW + LOCK_LASTS
    assert check(alice, alice.wrong_code(later), later) == (Problem.WRONG_CODE,)
    assert check(alice, alice.code(later), later) == ()


@pytest.mark.row("P002-106")
def test_guesses_at_the_same_time_are_all_counted(alice):
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: check(alice, alice.wrong_code(NOW)), range(12)))
    assert verdicts.count((Problem.WRONG_CODE,)) == LOCK_AFTER_WRONG_CODES


def test_a_right_code_between_wrong_ones_begins_the_counting_anew(alice):
    for _ in range(LOCK_AFTER_WRONG_CODES - 1):
        check(alice, alice.wrong_code(NOW))
    assert check(alice, alice.code(NOW)) == ()
    assert check(alice, alice.wrong_code(NOW)) == (Problem.WRONG_CODE,)
    assert states() == {"alice": "active"}


@pytest.mark.row("P002-106")
def test_wrong_codes_of_all_lock_everybody_for_the_hour(alice):
    people = [App(f"guest{n}").enrolled(by="alice", now=NOW) for n in range(5)]
    for number in range(LOCK_ALL_AFTER_WRONG_CODES):
        person = people[number // 4]
        assert check(person, person.wrong_code(NOW)) == (Problem.WRONG_CODE,)
    assert check(alice, alice.code(NOW)) == (Problem.APPROVALS_LOCKED,)
    hour_later = NOW + timedelta(hours=1)
    assert check(alice, alice.code(hour_later), hour_later) == ()


def test_nobody_unlocks_themselves(alice):
    with pytest.raises(Refused) as refused:
        unlock("alice", "alice", alice.code(NOW), NOW)
    assert refused.value.reason == "self_unlock"


@pytest.mark.row("P002-103")
def test_a_revoked_operator_is_nobody_and_the_name_is_never_given_again(alice, bob):
    assert revoke("bob", "alice", alice.code(NOW), NOW) == ()
    assert check(bob, bob.code(NOW)) == (Problem.REVOKED_OPERATOR,)
    with pytest.raises(Refused) as refused:
        App("bob").enrolled(by="alice", now=NOW)
    assert refused.value.reason == "already_enrolled"


def test_the_last_operator_stays(alice):
    with pytest.raises(Refused) as refused:
        revoke("alice", "alice", alice.code(NOW), NOW)
    assert refused.value.reason == "last_operator"


def test_a_wrong_code_revokes_and_unlocks_nobody(alice, bob):
    assert revoke("bob", "alice", alice.wrong_code(NOW), NOW) == (Problem.WRONG_CODE,)
    assert unlock("bob", "alice", alice.wrong_code(NOW), NOW) == (Problem.WRONG_CODE,)
    assert states() == {"alice": "active", "bob": "active"}


@pytest.mark.row("P002-107")
def test_only_one_of_two_first_operators_enrols_alone():
    apps = [App("alice"), App("mallory")]

    def first(app):
        try:
            return enrol(app.name, app.secret, app.code(NOW), None, NOW)
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(first, apps))) == ["True", "needs_operator"]


def test_who_cannot_answer_with_a_code_of_the_secret_is_not_enrolled():
    app = App("alice")
    assert not enrol("alice", app.secret, app.wrong_code(NOW), None, NOW)
    assert states() == {}


@pytest.mark.row("P002-108")
def test_the_database_does_not_hold_a_secret_that_makes_codes(alice, approvals):
    with psycopg.connect(approvals) as conn:
        kept = str(conn.execute("SELECT * FROM operators").fetchall())
    assert alice.secret not in kept
    assert KEY not in kept


@pytest.mark.row("P002-108", "D002-103")
def test_without_the_key_or_with_another_one_no_code_counts_and_the_next_step_is_said(alice, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", Fernet.generate_key().decode())
    with pytest.raises(Fault) as changed:
        check(alice, alice.code(NOW))
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", "not base64 at all")
    with pytest.raises(Misconfigured) as invalid:
        check(alice, alice.code(NOW))
    monkeypatch.delenv("WATCHKEEPER_APPROVAL_KEY")
    with pytest.raises(Misconfigured) as missing:
        check(alice, alice.code(NOW))
    reasons = [one.value.reason for one in (changed, invalid, missing)]
    assert reasons == ["approval_key_changed", "invalid_setting", "missing_approval_key"]
    assert "openssl rand" in missing.value.next_step


def test_a_key_is_replaced_by_putting_the_new_one_first(alice, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", f"{Fernet.generate_key().decode()}, {KEY}")
    assert check(alice, alice.code(NOW)) == ()


@pytest.mark.row("D002-104")
def test_a_frozen_clock_makes_every_code_worthless(alice, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:10Z")
    with pytest.raises(Refused) as refused:
        check(alice, alice.code(NOW))
    assert refused.value.reason == "frozen_clock"


def test_an_unknown_name_takes_as_long_as_a_known_one(alice):
    """Both make three codes and compare all of them; only the lookup differs."""

    def seconds(name):
        taken = []
        for number in range(15):
            begun = time.perf_counter()
            check_code(name, "000000", "test", NOW + timedelta(days=number * 2))
            taken.append(time.perf_counter() - begun)
        return sorted(taken)[7]

    assert seconds("nobody") > seconds("alice") / 4


def test_every_code_that_was_given_leaves_a_row_without_the_code(alice, approvals):
    check(alice, alice.wrong_code(NOW))
    check_code("what somebody typed", alice.code(NOW), "test", NOW)
    with psycopg.connect(approvals) as conn:
        rows = conn.execute("SELECT operator, purpose, verdict FROM approval_codes ORDER BY id").fetchall()
    assert rows == [("alice", "test", "wrong_code"), (None, "test", "unknown_operator")]
