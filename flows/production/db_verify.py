"""Step 4 of the production bootstrap: is the database what the plan says it is?"""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.plans import read_plan
from tasks.procedure import failed, procedure
from tasks.rules.contracts.database import DB_VERIFY
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome
from tasks.rules.verification import REQUIRED_TABLES, judge_database
from tasks.verification import look_at_database

DEFAULT_PLAN = "migrations/production"
SEVEN = ",".join(REQUIRED_TABLES)
DsnEnv = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name of the variable that holds the DSN; never a DSN."),
]
PlanFolder = Annotated[str, Field(min_length=1, description="Folder of numbered SQL files, or an Alembic directory.")]
Tables = Annotated[
    str,
    Field(pattern=r"^\w+(,\w+)*$", description="Tables that must be there, joined by commas; the runbook's seven."),
]


@procedure(DB_VERIFY, run_name=run_named("db-verify", "dsn_env"))
def db_verify(
    dsn_env: DsnEnv = "POSTGRES_DSN_PROD", plan: PlanFolder = DEFAULT_PLAN, tables: Tables = SEVEN
) -> Outcome:
    """Check tables, ledger, indexes and schema of the production database against the plan; changes nothing.

    Runbook 001, Production bootstrap, step 4, and the weekly check. Every difference is listed in `reasons=`.
    If it fails: db_connect_failed, look at the connection; missing_tables or ledger_behind, run db-bootstrap again;
    migration_checksum_mismatch or ledger_unknown_migration, compare the deployed release with the database's; for
    invalid_index and schema_drift, find who changed the named object by hand and write a migration.

    Safety: reads only. Safe to run at any time.
    """
    return verify_database(dsn_env, plan, tuple(tables.split(",")))


def verify_database(
    dsn_env: str = "POSTGRES_DSN_PROD",
    plan: str = DEFAULT_PLAN,
    tables: tuple[str, ...] = REQUIRED_TABLES,
    *,
    database: str | None = None,
) -> Outcome:
    """What `db_verify` says, for the procedures that contain it; never raises a `Fault`.

    `database` is another one on the server that the variable names, such as a scratch database.
    """
    try:
        read = read_plan(plan)
        return judge_database(read, look_at_database(dsn_env, read, tables, database=database))
    except Fault as fault:
        return failed(DB_VERIFY, fault, env=None)  # the runbook's line has no more than the reason
