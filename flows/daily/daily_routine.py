"""The round of every morning: check, sentinel, digest, archive, rotation."""

from typing import Annotated

from pydantic import Field

from flows.daily.artifacts_archive import artifacts_archive
from flows.daily.artifacts_rotate import artifacts_rotate
from flows.daily.cron_sentinel import cron_sentinel
from flows.daily.daily_check import daily_check
from flows.daily.daily_digest import daily_digest
from flows.naming import run_named
from tasks.procedure import part, procedure
from tasks.rules.contracts.daily import DAILY_ROUTINE
from tasks.rules.daily_routine import sum_up_parts
from tasks.rules.outcome import Outcome

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are, the journal and the digest too.")]
Zone = Annotated[str, Field(min_length=1, description="The zone of the digest's day and of the sentinel's Monday.")]
Hours = Annotated[
    int, Field(ge=1, le=8760, description="How old artifacts may be and how far the digest looks back.")
]
Execute = Annotated[bool, Field(description="Let the rotation delete what it has archived; else it only says what.")]


@procedure(DAILY_ROUTINE, run_name=run_named("daily-routine", "tz"))
def daily_routine(
    artifacts_dir: Folder = "artifacts", tz: Zone = "Europe/Berlin", hours: Hours = 24, execute: Execute = False
) -> Outcome:
    """Run daily-check, cron-sentinel, daily-digest, artifacts-archive and artifacts-rotate, in this order.

    Runbook 004, Daily routine. Each part is a run of its own with its own lines, and one that fails keeps none of the
    others from running. If it fails: `bad=` names the parts that were not good; their own lines say why. Start those
    again, or the whole routine.

    Safety: writes the digest and the archive; deletes nothing unless --execute, and then only what is archived.
    """
    journal, page = f"{artifacts_dir}/SOAK_JOURNAL.jsonl", f"{artifacts_dir}/DAILY_DIGEST.md"
    return sum_up_parts(
        [
            part(daily_check, artifacts_dir=artifacts_dir, window_hours=hours),
            part(cron_sentinel, artifacts_dir=artifacts_dir, window_hours=hours, tz=tz),
            part(daily_digest, artifacts_dir=artifacts_dir, out=page, journal=journal, hours=hours, tz=tz),
            part(artifacts_archive, src=artifacts_dir),
            part(artifacts_rotate, src=artifacts_dir, execute=execute),
        ]
    )
