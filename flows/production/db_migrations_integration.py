"""The gate before a release: does the plan apply to an empty database, and does a second apply change nothing?"""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.production.db_verify import DEFAULT_PLAN, SEVEN, DsnEnv, PlanFolder, Tables, verify_database
from tasks.migrations import apply_plan
from tasks.plans import read_plan
from tasks.procedure import failed, procedure
from tasks.rules.contracts.database import DB_MIGRATIONS_INTEGRATION
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome, Status
from tasks.scratch_databases import scratch_database

HOLDER = "db-migrations-integration"


@procedure(DB_MIGRATIONS_INTEGRATION, run_name=run_named("db-migrations-integration", "plan"))
def db_migrations_integration(
    dsn_env: Annotated[DsnEnv, Field(description="Variable with the DSN of a server that may be tried on.")] = (
        "POSTGRES_DSN_TEST"
    ),
    plan: PlanFolder = DEFAULT_PLAN,
    tables: Tables = SEVEN,
) -> Outcome:
    """Apply the plan to a scratch database, verify it, apply it again; the named database itself is not touched.

    Runbook 001, Incident playbooks, "db_migrations_integration gate fails". The scratch database is made beside the
    one that the variable names (the role needs CREATEDB) and dropped at the end, whatever happened. If it fails:
    `subreason=` says what the step said; roll back the recent migration or fix it forward with a new one.

    Safety: writes only to a scratch database of its own name and mark; a leftover of a killed run is dropped by a
    later one.
    """
    read = read_plan(plan)
    with scratch_database(dsn_env) as scratch:
        try:
            first = apply_plan(dsn_env, read, holder=HOLDER, database=scratch)
        except Fault as fault:
            return _stopped("apply_failed", fault)
        verified = verify_database(dsn_env, plan, tuple(tables.split(",")), database=scratch)
        if verified.status is not Status.OK:
            return DB_MIGRATIONS_INTEGRATION.says(Status.FAIL, "verify_failed", subreason=verified.reason)
        try:
            again = apply_plan(dsn_env, read, holder=HOLDER, database=scratch)
        except Fault as fault:
            return _stopped("idempotency_failed", fault)
    return DB_MIGRATIONS_INTEGRATION.says(Status.OK, applied=first.applied, skipped=again.skipped)


def _stopped(reason: str, fault: Fault) -> Outcome:
    """Which step stopped, with the fault's own reason, file and SQLSTATE."""
    said = failed(DB_MIGRATIONS_INTEGRATION, fault)
    known = {name: said.fields.get(name) for name in ("migration", "sqlstate", "applied", "skipped")}
    return replace(said, reason=reason, fields={"subreason": fault.reason, **known})
