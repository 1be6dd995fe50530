"""Is the release ready? The runbook's four items, each with the evidence that it rests on."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import read_documents
from tasks.load.archive import read_archive
from tasks.procedure import procedure, tell
from tasks.rules.contracts.checklist import RELEASE_CHECKLIST
from tasks.rules.outcome import Outcome
from tasks.rules.services.checklist import (
    QUALITY,
    SMOKE,
    Bounds,
    checklist_said,
    item_said,
    load_item,
    quality_item,
    smoke_item,
)
from tasks.services.release_notes import read_notes

Folder = Annotated[str, Field(min_length=1, description="Where FULL_STACK_VALIDATION and RELEASE_SMOKE are.")]
Results = Annotated[str, Field(min_length=1, description="Where the evidence of load validations is.")]
Notes = Annotated[str, Field(min_length=1, description="The release notes; they must name the load evidence.")]
Hours = Annotated[int, Field(ge=1, le=8760, description="How old the evidence may be, by its own time.")]
Share = Annotated[float, Field(ge=0, le=100, description="Percent of all attempts that may have failed.")]
Milliseconds = Annotated[float, Field(gt=0, le=60_000, description="Milliseconds that still are good.")]


@procedure(RELEASE_CHECKLIST, run_name=run_named("release-checklist"))
def release_checklist(  # noqa: PLR0913, PLR0917  what each item rests on, and its limits
    artifacts_dir: Folder = "artifacts",
    results_dir: Results = "benchmarks/results",
    notes: Notes = "RELEASE_NOTES.md",
    max_age_hours: Hours = 24,
    load_max_age_hours: Hours = 168,
    error_rate_percent_max: Share = 1.0,
    p95_ms_max: Milliseconds = 500.0,
    p99_ms_max: Milliseconds = 1000.0,
) -> Outcome:
    """Quality, Docker smoke, migration smoke, and the newest load evidence that the release notes name.

    Runbook 003, Release Checklist. Each item has a line with its evidence, the evidence's age by its own time, and
    every reason against it. What was skipped has not passed; a validation that was only --fast neither. Of the load
    the newest file that can be believed counts, not the best one; error rates are counted again from its figures.
    If it fails: run what is missing (full-validate, release-smoke, load-validation), name the file in the notes.

    Safety: only reads.
    """
    now = utc_now()
    bounds = Bounds(
        timedelta(hours=max_age_hours),
        timedelta(hours=load_max_age_hours),
        error_rate_percent_max,
        p95_ms_max,
        p99_ms_max,
    )
    found = read_documents(Path(artifacts_dir), (QUALITY, SMOKE))
    items = [
        quality_item(found[QUALITY], now, bounds),
        smoke_item("docker_smoke", "docker", found[SMOKE], now, bounds),
        smoke_item("migration_smoke", "migrations", found[SMOKE], now, bounds),
        load_item(read_archive(Path(results_dir)), read_notes(Path(notes)), now, bounds),
    ]
    for item in items:
        tell(item_said(item, now))
    return checklist_said(items)
