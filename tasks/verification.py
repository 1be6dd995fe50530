"""One look at the production database: its tables, its ledger, its indexes."""

from collections.abc import Sequence

import psycopg

from tasks.alembic_plans import applied_revisions
from tasks.catalogue import invalid_indexes, missing_tables
from tasks.databases import connection
from tasks.ledger import drifted_tables, has_ledger, read_ledger
from tasks.rules.plan import LedgerRow, Plan, PlanKind, compare
from tasks.rules.verification import DatabaseFacts
from tasks.step import step


@step
def look_at_database(
    dsn_env: str, plan: Plan, tables: Sequence[str], *, database: str | None = None
) -> DatabaseFacts:
    """What db_verify judges; read-only and in one transaction (runbook 001, Production bootstrap, step 4)."""
    with connection(dsn_env, read_only=True, database=database) as conn:
        ledger = has_ledger(conn)
        return DatabaseFacts(
            missing_tables=missing_tables(conn, tables),
            has_ledger=ledger,
            comparison=compare(plan, _applied(conn, plan)) if ledger and not plan.problems else None,
            invalid_indexes=invalid_indexes(conn),
            drifted_tables=drifted_tables(conn) if ledger else (),
        )


def _applied(conn: psycopg.Connection, plan: Plan) -> tuple[LedgerRow, ...]:
    if plan.kind is PlanKind.ALEMBIC:
        return applied_revisions(conn, plan)
    return read_ledger(conn, plan.kind)
