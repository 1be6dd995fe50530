"""What db_verify sees in a real PostgreSQL (runbook 001, Production bootstrap, step 4)."""

import psycopg
import pytest

from tasks.plans import read_plan
from tasks.rules.faults import Fault
from tasks.rules.verification import REQUIRED_TABLES
from tests.tasks.plan_folders import DSN, apply, plan_of, verify


@pytest.fixture(autouse=True)
def production(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement)


@pytest.mark.row("P001-21")
def test_an_empty_database_lacks_every_table_and_the_ledger():
    assert verify(read_plan.fn("migrations/production"), *REQUIRED_TABLES) == (
        "db_verify status=fail reason=missing_tables reasons=missing_tables,ledger_missing"
        " tables=mood_events,messages,inbox_items,acknowledgements,second_touch_pairs,second_touch_offers,"
        "second_touch_daily_aggregates"
    )


@pytest.mark.row("P001-21", "W001-13")
def test_a_dropped_table_is_missing_if_required_and_drifted_in_any_case(production):
    plan = read_plan.fn("migrations/production")
    apply(plan)
    run(production, "DROP TABLE acknowledgements, matching_tuning")
    assert verify(plan, *REQUIRED_TABLES) == (
        "db_verify status=fail reason=missing_tables reasons=missing_tables,schema_drift"
        " tables=acknowledgements drifted=acknowledgements,matching_tuning"
    )


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE a DROP COLUMN c",
        "ALTER TABLE a ADD COLUMN d int",
        "ALTER TABLE a ALTER COLUMN c TYPE bigint",
        "ALTER TABLE a ALTER COLUMN c SET NOT NULL",
        "ALTER TABLE a ALTER COLUMN c SET DEFAULT 2",
        "ALTER TABLE a DROP CONSTRAINT small",
        "DROP INDEX a_c",
        "CREATE INDEX more ON a (b, c)",
        "DROP TABLE a",
        "ALTER TABLE a RENAME TO z",
    ],
)
def test_a_change_by_hand_is_drift(production, tmp_path, change):
    table = "CREATE TABLE a (b int, c int CONSTRAINT small CHECK (c < 9)); CREATE INDEX a_c ON a (c)"
    plan = plan_of(tmp_path, table, "CREATE TABLE other (b int)")
    apply(plan)
    run(production, change)
    assert verify(plan) == "db_verify status=fail reason=schema_drift drifted=a"


@pytest.mark.parametrize("change", ["CREATE TABLE new (b int)", "INSERT INTO a VALUES (1)", "VACUUM FULL ANALYZE a"])
def test_what_does_not_touch_the_plans_tables_is_no_drift(production, tmp_path, change):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int); CREATE INDEX a_b ON a (b)")
    apply(plan)
    run(production, change)
    assert verify(plan) == "db_verify status=ok"


@pytest.mark.row("P001-36")
def test_applying_again_does_not_forgive_a_drift_and_a_new_migration_does(production, tmp_path):
    apply(plan_of(tmp_path, "CREATE TABLE a (b int)"))
    run(production, "ALTER TABLE a ADD COLUMN c int")
    again = plan_of(tmp_path, "CREATE TABLE a (b int)")
    apply(again)
    assert verify(again) == "db_verify status=fail reason=schema_drift drifted=a"
    forward = plan_of(tmp_path, "CREATE TABLE a (b int)", "ALTER TABLE a ADD COLUMN IF NOT EXISTS c int")
    apply(forward)
    assert verify(forward) == "db_verify status=ok"


def test_a_ledger_without_our_note_is_no_drift(production, tmp_path):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)")
    apply(plan)
    for note in ("NULL", "'made by somebody else'"):
        run(production, f"COMMENT ON TABLE schema_migrations IS {note}")
        assert verify(plan) == "db_verify status=ok"


@pytest.mark.row("P001-27", "D001-6")
def test_verify_changes_nothing_and_works_on_a_read_only_server(production, tmp_path):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)")
    apply(plan)
    with psycopg.connect(production, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET default_transaction_read_only = on")
    assert verify(plan, "a") == "db_verify status=ok"


@pytest.mark.row("W001-14", "D001-8")
def test_a_role_that_may_not_read_the_ledger_is_denied(production, tmp_path, monkeypatch):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)")
    apply(plan)
    run(production, "CREATE ROLE reader LOGIN")
    monkeypatch.setenv(DSN, production.replace("postgres:@", "reader:@", 1))
    try:
        with pytest.raises(Fault) as caught:
            verify(plan, "a")
        assert caught.value.reason == "db_permission_denied"
        run(production, "GRANT SELECT ON schema_migrations TO reader")
        assert verify(plan, "a") == "db_verify status=ok"
    finally:
        run(production, "DROP OWNED BY reader", "DROP ROLE reader")
