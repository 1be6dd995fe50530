"""The watch over the watchers: did every producer of an artifact run when it should have?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now, zone_named
from tasks.freshness import keep_checks, look_at_ages
from tasks.procedure import procedure, tell
from tasks.rules.contracts.daily import CRON_SENTINEL
from tasks.rules.freshness import judge_target, sum_up, targets_due
from tasks.rules.outcome import Outcome
from tasks.snapshots import snapshot_failure

Zone = Annotated[str, Field(min_length=1, description="The zone whose Monday asks for the weekly rollup as well.")]
WindowHours = Annotated[int, Field(ge=1, le=8760, description="How old a daily artifact may be, in elapsed hours.")]
Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]
Dry = Annotated[bool, Field(description="Only look; else leave the checks in CRON_SENTINEL.json as well.")]


@procedure(CRON_SENTINEL, run_name=run_named("cron-sentinel", "tz"), on_bad=snapshot_failure)
def cron_sentinel(
    tz: Zone = "Europe/Berlin", window_hours: WindowHours = 24, artifacts_dir: Folder = "artifacts", dry: Dry = True
) -> Outcome:
    """Check that every key artifact is there and fresh, on Mondays the weekly rollup too.

    Runbook 004, Daily routine step 2. Age is the older of the time inside the artifact and the file's own; a time in
    the future and contents that cannot be read are STALE. The rollup may be eight days old, the others as old as the
    window. If it fails: look at the producer of the named target (its own deployment), not at this check.

    Safety: reads only; with --no-dry it writes CRON_SENTINEL.json beside the artifacts.
    """
    now = utc_now()
    targets = targets_due(now, zone_named(tz), window_hours)
    ages = look_at_ages(Path(artifacts_dir), [target.name for target in targets])
    epoch = int(now.timestamp())
    checks = [tell(judge_target(target, ages[target.name], epoch)) for target in targets]
    if not dry:
        keep_checks(Path(artifacts_dir), checks, epoch)
    return sum_up(checks, window_hours)
