"""Bad input and faults of runbook 001; the rows are in docs/runbook-001.md."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from flows.naming import run_named
from flows.production.db_bootstrap import Mode, db_bootstrap
from flows.production.db_verify import db_verify
from flows.production.matching_tuning import matching_tuning
from flows.production.ops_daily import ops_daily
from flows.production.prod_config import prod_config
from flows.production.prod_verify import prod_verify
from flows.production.retention import retention
from tasks import embedded
from tasks.rules.contracts import database
from tasks.rules.outcome import Outcome, Status
from tests.acceptance.test_command import watchkeeper
from tests.production_database import TODAY, add_day, create_tables, days_ago
from tests.runbooks.production import NOW, rows, tables
from tests.tasks.plan_folders import DSN, plan_of

uses_server = pytest.mark.usefixtures("prefect_server")


@uses_server
@pytest.mark.row("D001-1")
@pytest.mark.parametrize("value", ["", "   "])
def test_a_blank_dsn_is_a_missing_one_everywhere(say, monkeypatch, value):
    monkeypatch.setenv(DSN, value)
    assert [say(flow)[-1] for flow in (prod_config, db_verify, retention, matching_tuning)] == [
        "prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD",
        "db_verify status=not_configured reason=missing_dsn",
        "retention status=not_configured reason=missing_dsn env=POSTGRES_DSN_PROD",
        "matching_tuning status=not_configured reason=missing_dsn env=POSTGRES_DSN_PROD",
    ]
    assert say(ops_daily, "prod")[-1].startswith("ops_daily status=fail reason=missing_env")
    assert say(prod_verify, "verify")[-1].startswith("prod_verify status=not_configured reason=missing_required_env")


@uses_server
@pytest.mark.row("D001-2")
@pytest.mark.parametrize("value", ["mysql://u:hunter2@h/d", "postgresql://", "hunter2", "postgresql://h:port/d?x"])
def test_a_malformed_dsn_is_no_connect_failure_and_is_never_shown(say, monkeypatch, value):
    monkeypatch.setenv(DSN, value)
    said = [
        say(prod_config)[-1],
        say(db_verify)[-1],
        say(ops_daily, "prod")[-1],
        say(prod_verify, "verify")[-1],
        say(retention)[-1],
    ]
    assert said[:3] == [
        "prod_config status=fail reason=invalid_env invalid=POSTGRES_DSN_PROD",
        "db_verify status=fail reason=invalid_dsn",
        "ops_daily status=fail reason=invalid_env mode=prod parts=prod_config:fail",
    ]
    assert said[3].startswith("prod_verify status=fail reason=db_verify_failed")
    assert said[4] == "retention status=fail reason=invalid_dsn env=POSTGRES_DSN_PROD"
    assert "hunter2" not in "".join(said)


@pytest.fixture
def mute() -> Iterator[str]:
    """The DSN of a server that takes every connection and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"postgresql://u@127.0.0.1:{listener.getsockname()[1]}/d"


@uses_server
@pytest.mark.row("D001-4")
def test_a_server_that_never_answers_is_given_up_after_ten_seconds(say, monkeypatch, mute):
    monkeypatch.setenv(DSN, mute)
    started = time.monotonic()
    assert say(db_verify) == ["db_verify status=fail reason=db_connect_failed"]
    assert 5 < time.monotonic() - started < 30


@uses_server
@pytest.mark.row("D001-5")
def test_a_statement_that_takes_too_long_is_a_timeout_and_a_longer_limit_finishes(
    say, database, monkeypatch, tmp_path
):
    monkeypatch.setenv(DSN, database)
    plan_of(tmp_path, "CREATE TABLE a (b int)", "CREATE TABLE c (d int); SELECT pg_sleep(1.5)")
    told = {"plan": str(tmp_path)}
    assert say(db_bootstrap, Mode.APPLY_MIGRATIONS, statement_timeout_s=1, **told) == [
        "db_bootstrap status=fail mode=apply_migrations reason=db_timeout migration=0002_step.sql sqlstate=57014"
        " applied=1 skipped=0"
    ]
    assert rows(database, "SELECT to_regclass('c') IS NULL") == [(True,)]
    assert say(db_bootstrap, Mode.APPLY_MIGRATIONS, **told) == [
        "db_bootstrap status=ok mode=apply_migrations applied=1 skipped=1"
    ]


@uses_server
@pytest.mark.row("D001-6")
def test_a_cleanup_of_a_read_only_database_says_so_and_deletes_nothing(say, service_database):
    add_day(service_database, days_ago(400), 1, 1)
    with psycopg.connect(service_database, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    lines = say(retention, "cleanup")
    assert "retention_cleanup table=daily_ack_aggregates status=fail reason=db_read_only deleted=0" in lines[3]
    assert lines[-1].startswith("retention status=fail reason=cleanup_failed")
    assert rows(service_database, "SELECT count(*) FROM daily_ack_aggregates") == [(1,)]


@pytest.fixture
def own_server(tmp_path, monkeypatch) -> Iterator[Callable[[], None]]:
    """A PostgreSQL of this test's own, with the service's tables; what is yielded restarts it."""
    home = tmp_path / "home"
    dsn = embedded.keep(home).dsns[DSN]

    def restart() -> None:
        assert embedded.give_up(home)
        embedded.keep(home)

    create_tables(dsn)
    monkeypatch.setenv(DSN, dsn)
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    yield restart
    embedded.give_up(home)


def await_waiting_run(dsn: str) -> None:
    deadline = time.monotonic() + 120
    with psycopg.connect(dsn, autocommit=True) as conn:
        while not conn.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@uses_server
@pytest.mark.row("D001-7")
def test_a_daily_run_whose_server_restarts_says_so_and_a_second_start_finishes(say, own_server):
    add_day(os.environ[DSN], TODAY, 100, 50)
    busy = psycopg.connect(os.environ[DSN])
    busy.execute("LOCK TABLE daily_ack_aggregates")

    def restart() -> None:
        await_waiting_run(os.environ[DSN])
        own_server()

    restarter = threading.Thread(target=restart)
    restarter.start()
    lines = say(ops_daily, "prod")
    restarter.join()
    busy.close()
    assert lines[-1] == "ops_daily status=fail reason=db_connection_lost env=POSTGRES_DSN_PROD"
    assert say(ops_daily, "prod")[-1].startswith("ops_daily status=healthy")


@pytest.fixture
def limited_role(service_database, monkeypatch) -> Iterator[None]:
    """The variable names a role that may connect and read nothing."""
    with psycopg.connect(service_database, autocommit=True) as admin:
        admin.execute("CREATE ROLE without_rights LOGIN")
    monkeypatch.setenv(DSN, service_database.replace("postgres:@", "without_rights:@", 1))
    yield
    with psycopg.connect(service_database, autocommit=True) as admin:
        admin.execute("DROP OWNED BY without_rights")
        admin.execute("DROP ROLE without_rights")


@uses_server
@pytest.mark.row("D001-8")
def test_a_missing_privilege_is_its_own_reason_in_every_procedure_that_reads(say, limited_role):
    assert say(ops_daily, "prod")[-1] == "ops_daily status=fail reason=db_permission_denied env=POSTGRES_DSN_PROD"
    assert say(retention, "cleanup")[0].startswith(
        "retention_cleanup table=security_events status=fail reason=db_permission_denied deleted=0"
    )
    assert say(matching_tuning)[-1].startswith("matching_tuning status=fail reason=db_permission_denied")


@uses_server
@pytest.mark.row("D001-9", "P001-12")
@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("0001_again.sql", "duplicate_migration_id"),
        ("0003_later.sql", "migration_gap"),
        ("second.sql", "invalid_migration_name"),
        ("notes.txt", "stray_file"),
    ],
)
def test_an_unsound_plan_never_reaches_the_database(say, database, monkeypatch, tmp_path, extra, reason):
    monkeypatch.setenv(DSN, database)
    plan_of(tmp_path, "CREATE TABLE a (b int)")
    (tmp_path / extra).write_text("CREATE TABLE c (d int)")
    dry = say(db_bootstrap, plan=str(tmp_path))[0]
    assert dry.startswith(f"db_bootstrap_dry_run status=fail reason={reason} ")
    refused = say(db_bootstrap, Mode.APPLY_MIGRATIONS, plan=str(tmp_path))[0]
    assert "reason=migrations_invalid" in refused
    assert reason in refused
    assert tables(database) == 0


@pytest.mark.row("D001-17")
def test_a_cleanup_that_is_killed_keeps_what_it_committed_and_a_second_start_finishes(service_database):
    with psycopg.connect(service_database) as conn:
        conn.execute(
            "INSERT INTO security_events (actor_hash, event_type, created_at)"
            " SELECT 'h', 'e', '2026-01-01' FROM generate_series(1, 200000)"
        )
    environment = os.environ | {DSN: service_database}
    command = [sys.executable, "-m", "flows", "retention", "--mode", "cleanup"]
    left = "SELECT count(*) FROM security_events"
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with psycopg.connect(service_database, autocommit=True) as conn:
        while (conn.execute(left).fetchone() or (0,))[0] == 200_000 and run.poll() is None:
            time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    assert run.wait(timeout=10) == -signal.SIGKILL
    done = watchkeeper("retention", "--mode", "cleanup", POSTGRES_DSN_PROD=service_database, WATCHKEEPER_NOW=NOW)
    assert done.stdout.splitlines()[-1].startswith("retention status=ok mode=cleanup")
    assert rows(service_database, left) == [(0,)]


@uses_server
@pytest.mark.row("W001-6")
def test_whatever_is_raised_ends_in_a_line_and_nothing_of_it_is_shown(capfd):
    from tasks.procedure import procedure

    @procedure(database.DB_VERIFY, run_name=run_named("db-verify"))
    def falls_over() -> Outcome:
        """Never comes to a result."""
        raise ZeroDivisionError("c4naryInTraceback")

    state = falls_over(return_state=True)
    printed = capfd.readouterr()
    assert printed.out == "db_verify status=error reason=crash\n"
    assert "c4naryInTraceback" not in printed.out
    assert state.is_failed()
    assert Status.ERROR in str(state.message)
