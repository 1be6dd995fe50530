"""Steps 2 to 4 of the production bootstrap: check the plan, apply it, verify the result."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.production.db_verify import DEFAULT_PLAN, DsnEnv, PlanFolder, verify_database
from tasks.databases import check_dsns
from tasks.migrations import LOCK_WAIT_S, STATEMENT_TIMEOUT_S, apply_plan
from tasks.plans import read_plan
from tasks.procedure import failed, procedure
from tasks.rules.contracts.database import DB_BOOTSTRAP
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome, Status
from tasks.rules.plan import judge_plan
from tasks.rules.production import DsnState


class Mode(StrEnum):
    DRY_RUN = "dry_run"
    APPLY_MIGRATIONS = "apply_migrations"
    VERIFY = "verify"
    ALL = "all"


LockWait = Annotated[int, Field(ge=0, le=600, description="Seconds to wait for another applier before giving up.")]
StatementTimeout = Annotated[int, Field(ge=1, le=86_400, description="Seconds that one migration file may run.")]


@procedure(DB_BOOTSTRAP, run_name=run_named("db-bootstrap", "mode", "dsn_env"))
def db_bootstrap(
    mode: Annotated[Mode, Field(description="What to do; dry_run looks at the plan alone.")] = Mode.DRY_RUN,
    plan: PlanFolder = DEFAULT_PLAN,
    dsn_env: DsnEnv = "POSTGRES_DSN_PROD",
    lock_wait_s: LockWait = LOCK_WAIT_S,
    statement_timeout_s: StatementTimeout = STATEMENT_TIMEOUT_S,
) -> Outcome:
    """Bring the production database to the head of its migration plan; a dry run touches no database.

    Runbook 001, Production bootstrap, steps 2 to 4. Every file is one transaction with its ledger row, and a second
    start goes on where the first one stopped. Refused: a plan with a gap, a duplicate or a stray file, an applied
    file that was edited, an unknown ledger row, a second applier.
    If it fails: `migration=` and `sqlstate=` name the file and the cause; correct the file (it is not applied) or
    write a new one, then start again.

    Safety: dry_run and verify only read. Applying is safe to start twice and safe to kill; one at a time, the
    second is refused with the first one's name.
    """
    if mode is Mode.DRY_RUN:
        return dry_run_plan(plan)
    if check_dsns((dsn_env,))[dsn_env] is DsnState.MISSING:
        return DB_BOOTSTRAP.says(Status.FAIL, "dsn_missing", mode=mode, env=(dsn_env,))
    if mode is Mode.VERIFY:
        return _verified(mode, plan, dsn_env)
    outcome = _applied(mode, plan, dsn_env, lock_wait_s, statement_timeout_s)
    if mode is Mode.ALL and outcome.status is Status.OK:
        return _verified(mode, plan, dsn_env, outcome)
    return outcome


def dry_run_plan(plan: str = DEFAULT_PLAN) -> Outcome:
    """What the dry run says of the plan on disk, for the procedures that contain it."""
    return judge_plan(read_plan(plan))


def _applied(mode: Mode, plan: str, dsn_env: str, lock_wait_s: int, statement_timeout_s: int) -> Outcome:
    try:
        done = apply_plan(dsn_env, read_plan(plan), lock_wait_s=lock_wait_s, statement_timeout_s=statement_timeout_s)
    except Fault as fault:
        return failed(DB_BOOTSTRAP, fault, mode=mode)
    return DB_BOOTSTRAP.says(Status.OK, mode=mode, applied=done.applied, skipped=done.skipped)


def _verified(mode: Mode, plan: str, dsn_env: str, applied: Outcome | None = None) -> Outcome:
    """The last line, with the counts of the apply before it; no database is never ok."""
    verified = verify_database(dsn_env, plan)
    so_far = applied or DB_BOOTSTRAP.says(Status.OK, mode=mode)
    if verified.status is Status.OK:
        return so_far
    reasons = verified.fields.get("reasons") or (verified.reason or verified.status.value,)
    return DB_BOOTSTRAP.says(Status.FAIL, "verify_failed", **so_far.fields, reasons=reasons)
