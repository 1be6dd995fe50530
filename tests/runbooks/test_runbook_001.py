"""Promises of runbook 001 that no other test proves; the rows are in docs/runbook-001.md."""

import json

import psycopg
import pytest

from flows.production.db_bootstrap import Mode, db_bootstrap
from flows.production.db_verify import db_verify
from flows.production.matching_tuning import matching_tuning
from flows.production.ops_daily import ops_daily
from flows.production.prod_config import prod_config
from flows.production.prod_verify import prod_verify
from flows.production.retention import retention
from tasks.rules.contracts import REGISTRY, database, health, production
from tasks.rules.outcome import Contract, Form
from tasks.rules.playbooks.runbook import UNEXPECTED_EXIT_2, UNHEALTHY
from tasks.rules.redaction import looks_secret
from tests.acceptance.test_command import watchkeeper
from tests.production_database import TODAY, add_counters, add_day, add_delivery, days_ago
from tests.runbooks.production import FROZEN, NOW, rows, tables
from tests.runbooks.rows import DOCS
from tests.tasks.plan_folders import DSN, OUR_OWN

NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
uses_server = pytest.mark.usefixtures("prefect_server")


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
