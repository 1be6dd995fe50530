"""The lock of the house: one holder, with a name and an age."""

import threading
import time

import psycopg
import pytest

from tasks.locks import held
from tasks.rules.faults import LockHeld


def connected(dsn: str) -> psycopg.Connection:
    return psycopg.connect(dsn, autocommit=True)


def test_the_second_one_learns_who_holds_the_lock_and_for_how_long(database):
    with (
        connected(database) as first,
        connected(database) as second,
        held(first, "ops_daily", holder="ops_daily.run"),
    ):
        time.sleep(1.1)
        with pytest.raises(LockHeld) as refused, held(second, "ops_daily"):
            pass
    assert refused.value.fields["held_by"] == "ops_daily.run"
    assert refused.value.fields["held_for_s"] in (1, 2)


def test_two_names_do_not_meet(database):
    with connected(database) as first, connected(database) as second, held(first, "one"), held(second, "two"):
        pass


def test_the_lock_is_free_after_the_block_also_after_a_failure(database):
    with connected(database) as first, connected(database) as second:
        with pytest.raises(ZeroDivisionError), held(first, "one"):
            raise ZeroDivisionError
        with held(second, "one"):
            pass


def test_the_lock_dies_with_the_connection_of_its_holder(database):
    with connected(database) as second:
        with connected(database) as first, held(first, "one"):
            second.execute("SELECT pg_terminate_backend(%s)", (first.info.backend_pid,))
        with held(second, "one", wait_s=5):
            pass


def test_who_waits_gets_the_lock_when_it_comes_free_in_time(database):
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        with connected(database) as first, held(first, "one"):
            entered.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    threading.Timer(0.3, release.set).start()
    with connected(database) as second, held(second, "one", wait_s=10):
        pass
    holder.join(10)


def test_who_waits_is_refused_when_the_time_is_up(database):
    with connected(database) as first, connected(database) as second, held(first, "one"):
        started = time.monotonic()
        with pytest.raises(LockHeld), held(second, "one", wait_s=0.3):
            pass
        assert time.monotonic() - started >= 0.3


def test_a_lock_of_an_unsigned_session_is_still_refused(database):
    with connected(database) as first, connected(database) as second:
        first.execute("SELECT pg_advisory_lock(hashtextextended('one', 0))")
        with pytest.raises(LockHeld) as refused, held(second, "one"):
            pass
    assert refused.value.fields["held_by"] == "unknown"


def test_a_role_without_any_privilege_still_learns_the_holder(database):
    with connected(database) as first, connected(database) as second, held(first, "one"):
        second.execute("CREATE ROLE lock_reader")
        try:
            second.execute("SET ROLE lock_reader")
            with pytest.raises(LockHeld) as refused, held(second, "one"):
                pass
        finally:
            second.execute("RESET ROLE")
            second.execute("DROP ROLE lock_reader")
    assert refused.value.fields["held_by"] == "one"
