"""Applying plans to a real PostgreSQL (runbook 001, Production bootstrap, step 3)."""

import psycopg
import pytest

from tasks.migrations import Applied, apply_plan
from tasks.plans import read_plan
from tasks.rules.plan import Plan
from tasks.rules.verification import REQUIRED_TABLES, judge_database
from tasks.verification import look_at_database

DSN = "POSTGRES_DSN_PROD"


@pytest.fixture(autouse=True)
def production(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


def apply(plan: Plan, **options) -> Applied:
    return apply_plan.fn(DSN, plan, **options)


def verify(plan: Plan, tables=REQUIRED_TABLES) -> str:
    return judge_database(plan, look_at_database.fn(DSN, plan, tables)).line


def test_our_own_plan_applies_once_and_is_skipped_from_then_on(production):
    plan = read_plan.fn("migrations/production")
    assert plan.problems == ()
    assert apply(plan) == Applied(17, 0)
    assert apply(plan) == Applied(0, 17)
    assert verify(plan) == "db_verify status=ok"
    with psycopg.connect(production) as conn:
        tables = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (20,)


def test_the_operations_plan_of_alembic_applies_once_and_is_skipped_from_then_on(production):
    plan = read_plan.fn("migrations/operations")
    assert plan.problems == ()
    assert apply(plan) == Applied(len(plan.migrations), 0)
    assert apply(plan) == Applied(0, len(plan.migrations))
    assert verify(plan, ("outcomes",)) == "db_verify status=ok"
