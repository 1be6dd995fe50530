"""How ready for a release."""

from pathlib import Path

from flows.naming import run_named
from flows.release.weekly_rollup import Folder
from tasks.clock import utc_now
from tasks.documents import write_document, write_page
from tasks.procedure import procedure
from tasks.rules.contracts.validation import READINESS_SCORE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.readiness import score_of, score_page, score_said
from tasks.rules.weekly import week_of
from tasks.weekly import read_reports


@procedure(READINESS_SCORE, run_name=run_named("readiness-score"))
def readiness_score(artifacts_dir: Folder = "artifacts") -> Outcome:
    """Score the last seven days from 0 to 100: edge, latency, taker share, clean days, chaos and tests.

    Runbook 004, Release bundle (readiness of at least 85). Nothing is given for what nobody reported: no chaos drill
    and no tests in the week are no points. `NODATA`: no report of today or yesterday, and no score is written.

    Safety: replaces READINESS_SCORE.json and .md, and leaves them alone when there is no data.
    """
    week = week_of(read_reports(Path(artifacts_dir)), utc_now().date())
    if isinstance(week, str):
        return READINESS_SCORE.says(Status.INSUFFICIENT_DATA, week)
    score = score_of(week)
    write_document(Path(artifacts_dir), "READINESS_SCORE.json", score)
    write_page(Path(artifacts_dir), "READINESS_SCORE.md", score_page(score))
    return score_said(score, week.invalid)
