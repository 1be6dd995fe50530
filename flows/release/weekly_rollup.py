"""The week in one file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import write_document, write_page
from tasks.procedure import procedure
from tasks.rules.contracts.validation import WEEKLY_ROLLUP
from tasks.rules.outcome import Outcome, Status
from tasks.rules.weekly import rollup_of, rollup_page, week_of
from tasks.weekly import read_ledger, read_reports

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]


@procedure(WEEKLY_ROLLUP, run_name=run_named("weekly-rollup"))
def weekly_rollup(artifacts_dir: Folder = "artifacts") -> Outcome:
    """Sum up seven days of soak reports: medians, percentiles, the trend against the week before, and a verdict.

    Runbook 004, Daily routine step 2 (the sentinel asks for it on Mondays). Reads REPORT_SOAK_<YYYYMMDD>.json and
    LEDGER_DAILY.json, writes WEEKLY_ROLLUP.json and .md. `NODATA`: no report of today or yesterday; look at
    daily-report. A day without a sound report is missing, and a week with a missing day is never GO.

    Safety: replaces its own two files, and leaves them alone when there is no data.
    """
    folder = Path(artifacts_dir)
    week = week_of(read_reports(folder), utc_now().date())
    if isinstance(week, str):
        return WEEKLY_ROLLUP.says(Status.INSUFFICIENT_DATA, week)
    rollup = rollup_of(week, read_ledger(folder / "LEDGER_DAILY.json"))
    write_document(folder, "WEEKLY_ROLLUP.json", rollup)
    write_page(folder, "WEEKLY_ROLLUP.md", rollup_page(week, rollup))
    return WEEKLY_ROLLUP.says(
        Status.OK, verdict=str(rollup["verdict"]), days=len(week.days), invalid=week.invalid or None
    )
