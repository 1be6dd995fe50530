"""The day in one file: what the week, the score and the digest are made of."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import read_documents, write_document, write_page
from tasks.procedure import procedure
from tasks.rules.acceptance import Reading, age_problems
from tasks.rules.contracts.validation import DAILY_REPORT
from tasks.rules.daily_report import (
    EDGE,
    VALIDATION,
    measures_of,
    refusal,
    report_of_day,
    report_page,
    report_said,
)
from tasks.rules.outcome import Outcome
from tasks.rules.weekly import days_before
from tasks.weekly import read_reports

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]
MaxAgeHours = Annotated[int, Field(ge=1, le=8760, description="How old EDGE_REPORT and the validation may be.")]


@procedure(DAILY_REPORT, run_name=run_named("daily-report"))
def daily_report(artifacts_dir: Folder = "artifacts", max_age_hours: MaxAgeHours = 24) -> Outcome:
    """Write the day's soak report: edge, order age, taker share, regressions against the week before, tests, chaos.

    Runbook 004, Daily routine. Reads EDGE_REPORT.json and FULL_STACK_VALIDATION.json, writes REPORT_SOAK_<day>.json
    and .md (UTC day). Tests and chaos are `unknown` without a validation of the last day, and give no readiness then.
    If it fails on `inputs_refused`: start edge-report; nothing was written.

    Safety: replaces the report of today only.
    """
    now, folder = utc_now(), Path(artifacts_dir)
    epoch, max_age_s = int(now.timestamp()), max_age_hours * 3600
    readings = read_documents(folder, (EDGE, VALIDATION))
    if refused := refusal(readings[EDGE], epoch, max_age_s):
        return refused
    validation: Reading = readings[VALIDATION]
    unusable = validation.problems or age_problems(validation.document or {}, epoch, max_age_s)
    before = days_before(read_reports(folder), now.date())
    report = report_of_day(measures_of(readings[EDGE]), before, None if unusable else validation)
    write_document(folder, f"REPORT_SOAK_{now:%Y%m%d}.json", report)
    write_page(folder, f"REPORT_SOAK_{now:%Y%m%d}.md", report_page(report, f"{now:%Y-%m-%d}"))
    return report_said(report, unusable)
