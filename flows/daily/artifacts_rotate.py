"""Old artifacts go into an archive, so that the folder stays what people can look through."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.folders import shown
from tasks.procedure import procedure
from tasks.rotation import apply_rotation, read_rotation
from tasks.rules.archiving import MIB
from tasks.rules.contracts.artifacts import ROTATION
from tasks.rules.outcome import Outcome, Status
from tasks.rules.rotation import Limits, planned, rotated

Source = Annotated[str, Field(min_length=1, description="The folder to clean.")]
KeepDays = Annotated[int | None, Field(ge=1, description="Files older than this go; no limit of age if left empty.")]
MaxGb = Annotated[float | None, Field(gt=0, description="The oldest go while all together have more GiB than this.")]
Keep = Annotated[int, Field(ge=0, description="The newest files that stay in any case.")]
Kept = Annotated[str | None, Field(description="Where the archive goes; `archive` inside the source if left out.")]
Execute = Annotated[bool, Field(description="Do it; else only say what would go.")]


@procedure(ROTATION, run_name=run_named("artifacts-rotate", "src", "execute"))
def artifacts_rotate(
    src: Source = "artifacts",
    keep_days: KeepDays = 14,
    max_gb: MaxGb = 2.0,
    keep: Keep = 0,
    archive_dir: Kept = None,
    execute: Execute = False,
) -> Outcome:
    """Archive and delete artifacts that are too old, or the oldest of too many.

    Runbook 004, Notes: old artifacts are cleaned periodically. Key files (gate, reports, stamp, journal) never go,
    nor do links. What goes is packed and read back before the first file is deleted; a file that changed since is
    left alone and counted. It refuses without a limit, and when nothing would be left. If it fails: nothing is lost;
    start it again.

    Safety: a dry run unless --execute; deletes nothing that is not in a verified archive.
    """
    source, destination = Path(src), Path(archive_dir) if archive_dir else Path(src) / "archive"
    limits = Limits(keep_days, int(max_gb * 1024 * MIB) if max_gb else None, keep)
    if not limits.any:
        return ROTATION.says(Status.FAIL, "no_limit")
    now = utc_now()
    plan = read_rotation(source, destination, limits, at=now)
    if plan.is_everything:
        return ROTATION.says(Status.FAIL, "everything_would_go", checked=plan.checked)
    if not execute:
        return planned(plan)
    done = apply_rotation(source, destination, plan, at=now)
    return rotated(plan, done.deleted, done.changed, shown(Path(done.archive)) if done.archive else None)
