"""Is an archive still what it was when it was made?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.archive_check import checked_archive
from tasks.procedure import procedure
from tasks.rules.contracts.artifacts import ARCHIVE_VERIFY
from tasks.rules.manifests import archive_judged
from tasks.rules.outcome import Outcome

Folder = Annotated[str, Field(min_length=1, description="The folder with artifacts.tar.zst and MANIFEST.json.")]


@procedure(ARCHIVE_VERIFY, run_name=run_named("archive-verify"))
def archive_verify(folder: Folder) -> Outcome:
    """Compare an archive with its manifest, byte by byte.

    Runbook 004, Artifacts. It works on archives, on snapshots and on what a rotation kept. If it fails: the line
    names the first difference; take the archive from another copy, because this one cannot be trusted.

    Safety: reads only, unpacks nothing to disk.
    """
    checked = checked_archive(Path(folder))
    return archive_judged(checked.files, checked.problems)
