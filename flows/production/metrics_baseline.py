"""A good day becomes the measure that later days are compared with."""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.production.strict_health import whole_snapshot
from tasks.baselines import store_baseline, write_baseline_files
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.production import read_daily_facts
from tasks.rules.baselines import UNKNOWN, Baseline, refusal, taken
from tasks.rules.contracts.health import METRICS_BASELINE
from tasks.rules.daily_health import MIN_RATIO, WINDOW_DAYS, judge_window, window_of
from tasks.rules.outcome import Outcome
from tasks.rules.second_touch import HEALTH_WINDOW, SecondTouch, judge_second_touch
from tasks.settings import PRODUCTION_DSN

Commit = Annotated[
    str, Field(pattern=r"^([0-9a-f]{40}|unknown)$", description="The commit that production runs, or `unknown`.")
]


@procedure(METRICS_BASELINE, run_name=run_named("metrics-baseline"))
def metrics_baseline(source_commit: Commit = UNKNOWN) -> Outcome:
    """Take the last seven days' aggregates as the baseline of the daily regression check.

    Runbook 001, Routine operations. Run it after a good week, and after a deploy that changed what is normal. It
    refuses a day that is unhealthy or has fewer than 50 deliveries. The baseline is stored in the operations database
    and written as regression_baseline_<id>.json, to which regression_baseline_latest.json points.

    Safety: reads aggregates only; adds a baseline and replaces none. Safe to run at any time.
    """
    now = utc_now()
    facts = read_daily_facts(PRODUCTION_DSN, now.date(), WINDOW_DAYS, None)
    snapshot = whole_snapshot(facts, WINDOW_DAYS)
    verdicts = (
        judge_window(window_of(facts.everything.rows, facts.today, WINDOW_DAYS), MIN_RATIO, facts.future_rows),
        judge_second_touch(SecondTouch(HEALTH_WINDOW, facts.counters[HEALTH_WINDOW])),
    )
    if refused := refusal(snapshot, verdicts):
        return refused
    baseline = Baseline(source_commit, now, snapshot.metrics)
    is_new = store_baseline(baseline)
    write_baseline_files(baseline)
    return taken(baseline, snapshot, is_new=is_new)
