"""The first look of the day: are the numbers within their limits, and are they today's?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.freshness import read_inputs
from tasks.procedure import procedure, tell
from tasks.rules.contracts.daily import DAILY_CHECK
from tasks.rules.daily_check import FILES, check_day, sum_up_checks
from tasks.rules.outcome import Outcome
from tasks.snapshots import snapshot_failure

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]
WindowHours = Annotated[int, Field(ge=1, le=8760, description="How old an artifact may be, in elapsed hours.")]


@procedure(DAILY_CHECK, run_name=run_named("daily-check"), on_bad=snapshot_failure)
def daily_check(artifacts_dir: Folder = "artifacts", window_hours: WindowHours = 24) -> Outcome:
    """Hold the day's artifacts against their limits: age, net_bps, order age, taker share, readiness.

    Runbook 004, Daily routine step 1. One line for each check. net_bps at least 2.5, order age p95 at most 350 ms,
    taker share at most 15 %, readiness at least 85; a value that equals its limit passes. What is missing, stale, NaN
    or of the wrong type fails with its reason. If it fails: for a reason like `missing` or `stale` start the producer
    of the named file; for `too_low` and `too_high` see the digest and the soak's last ticks.

    Safety: reads only; a failure is kept as a snapshot of the artifacts.
    """
    now = int(utc_now().timestamp())
    found = read_inputs(Path(artifacts_dir), FILES, now)
    return sum_up_checks([tell(line) for line in check_day(found, window_hours * 3600)])
