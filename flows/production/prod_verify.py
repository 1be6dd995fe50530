"""After each deploy and every week: is the production database what the plan says, and is the service well?"""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.production.db_bootstrap import dry_run_plan
from flows.production.db_verify import DsnEnv, verify_database
from flows.production.strict_health import tell_health
from tasks.clock import utc_now
from tasks.databases import check_dsns
from tasks.procedure import procedure, tell
from tasks.production import read_daily_facts
from tasks.rules.contracts.production import PROD_VERIFY
from tasks.rules.daily_health import MIN_RATIO, WINDOW_DAYS
from tasks.rules.daily_verdict import conclude_verification, named
from tasks.rules.outcome import Outcome, Status
from tasks.rules.production import DsnState

Mode = Annotated[
    Literal["dry_run", "verify"],
    Field(description="dry_run checks the plan alone; verify also reads the database."),
]


@procedure(PROD_VERIFY, run_name=run_named("prod-verify", "mode"))
def prod_verify(mode: Mode = "dry_run", dsn_env: DsnEnv = "POSTGRES_DSN_PROD") -> Outcome:
    """Check the plan and, in verify mode, the database against it and the strict health of the service.

    Runbook 001, Routine operations, Weekly and After deploy. No data is accepted after a deploy (exit 0) and said.
    If it fails: `parts=` names what was not good; db_verify_failed, see the db_verify line; ops_daily_unhealthy,
    look for traffic, hold and suppression rates and recent changes, and roll back the last deploy if needed.

    Safety: reads only, in read-only transactions; never tunes, migrates or deletes. Safe to run at any time.
    """
    plan = tell(dry_run_plan())
    dsn = check_dsns((dsn_env,))[dsn_env]
    if plan.exit_code:
        return PROD_VERIFY.says(Status.FAIL, "db_bootstrap_failed", mode=mode, parts=named([plan]))
    if dsn is DsnState.MISSING:
        return PROD_VERIFY.says(Status.NOT_CONFIGURED, "missing_required_env", mode=mode, env=(dsn_env,))
    if mode == "dry_run":
        return PROD_VERIFY.says(Status.OK, mode=mode)
    schema = tell(verify_database(dsn_env))
    health = [] if schema.exit_code else _strict_health(dsn_env)
    return conclude_verification([plan, schema], health)


def _strict_health(dsn_env: str) -> list[Outcome]:
    facts = read_daily_facts(dsn_env, utc_now().date(), WINDOW_DAYS, None)
    return tell_health(facts, WINDOW_DAYS, MIN_RATIO)
