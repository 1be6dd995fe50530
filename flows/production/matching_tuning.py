"""Matching follows the health of the service: at most one step a day, each one written down."""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.rules.contracts.production import MATCHING_TUNING
from tasks.rules.daily_health import WINDOW_DAYS
from tasks.rules.outcome import Outcome, Status
from tasks.rules.tuning import judge
from tasks.settings import PRODUCTION_DSN
from tasks.tuning import apply_tuning, bounds_from_settings, read_tuning

Execute = Annotated[bool, Field(description="Change production's matching; without it the change is only planned.")]


@procedure(MATCHING_TUNING, run_name=run_named("matching-tuning", "execute"))
def matching_tuning(execute: Execute = False) -> Outcome:
    """Plan today's step of the matching numbers from the last seven days, and make it if told to.

    Runbook 001, Routine operations. Never part of a verification. It refuses below 50 deliveries, a second step on
    the same UTC day, a clock behind its own history, and numbers that moved since the plan. Every step is a row of
    matching_tuning_history with the day, the ratio, before and after: to undo one, write `before` back.

    Safety: without --execute it only plans. With it, one bounded step a UTC day; a second start on the day changes
    nothing.
    """
    now, bounds = utc_now(), bounds_from_settings()
    plan = judge(read_tuning(PRODUCTION_DSN, now.date(), WINDOW_DAYS, bounds.start), now.date(), bounds)
    if isinstance(plan, Outcome):
        return plan
    if not execute:
        return plan.says(Status.PLANNED)
    if apply_tuning(PRODUCTION_DSN, plan, now):
        return plan.says(Status.OK)
    return MATCHING_TUNING.says(Status.SKIPPED, "already_tuned_today", day=plan.day.isoformat())
