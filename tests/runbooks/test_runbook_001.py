"""Promises of runbook 001 that no other test proves, and its bad input; the rows are in docs/runbook-001.md."""

import json
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
from tasks.rules.contracts import REGISTRY, database, health, production
from tasks.rules.outcome import Contract, Form, Outcome, Status
from tasks.rules.playbooks.runbook import UNEXPECTED_EXIT_2, UNHEALTHY
from tasks.rules.redaction import looks_secret
from tests.acceptance.test_command import watchkeeper
from tests.production_database import TODAY, add_counters, add_day, add_delivery, create_tables, days_ago
from tests.runbooks.rows import DOCS
from tests.tasks.plan_folders import DSN, OUR_OWN, plan_of

NOW = "2026-11-21T03:00:00Z"
FROZEN = f" frozen_now={NOW}"
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
uses_server = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def say(capfd) -> Callable[..., list[str]]:
    """The lines of one run of a flow."""

    def run(flow, *arguments: object, **parameters: object) -> list[str]:
        flow(*arguments, **parameters, return_state=True)
        return [line.removesuffix(FROZEN) for line in capfd.readouterr().out.splitlines()]

    return run


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(query).fetchall()


def tables(dsn: str) -> int:
    return len(rows(dsn, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"))


@uses_server
@pytest.mark.row("P001-3", "P001-4", "P001-5", "P001-7", "P001-8", "P001-21", "P001-24", "P001-37")
def test_the_bootstrap_goes_in_its_order_and_a_step_too_early_says_what_is_missing(say, database, monkeypatch):
    assert say(prod_config) == ["prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD"]
    assert say(db_bootstrap) == [f"db_bootstrap_dry_run status=ok migrations={OUR_OWN}"]
    assert "reason=dsn_missing" in say(db_bootstrap, Mode.APPLY_MIGRATIONS)[0]
    monkeypatch.setenv(DSN, database)
    assert say(prod_config) == ["prod_config status=ok required=1"]
    assert say(db_verify)[0].startswith("db_verify status=fail reason=missing_tables")
    assert say(ops_daily, "prod")[-1].startswith("ops_daily status=fail reason=missing_tables")
    assert tables(database) == 0
    assert say(db_bootstrap, Mode.APPLY_MIGRATIONS) == [
        f"db_bootstrap status=ok mode=apply_migrations applied={OUR_OWN} skipped=0"
    ]
    assert say(db_verify) == ["db_verify status=ok"]
    lines = say(ops_daily, "prod")
    assert "ops_daily_watchdog status=insufficient_data reason=delivered_total_0" in "\n".join(lines)
    assert {line.split()[0] for line in lines} <= REGISTRY.keys()


@uses_server
@pytest.mark.row("P001-29")
def test_nothing_is_changed_by_a_procedure_that_was_told_nothing(say, service_database):
    add_day(service_database, days_ago(400), 100, 0)
    add_day(service_database, TODAY, 100, 0)
    before = tables(service_database)
    assert say(db_bootstrap)[-1].startswith("db_bootstrap_dry_run ")
    assert say(ops_daily) == ["ops_daily status=ok mode=ci"]
    assert say(prod_verify)[-1] == "prod_verify status=ok mode=dry_run"
    assert "mode=report" in say(retention)[-1]
    assert say(matching_tuning)[-1].startswith("matching_tuning status=planned")
    assert tables(service_database) == before
    assert rows(service_database, "SELECT count(*) FROM daily_ack_aggregates") == [(2,)]
    assert rows(service_database, "SELECT count(*) FROM matching_tuning_history") == [(0,)]


@uses_server
@pytest.mark.row("P001-33")
def test_the_least_healthy_ratio_is_an_option_and_the_limit_itself_is_healthy(say, service_database):
    add_day(service_database, TODAY, 100, 19)
    assert "ops_daily status=unhealthy" in say(ops_daily, "prod")[-1]
    assert "ops_daily status=healthy" in say(ops_daily, "prod", min_ratio=0.19)[-1]


@pytest.mark.row("P001-34")
def test_no_page_of_the_runbook_holds_what_must_not_be_pasted():
    for page in DOCS.glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            assert not looks_secret(line), f"{page.name}: {line}"


@pytest.mark.row("P001-18", "P001-19")
def test_the_playbooks_ask_what_the_runbook_asks():
    unhealthy, exit_2 = (" ".join(playbook.steps) for playbook in (UNHEALTHY, UNEXPECTED_EXIT_2))
    for asked in ("traffic", "sends_held_rate", "offers_suppressed_rate", "changed", "roll it back"):
        assert asked in unhealthy
    for asked in ("real signal", "status=insufficient_data", "scalate"):
        assert asked in exit_2


@pytest.mark.row("P001-9", "P001-11", "P001-13", "P001-15", "P001-20", "P001-31", "W001-23")
def test_the_exit_code_of_the_process_is_the_one_of_its_last_line(service_database):
    def ended(*arguments: str, dsn: str = service_database) -> tuple[int, str]:
        done = watchkeeper(*arguments, POSTGRES_DSN_PROD=dsn, WATCHKEEPER_NOW=NOW)
        return done.returncode, done.stdout.splitlines()[-1].removesuffix(FROZEN)

    assert ended("db-verify", dsn="")[0] == 0
    assert ended("db-verify", dsn=NOWHERE) == (1, "db_verify status=fail reason=db_connect_failed")
    code, line = ended("ops-daily", "--mode", "prod")
    assert code == 2
    assert line.startswith("ops_daily status=insufficient_data reason=delivered_total_0")
    assert ended("ops-daily", "--mode", "prod", "--scheduled")[0] == 0
    add_day(service_database, TODAY, 100, 1)
    code, line = ended("ops-daily", "--mode", "prod")
    assert code == 2
    assert line.startswith("ops_daily status=unhealthy")


@uses_server
@pytest.mark.row("W001-1", "W001-12")
def test_the_variable_that_was_named_is_the_one_that_is_used(say, database, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN", database)
    monkeypatch.setenv("OTHER_DSN", database)
    monkeypatch.setenv(DSN, NOWHERE)
    assert "applied=" in say(db_bootstrap, Mode.APPLY_MIGRATIONS, dsn_env="OTHER_DSN")[0]
    assert say(db_bootstrap, Mode.VERIFY, dsn_env="OTHER_DSN") == ["db_bootstrap status=ok mode=verify"]
    assert say(db_verify, dsn_env="OTHER_DSN") == ["db_verify status=ok"]
    assert say(prod_verify, "verify", dsn_env="OTHER_DSN")[-1].startswith("prod_verify status=insufficient_data")
    assert say(db_verify) == ["db_verify status=fail reason=db_connect_failed"]


@uses_server
@pytest.mark.row("W001-15")
def test_the_watchdog_and_the_tuning_measure_the_same(say, service_database):
    """Single deliveries that say otherwise, and a day that only a rolling week would count, change neither."""
    add_day(service_database, TODAY, 100, 45, theme="hope")
    add_day(service_database, days_ago(6), 100, 45)
    add_day(service_database, days_ago(7), 500, 500)
    add_delivery(service_database, TODAY, reactions=("helpful", "thanks"))
    (watchdog,) = (line for line in say(ops_daily, "prod") if line.startswith("ops_daily_watchdog "))
    (tuning,) = say(matching_tuning)
    assert "delivered_total=200 positive_total=90 h=0.45" in watchdog
    add_day(service_database, TODAY, 300, 5)
    (watchdog,) = (line for line in say(ops_daily, "prod") if line.startswith("ops_daily_watchdog "))
    (tuning,) = say(matching_tuning)
    assert "delivered_total=500 positive_total=95 h=0.19" in watchdog
    assert "ratio=0.19 delivered=500" in tuning


@uses_server
@pytest.mark.row("W001-7")
def test_counters_outlive_the_events_they_were_counted_from(say, service_database):
    add_counters(service_database, days_ago(120), offers_generated=30)
    with psycopg.connect(service_database) as conn:
        conn.execute(
            "INSERT INTO second_touch_events (event_day_utc, event_type, created_at)"
            " VALUES (%s, 'offer_generated', %s)",
            (days_ago(120), days_ago(120)),
        )
    assert "retention_cleanup table=second_touch_events status=ok deleted=1 cutoff_days=90" in say(
        ops_daily, "prod", scheduled=True
    )
    assert rows(service_database, "SELECT count FROM second_touch_daily_aggregates") == [(30,)]


@pytest.mark.row("W001-25")
@pytest.mark.parametrize("contract", REGISTRY.values(), ids=lambda contract: contract.token)
def test_every_status_of_every_token_is_in_its_json(contract: Contract):
    for status in contract.statuses:
        said = json.loads(contract.says(status).json)
        assert said[contract.status_key] == contract.words.get(status, status.value)


@pytest.mark.row("W001-26")
def test_every_token_of_the_runbook_speaks_in_the_one_form():
    families = (database, health, production)
    ours = [one for family in families for one in vars(family).values() if isinstance(one, Contract)]
    assert ours
    for contract in ours:
        assert REGISTRY[contract.token] is contract
        if contract.form is not Form.JSON:
            assert contract.says(contract.statuses[0]).line.startswith(f"{contract.token} status=")


# Bad input


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
    deadline = time.monotonic() + 20
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
