"""The day on one page, for people, and in one line, for programs."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now, zone_named
from tasks.digests import read_reports, show_daily_trend, write_digest
from tasks.folders import shown
from tasks.freshness import read_inputs
from tasks.journal_heads import read_heads
from tasks.journal_window import tally_window
from tasks.procedure import procedure
from tasks.rules.contracts.daily import DAILY_DIGEST
from tasks.rules.daily_digest import FILES, digest_of
from tasks.rules.outcome import Outcome
from tasks.rules.soak_window import soak_told, window_of

Out = Annotated[str, Field(min_length=1, description="Where the page goes, as Markdown.")]
Journal = Annotated[str, Field(min_length=1, description="The soak journal.")]
Hours = Annotated[int, Field(ge=1, le=8784, description="How far back: 24 are one local day, of 23 to 25 hours.")]
Zone = Annotated[str, Field(min_length=1, description="The zone whose days are meant.")]
Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]


@procedure(DAILY_DIGEST, run_name=run_named("daily-digest", "tz"))
def daily_digest(
    out: Out = "artifacts/DAILY_DIGEST.md",
    journal: Journal = "artifacts/SOAK_JOURNAL.jsonl",
    hours: Hours = 24,
    tz: Zone = "Europe/Berlin",
    artifacts_dir: Folder = "artifacts",
) -> Outcome:
    """Write the day's digest: light, numbers, trend, guards, advice, and what the soak's ticks said.

    Runbook 004, Daily routine step 3. The line is about the soak's ticks in the window: FAIL for a failed tick or a
    journal that is damaged or not the one that the heads outside have seen, ATTN for a warning, a missed slot, a torn
    end or a clock that went back, NODATA without ticks. `chain=unproven`: no head outside was found. The light of the
    page takes the day's report and numbers in as well. If it is not OK: the page names what is missing or wrong; for
    a damaged journal run `journal-verify`.

    Safety: reads the artifacts and the journal; replaces the page and the trend's picture, nothing else.
    """
    now = utc_now()
    window = window_of(now, zone_named(tz), hours)
    heads = read_heads(Path(journal))  # first: a line that is added while we read must not look like one too many
    tally = tally_window(Path(journal), window, [head for held in heads.values() for head in held])
    reports = read_reports(Path(artifacts_dir), window)
    found = read_inputs(Path(artifacts_dir), FILES, int(now.timestamp()))
    digest = digest_of(found, reports, tally, window)
    write_digest(Path(out), digest.markdown)
    show_daily_trend(reports)
    return soak_told(tally, light=digest.light, day=digest.day, out=shown(Path(out)))
