"""Applying SQL plans to a real PostgreSQL (runbook 001, Production bootstrap, step 3)."""

from typing import Any

import psycopg
import pytest

from tasks.migrations import Applied
from tasks.plans import read_plan
from tasks.rules.faults import Fault
from tasks.rules.plan import Plan
from tasks.rules.verification import REQUIRED_TABLES
from tests.tasks.plan_folders import DSN, OUR_OWN, apply, plan_of, verify

# The tables of the message service and the ledger (runbook 001).
SERVICE = {
    "mood_submissions",
    "messages",
    "inbox_items",
    "acknowledgements",
    "safety_events",
    "event_log",
    "eligible_principals",
    "mood_events",
    "affinity_scores",
    "principal_crisis_state",
    "security_events",
    "matching_tuning",
    "finite_content_selections",
    "daily_ack_aggregates",
    "second_touch_pairs",
    "second_touch_offers",
    "second_touch_daily_aggregates",
    "second_touch_events",
    "notification_intents",
    "schema_migrations",
}


@pytest.fixture(autouse=True)
def production(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(query).fetchall()


def ledger(dsn: str) -> list[str]:
    return [row[0] for row in rows(dsn, "SELECT id FROM schema_migrations ORDER BY id")]


def refusal(plan: Plan) -> dict[str, Any]:
    with pytest.raises(Fault) as caught:
        apply(plan)
    return {"reason": caught.value.reason, **{k: v for k, v in caught.value.fields.items() if v is not None}}


@pytest.mark.row("P001-6")
def test_our_own_plan_applies_once_and_is_skipped_from_then_on(production):
    plan = read_plan.fn("migrations/production")
    assert apply(plan) == Applied(OUR_OWN, 0)
    assert apply(plan) == Applied(0, OUR_OWN)
    assert verify(plan, *REQUIRED_TABLES) == "db_verify status=ok"
    assert {
        row[0] for row in rows(production, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    } >= SERVICE


def test_a_plan_is_found_from_any_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(read_plan.fn("migrations/production").migrations) == OUR_OWN
    assert read_plan.fn("migrations/nowhere").reasons == ("missing_plan",)


def test_the_crisis_rules_of_our_own_plan_hold(production):
    apply(read_plan.fn("migrations/production"))
    head = "INSERT INTO messages (valence, intensity, risk_level, status, sanitized_text) VALUES ('positive', 'low', "
    with psycopg.connect(production, autocommit=True) as conn:
        conn.execute(head + "2, 'blocked', NULL)")
        conn.execute(head + "0, 'queued', 'x')")
        for wrong in ("2, 'queued', NULL)", "2, 'blocked', 'x')", "0, 'blocked', 'x')", "3, 'queued', 'x')"):
            with pytest.raises(psycopg.errors.CheckViolation):
                conn.execute(head + wrong)


def test_the_ledger_row_holds_the_files_name_and_checksum(production, tmp_path):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)")
    apply(plan)
    assert rows(production, "SELECT id, filename, checksum, applied_at IS NOT NULL FROM schema_migrations") == [
        ("0001", "0001_step.sql", plan.migrations[0].checksum, True)
    ]


@pytest.mark.row("W001-10", "D001-11", "P001-36")
@pytest.mark.parametrize(
    ("broken", "sqlstate"),
    [
        ("CREATE TABLE b (c int); CREATE TABEL c (d int)", "42601"),
        ("CREATE TABLE b (c int); CREATE TABLE a (b int)", "42P07"),
        ("CREATE TABLE b (c int); SELECT 1 / 0", "22012"),
        ("CREATE TABLE b (c int); SELECT 'open", "42601"),
        ("CREATE TABLE b (c int); /* open", "42601"),
        ("CREATE TABLE b (c int); COPY b FROM STDIN", "0A000"),
        ("CREATE TABLE b (c int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO b VALUES (1), (1)", "23505"),
    ],
)
def test_a_broken_file_is_named_with_its_sqlstate_and_those_before_it_stay(production, tmp_path, broken, sqlstate):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)", "SELECT 'a'", broken, "CREATE TABLE z (y text DEFAULT '*/')")
    assert refusal(plan) == {
        "reason": "migration_apply_failed",
        "migration": "0003_step.sql",
        "sqlstate": sqlstate,
        "applied": 2,
        "skipped": 0,
    }
    assert ledger(production) == ["0001", "0002"]
    assert rows(production, "SELECT tablename FROM pg_tables WHERE tablename IN ('b', 'z')") == []
    mended = plan_of(tmp_path, "CREATE TABLE a (b int)", "SELECT 'a'", "CREATE TABLE b (c int)")
    assert apply(mended) == Applied(2, 2)


def test_an_open_comment_cannot_swallow_the_file_after_it(production, tmp_path):
    refusal(plan_of(tmp_path, "CREATE TABLE a (b int); /* open", "CREATE TABLE c (d int); /* closed */"))
    assert ledger(production) == []


def test_what_a_file_sets_for_its_session_ends_with_it(production, tmp_path):
    plan = plan_of(
        tmp_path,
        "CREATE SCHEMA other; CREATE ROLE limited_xxxxxx; SET search_path = other; SET statement_timeout = 1",
        "CREATE TABLE here (b int)",
        "SET ROLE limited_xxxxxx",
        "CREATE TABLE there (b int); DROP ROLE limited_xxxxxx",
    )
    assert apply(plan) == Applied(4, 0)
    assert rows(production, "SELECT schemaname FROM pg_tables WHERE tablename IN ('here', 'there')") == [
        ("public",),
        ("public",),
    ]


def test_functions_with_their_own_begin_and_quotes_are_ordinary_files(production, tmp_path):
    plan = plan_of(
        tmp_path,
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN length('x''y'); END $$;\n-- the end",
        "DO $body$ BEGIN PERFORM 1; END $body$;",
        "SELECT 100 % 7, '%s', $q$ it's $$ $q$",
    )
    assert plan.problems == ()
    assert apply(plan) == Applied(3, 0)


@pytest.mark.parametrize("text", ["BEGIN; CREATE TABLE a (b int); COMMIT;", "CREATE TABLE a (b int);\nROLLBACK;"])
def test_a_file_that_ends_its_own_transaction_is_refused_by_the_dry_run(tmp_path, text):
    assert plan_of(tmp_path, text).reasons == ("transaction_control",)


def test_a_plan_of_many_trips_applies_in_order_and_stops_where_it_breaks(production, tmp_path):
    texts = [f"CREATE TABLE t{number} (a int)" for number in range(1, 121)]
    texts[104] = "SELECT 1 / 0"
    assert refusal(plan_of(tmp_path, *texts))["applied"] == 104
    assert len(ledger(production)) == 104


@pytest.mark.row("P001-36", "D001-10")
def test_an_edited_applied_file_stops_everything(production, tmp_path):
    apply(plan_of(tmp_path, "SELECT 1", "SELECT 2"))
    edited = plan_of(tmp_path, "SELECT 11", "SELECT 2", "CREATE TABLE c (d int)")
    assert refusal(edited) == {
        "reason": "migration_checksum_mismatch",
        "migration": "0001_step.sql",
        "sqlstate": "na",
        "applied": 0,
        "skipped": 1,
    }
    assert ledger(production) == ["0001", "0002"]


@pytest.mark.row("W001-9")
def test_a_foreign_ledger_row_stops_everything_and_is_named(production, tmp_path):
    plan = plan_of(tmp_path, "SELECT 1")
    apply(plan)
    with psycopg.connect(production) as conn:
        conn.execute("INSERT INTO schema_migrations (id, filename, checksum) VALUES ('0002', '0002_theirs.sql', 'x')")
    assert refusal(plan)["reason"] == "ledger_unknown_migration"
    assert refusal(plan)["migration"] == "0002_theirs.sql"


def test_a_concurrent_index_is_built_outside_a_transaction(production, tmp_path):
    index = "-- big\nCREATE INDEX CONCURRENTLY a_b ON a (b);"
    plan = plan_of(tmp_path, "CREATE TABLE a (b int)", index, "SELECT 1")
    assert apply(plan) == Applied(3, 0)
    assert rows(production, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_b'::regclass") == [(True,)]
    assert apply(plan) == Applied(0, 3)


def test_a_file_that_mixes_both_ways_of_running_is_refused_by_the_dry_run(tmp_path):
    plan = plan_of(tmp_path, "CREATE TABLE a (b int); CREATE INDEX CONCURRENTLY a_b ON a (b);")
    assert plan.reasons == ("mixed_migration",)


@pytest.mark.row("W001-13")
def test_a_half_built_index_of_a_broken_start_is_dropped_and_built_again(production, tmp_path):
    table = "CREATE TABLE a (b int); INSERT INTO a VALUES (1), (1)"
    plan = plan_of(tmp_path, table, 'CREATE UNIQUE INDEX CONCURRENTLY "A_b" ON a (b)')
    assert refusal(plan)["sqlstate"] == "23505"
    assert verify(plan) == (
        "db_verify status=fail reason=ledger_behind reasons=ledger_behind,invalid_index"
        " migrations=0002_step.sql indexes=A_b"
    )
    with psycopg.connect(production) as conn:
        conn.execute("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)")
    assert apply(plan) == Applied(1, 1)
    assert verify(plan) == "db_verify status=ok"


def test_an_index_that_was_built_before_its_ledger_row_was_written_is_kept(production, tmp_path):
    apply(plan_of(tmp_path, "CREATE TABLE a (b int)"))
    with psycopg.connect(production, autocommit=True) as conn:
        conn.execute("CREATE INDEX CONCURRENTLY a_b ON a (b)")
        (before,) = conn.execute("SELECT 'a_b'::regclass::oid").fetchall()
    assert apply(plan_of(tmp_path, "CREATE TABLE a (b int)", "CREATE INDEX CONCURRENTLY a_b ON a (b)")) == Applied(
        1, 1
    )
    assert rows(production, "SELECT 'a_b'::regclass::oid") == [before]


def test_a_concurrent_drop_that_was_done_before_is_not_an_error(production, tmp_path):
    texts = ("CREATE TABLE a (b int); CREATE INDEX a_b ON a (b)", "DROP INDEX CONCURRENTLY a_b")
    apply(plan_of(tmp_path, texts[0]))
    with psycopg.connect(production) as conn:
        conn.execute("DROP INDEX a_b")
    assert apply(plan_of(tmp_path, *texts)) == Applied(1, 1)


def test_an_invalid_index_of_somebody_else_is_said_after_everything_is_applied(production, tmp_path):
    with psycopg.connect(production, autocommit=True) as conn:
        conn.execute("CREATE TABLE a (b int)")
        conn.execute("INSERT INTO a VALUES (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON a (b)")
    assert refusal(plan_of(tmp_path, "SELECT 1")) == {
        "reason": "invalid_index",
        "indexes": ("broken",),
        "applied": 1,
        "skipped": 0,
    }
