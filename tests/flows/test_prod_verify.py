"""Runbook 001, Routine operations, Weekly and After deploy."""

import psycopg
import pytest
from psycopg import sql

from flows.production.db_bootstrap import db_bootstrap
from flows.production.prod_verify import prod_verify
from tests.production_database import TODAY, add_counters, add_day

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def deployed(capsys, database: str, monkeypatch, tmp_path) -> str:
    """A database that db_bootstrap has brought to the head of the plan."""
    monkeypatch.setenv("POSTGRES_DSN_PROD", database)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    db_bootstrap(mode="apply_migrations", return_state=True)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    capsys.readouterr()
    return database


def lines_of(capsys, **parameters) -> list[str]:
    prod_verify(return_state=True, **parameters)
    lines = capsys.readouterr().out.splitlines()
    return [line.removesuffix(" frozen_now=2026-11-21T03:00:00Z") for line in lines]


@pytest.mark.row("P001-10", "D001-1")
def test_without_a_dsn_the_plan_is_checked_and_the_rest_is_not_configured(capsys):
    for mode in ("dry_run", "verify"):
        lines = lines_of(capsys, mode=mode)
        assert lines[0].startswith("db_bootstrap_dry_run status=ok migrations=")
        assert lines[1:] == [
            f"prod_verify status=not_configured reason=missing_required_env mode={mode} env=POSTGRES_DSN_PROD"
        ]


@pytest.mark.row("P001-10")
def test_a_dry_run_connects_to_nothing(capsys, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "postgresql://nobody@127.0.0.1:9/none")
    assert lines_of(capsys)[-1] == "prod_verify status=ok mode=dry_run"


@pytest.mark.row("P001-11")
def test_after_a_deploy_no_data_is_accepted_and_said(capsys, deployed):
    state = prod_verify(mode="verify", return_state=True)
    assert state.result().exit_code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("db_verify status=ok")
    assert lines[-1].startswith("prod_verify status=insufficient_data reason=delivered_total_0 mode=verify")


@pytest.mark.row("P001-11")
def test_a_good_service_on_the_planned_schema_is_verified(capsys, deployed):
    add_day(deployed, TODAY, 100, 50)
    add_counters(deployed, TODAY, offers_generated=30)
    assert lines_of(capsys, mode="verify")[-1] == "prod_verify status=ok mode=verify"


@pytest.mark.row("P001-27")
def test_an_unhealthy_service_is_not_verified(capsys, deployed):
    add_day(deployed, TODAY, 100, 1)
    assert lines_of(capsys, mode="verify")[-1].startswith("prod_verify status=unhealthy reason=ops_daily_unhealthy")


@pytest.mark.row("P001-27")
def test_a_missing_table_is_found_before_health_is_judged(capsys, deployed):
    with psycopg.connect(deployed) as conn:
        conn.execute("DROP TABLE second_touch_offers")
    lines = lines_of(capsys, mode="verify")
    assert "status=fail reason=missing_tables" in lines[1]
    assert lines[2:] == ["prod_verify status=fail reason=db_verify_failed mode=verify parts=db_verify:fail"]


@pytest.mark.row("P001-27", "D001-6")
def test_verification_works_where_every_session_may_only_read(capsys, deployed):
    add_day(deployed, TODAY, 100, 50)
    with psycopg.connect(deployed, autocommit=True) as conn:
        conn.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(
                sql.Identifier(conn.info.dbname)
            )
        )
    assert lines_of(capsys, mode="verify")[-1].startswith("prod_verify status=ok")
