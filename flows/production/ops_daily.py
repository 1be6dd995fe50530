"""Every day: is the service doing people good, is the second touch in its limits, is old data gone?"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.production.retention import clean_up, report_retention
from flows.production.strict_health import tell_health, whole_snapshot
from tasks.clock import utc_now
from tasks.daily_memory import cover, due_at, is_covered, read_baseline, remember_snapshot
from tasks.databases import check_dsns
from tasks.procedure import failed, procedure, tell
from tasks.production import only_one, read_daily_facts
from tasks.rules.contracts.production import OPS_DAILY, RETENTION_CLEANUP, RETENTION_REPORT
from tasks.rules.daily_health import MIN_RATIO, WINDOW_DAYS, theme_asked
from tasks.rules.daily_verdict import conclude, named, normalize
from tasks.rules.faults import Fault
from tasks.rules.metrics_regression import Snapshot, judge_regression
from tasks.rules.outcome import Outcome, Status
from tasks.rules.production import REQUIRED_DSNS, judge_config
from tasks.settings import PRODUCTION_DSN

Mode = Annotated[
    Literal["ci", "prod"], Field(description="ci touches no database; prod judges the production database.")
]
Days = Annotated[int, Field(ge=1, le=365, description="Window in UTC days, today included.")]
MinRatio = Annotated[
    float, Field(ge=0, le=1, description="Least healthy share of positive acknowledgements per delivery.")
]
Theme = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z0-9_ -]{0,64}$",
        description="Narrow the metrics lines and the snapshot to one theme; blank means untagged messages.",
    ),
]
Scheduled = Annotated[
    bool,
    Field(description="As the schedule runs it: once a UTC day, quiet days normalised, retention enforced."),
]


@procedure(OPS_DAILY, run_name=run_named("ops-daily", "mode"))
def ops_daily(
    mode: Mode = "ci",
    days: Days = WINDOW_DAYS,
    min_ratio: MinRatio = MIN_RATIO,
    theme: Theme = None,
    scheduled: Scheduled = False,
) -> Outcome:
    """Judge the health of production from aggregates and, on schedule, compare and clean up.

    Runbook 001, Routine operations, Daily. By hand it is strict: no traffic is exit 2. On schedule it covers each UTC
    day once, quiet days are normalised, and old data is deleted also on an unhealthy day.

    Refuses to run in prod mode without POSTGRES_DSN_PROD, and beside another daily run.

    If it fails: read `parts=`; unhealthy means look for traffic, hold and suppression rates and recent changes, and
    roll back the last deploy if needed.

    Safety: reads aggregates only; deletes past its TTL only with `scheduled`. Safe to start twice and safe to kill.
    """
    if mode == "ci":
        return OPS_DAILY.says(Status.OK, mode=mode)
    config = tell(judge_config(check_dsns(REQUIRED_DSNS["prod_required"])))
    if config.exit_code:
        return OPS_DAILY.says(Status.FAIL, config.reason, mode=mode, parts=named([config]))
    today = utc_now().date()
    with only_one(PRODUCTION_DSN, "ops_daily"):
        if not scheduled:
            return _judged(today, days, min_ratio, theme, scheduled=False)
        if is_covered(today):
            reason = "late" if due_at().date() < today else "already_covered"
            return OPS_DAILY.says(Status.SKIPPED, reason, mode=mode, day=today.isoformat())
        outcome = _judged(today, days, min_ratio, theme, scheduled=True)
        cover(today)
        return outcome


def _judged(today: date, days: int, min_ratio: float, theme: str | None, *, scheduled: bool) -> Outcome:
    facts = read_daily_facts(PRODUCTION_DSN, today, days, theme_asked(theme))
    health = tell_health(facts, days, min_ratio)
    snapshot = whole_snapshot(facts, days)
    remember_snapshot(snapshot)
    tell(normalize(health, scheduled=scheduled))
    upkeep = _upkeep(snapshot) if scheduled else []
    return conclude(health, upkeep, scheduled=scheduled, day=today.isoformat())


def _upkeep(snapshot: Snapshot) -> list[Outcome]:
    """What the schedule adds; old data goes also on an unhealthy day, and a part that fails stops no other."""
    now = utc_now()
    regression = tell(judge_regression(snapshot, read_baseline()))
    return [regression, _cleaned(now), _reported(now)]


def _cleaned(now: datetime) -> Outcome:
    try:
        return clean_up(now)
    except Fault as fault:  # the cleanup has told its own failure
        return failed(RETENTION_CLEANUP, fault)


def _reported(now: datetime) -> Outcome:
    try:
        return report_retention(now)
    except Fault:  # the report has told its own failure
        return RETENTION_REPORT.says(Status.FAIL, "report_failed")
