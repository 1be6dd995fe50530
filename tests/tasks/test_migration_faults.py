"""Appliers that are killed, meet each other or meet a sick server (runbook 001, Production bootstrap, step 3)."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tasks import embedded
from tasks.locks import take
from tasks.migrations import MIGRATIONS_LOCK, Applied
from tasks.rules.faults import Fault, LockHeld
from tasks.rules.plan import Plan
from tests.tasks.plan_folders import DSN, applier, apply, plan_of, verify


@pytest.fixture(autouse=True)
def production(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


@pytest.fixture
def limited_role(production) -> Iterator[str]:
    """The DSN of a role that may connect and nothing else."""
    with psycopg.connect(production, autocommit=True) as admin:
        admin.execute("CREATE ROLE limited LOGIN")
    yield production.replace("postgres:@", "limited:@", 1)
    with psycopg.connect(production, autocommit=True) as admin:
        admin.execute("DROP OWNED BY limited")
        admin.execute("DROP ROLE limited")


def refusal(plan: Plan, lock_wait_s: float = 10) -> dict[str, Any]:
    with pytest.raises(Fault) as caught:
        apply(plan, lock_wait_s)
    return {"reason": caught.value.reason, **{k: v for k, v in caught.value.fields.items() if v is not None}}


@contextmanager
def admin_of(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        yield conn


def wait_until(conn: psycopg.Connection, condition: str) -> None:
    deadline = time.monotonic() + 20
    while conn.execute(f"SELECT {condition}").fetchone() != (True,):
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


SLEEPING = "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())"


@pytest.mark.row("W001-11")
def test_of_two_appliers_one_applies_and_the_other_skips_or_is_refused(production, tmp_path, postgres):
    texts = [f"CREATE TABLE t{number} (a int PRIMARY KEY)" for number in range(8)]
    for _round in range(4):
        with admin_of(production) as conn:
            conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        plan_of(tmp_path, *texts)
        both = [applier(tmp_path), applier(tmp_path)]
        said = sorted(process.communicate(timeout=60)[0].strip() for process in both)
        assert said == ["applied=0 skipped=8", "applied=8 skipped=0"]


@pytest.mark.row("W001-11")
def test_a_second_applier_is_refused_with_the_name_and_the_age_of_the_first(production, tmp_path):
    plan = plan_of(tmp_path, "SELECT 1")
    with admin_of(production) as first:
        take(first, MIGRATIONS_LOCK, "db-bootstrap.1", 0)
        time.sleep(1.1)
        started = time.monotonic()
        with pytest.raises(LockHeld) as caught:
            apply(plan, lock_wait_s=0.5)
    assert 0.5 <= time.monotonic() - started < 5
    assert str(caught.value.fields["held_by"]).startswith("db-bootstrap.")
    assert caught.value.fields["held_for_s"] in (1, 2, 3)
    assert apply(plan) == Applied(1, 0)


def test_a_second_applier_waits_for_the_first(production, tmp_path):
    plan_of(tmp_path, "SELECT pg_sleep(1.5)")
    with admin_of(production) as conn:
        first = applier(tmp_path)
        wait_until(conn, SLEEPING)
        assert apply(plan_of(tmp_path, "SELECT pg_sleep(1.5)")) == Applied(0, 1)
    assert first.communicate(timeout=30)[0].strip() == "applied=1 skipped=0"


def test_a_waiting_applier_does_not_hold_up_a_concurrent_index_build(production, tmp_path):
    """A waiter that sat in a blocking statement would deadlock with the holder's build."""
    table = "CREATE TABLE a AS SELECT n AS b FROM generate_series(1, 200000) AS n"
    plan_of(tmp_path, table, "CREATE INDEX CONCURRENTLY i ON a (b)")
    both = [applier(tmp_path), applier(tmp_path)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert said == ["applied=0 skipped=2", "applied=2 skipped=0"]


@pytest.mark.row("D001-17")
def test_an_applier_that_was_killed_in_the_middle_leaves_whole_files_and_a_second_start_finishes(
    production, tmp_path
):
    texts = ["CREATE TABLE a (b int)", "CREATE TABLE c (d int); SELECT pg_sleep(2)", "CREATE TABLE e (f int)"]
    plan = plan_of(tmp_path, *texts)
    killed = applier(tmp_path)
    with admin_of(production) as conn:
        wait_until(conn, SLEEPING)
        killed.kill()
        assert killed.wait(timeout=10) == -9
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        wait_until(conn, f"NOT {SLEEPING}")
        assert conn.execute("SELECT id FROM schema_migrations").fetchall() == [("0001",)]
        assert conn.execute("SELECT to_regclass('c')").fetchone() == (None,)
    assert apply(plan) == Applied(2, 1)
    assert verify(plan, "a", "c", "e") == "db_verify status=ok"


def test_a_concurrent_build_that_was_broken_off_is_finished_by_a_second_start(production, tmp_path):
    texts = ["CREATE TABLE a (b int)", "CREATE INDEX CONCURRENTLY i ON a (b)", "CREATE TABLE z (y int)"]
    apply(plan_of(tmp_path, texts[0]))
    plan = plan_of(tmp_path, *texts)
    building = (
        "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock')"
    )
    with psycopg.connect(production) as writer, admin_of(production) as conn:
        writer.execute("INSERT INTO a VALUES (1)")  # an open transaction, for which the build has to wait
        process = applier(tmp_path)
        wait_until(conn, building)
        process.kill()
        process.wait(timeout=10)
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%'")
    assert "indexes=i" in verify(plan)
    assert apply(plan) == Applied(2, 1)
    assert verify(plan, "a", "z") == "db_verify status=ok"


@pytest.mark.row("D001-7")
def test_a_server_that_goes_down_in_the_middle_is_a_lost_connection_and_a_second_start_finishes(production, tmp_path):
    plan_of(tmp_path, "CREATE TABLE a (b int)", "CREATE TABLE c (d int); SELECT pg_sleep(5)")
    process = applier(tmp_path)
    with admin_of(production) as conn:
        wait_until(conn, SLEEPING)
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    assert process.communicate(timeout=30)[0].strip() == "db_connection_lost"
    assert apply(plan_of(tmp_path, "CREATE TABLE a (b int)", "CREATE TABLE c (d int)")) == Applied(1, 1)


def test_an_applier_that_was_killed_between_two_round_trips_leaves_the_first_and_a_second_start_finishes(
    production, tmp_path
):
    """Stopped while the server is busy with file 50, the last of its round trip, and killed before it sends more."""
    texts = [f"CREATE TABLE t{number} (a int)" for number in range(1, 121)]
    texts[49] += "; SELECT pg_sleep(2)"
    plan = plan_of(tmp_path, *texts)
    killed = applier(tmp_path)
    with admin_of(production) as conn:
        wait_until(conn, SLEEPING)
        killed.send_signal(signal.SIGSTOP)
        wait_until(conn, "(SELECT count(*) FROM schema_migrations) = 50")
        killed.kill()
        assert killed.wait(timeout=10) == -9
        assert conn.execute("SELECT max(id), count(*) FROM schema_migrations").fetchone() == ("0050", 50)
    assert apply(plan) == Applied(70, 50)
    assert verify(plan, "t1", "t50", "t120") == "db_verify status=ok"


@pytest.mark.parametrize(("seconds_before", "at_least"), [(0, 0), (1.5, 79)])
def test_a_server_that_crashes_and_comes_back_has_whole_files_and_a_second_start_finishes(
    tmp_path, monkeypatch, seconds_before, at_least
):
    """Commits that did not wait for the disk are there once it was written; earlier, a file goes with its row."""
    home, folder = tmp_path / "home", tmp_path / "plan"
    home.mkdir()
    folder.mkdir()
    texts = [f"CREATE TABLE t{number} (a int)" for number in range(1, 121)]
    texts[79] += "; SELECT pg_sleep(20)"
    plan_of(folder, *texts)
    dsn = embedded.keep(home).dsns[DSN]
    try:
        monkeypatch.setenv(DSN, dsn)
        process = applier(folder)
        with admin_of(dsn) as conn:
            wait_until(conn, SLEEPING)
            time.sleep(seconds_before)
        embedded._run("pg_ctl", "restart", "-w", "-m", "immediate", "-D", str(home / "postgres"))
        assert process.communicate(timeout=30)[0].strip() == "db_connection_lost"
        with admin_of(dsn) as conn:
            tables = conn.execute("SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]+$'").fetchone()
            done = conn.execute("SELECT count(*), coalesce(max(id)::int, 0) FROM schema_migrations").fetchone()
        assert tables and done == (tables[0], tables[0])
        assert at_least <= tables[0] <= 79
        plan = plan_of(folder, *texts[:79], "CREATE TABLE t80 (a int)", *texts[80:])
        assert apply(plan) == Applied(120 - tables[0], tables[0])
        assert verify(plan, "t1", "t80", "t120") == "db_verify status=ok"
    finally:
        embedded.give_up(home)


@pytest.mark.row("W001-14", "D001-6")
def test_a_read_only_server_says_so(production, tmp_path):
    with admin_of(production) as conn:
        name = conn.info.dbname
        conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert refusal(plan_of(tmp_path, "SELECT 1"))["reason"] == "db_read_only"


def test_a_database_that_turned_read_only_names_the_first_file_that_could_not_be_applied(production, tmp_path):
    apply(plan_of(tmp_path, "SELECT 1"))
    with admin_of(production) as conn:
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET default_transaction_read_only = on")
    assert refusal(plan_of(tmp_path, "SELECT 1", "CREATE TABLE a (b int)")) == {
        "reason": "db_read_only",
        "migration": "0002_step.sql",
        "sqlstate": "25006",
        "applied": 0,
        "skipped": 1,
    }


@pytest.mark.row("W001-14", "D001-8")
def test_a_missing_privilege_is_no_connect_failure(production, tmp_path, limited_role, monkeypatch):
    plan = plan_of(tmp_path, "SELECT 1", "CREATE TABLE a (b int)")
    monkeypatch.setenv(DSN, limited_role)
    assert refusal(plan)["reason"] == "db_permission_denied"
    with admin_of(production) as conn:
        conn.execute("GRANT CREATE ON SCHEMA public TO limited")
    assert apply(plan) == Applied(2, 0)


def test_a_file_that_lacks_a_privilege_is_named(production, tmp_path, limited_role, monkeypatch):
    with admin_of(production) as conn:
        conn.execute("GRANT CREATE ON SCHEMA public TO limited; CREATE TABLE theirs (b int)")
    monkeypatch.setenv(DSN, limited_role)
    assert refusal(plan_of(tmp_path, "SELECT 1", "ALTER TABLE theirs ADD COLUMN c int")) == {
        "reason": "db_permission_denied",
        "migration": "0002_step.sql",
        "sqlstate": "42501",
        "applied": 1,
        "skipped": 0,
    }


@pytest.mark.row("D001-8")
def test_a_role_that_may_not_connect_is_denied_and_not_unreachable(production, tmp_path, limited_role, monkeypatch):
    with admin_of(production) as conn:
        conn.execute(f"REVOKE CONNECT ON DATABASE {conn.info.dbname} FROM PUBLIC")
    monkeypatch.setenv(DSN, limited_role)
    assert refusal(plan_of(tmp_path, "SELECT 1"))["reason"] == "db_permission_denied"


@pytest.mark.row("W001-14", "D001-5")
def test_a_table_that_somebody_keeps_locked_is_a_timeout_that_names_the_file(production, tmp_path):
    with admin_of(production) as conn:
        conn.execute("CREATE TABLE a (b int)")
    with psycopg.connect(production) as busy:
        busy.execute("LOCK TABLE a")
        said = refusal(plan_of(tmp_path, "SELECT 1", "ALTER TABLE a ADD COLUMN c int"))
    assert (said["reason"], said["migration"], said["sqlstate"]) == ("db_timeout", "0002_step.sql", "55P03")
    assert said["applied"] == 1


def test_a_database_that_is_not_there_is_a_connect_failure(tmp_path, monkeypatch):
    monkeypatch.setenv(DSN, "postgresql://ops:s3cret@127.0.0.1:9/app")
    with pytest.raises(Fault) as caught:
        apply(plan_of(tmp_path, "SELECT 1"))
    assert caught.value.reason == "db_connect_failed"
    assert "s3cret" not in str(caught.value)
