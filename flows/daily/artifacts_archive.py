"""The day's artifacts, packed: what people read afterwards in one file, with a checksum for each."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.archives import archive_folder
from tasks.clock import utc_now
from tasks.folders import shown
from tasks.procedure import procedure
from tasks.rules.archiving import archive_told, caps_for
from tasks.rules.contracts.artifacts import ARCHIVE
from tasks.rules.outcome import Outcome

Source = Annotated[str, Field(min_length=1, description="The folder to archive.")]
Destination = Annotated[str | None, Field(description="Where archives go; `archive` inside the source if left out.")]
Fast = Annotated[
    bool,
    Field(description="Only .json, .jsonl, .md and .log, at most 300 files and 5 MB unless other caps are given."),
]
MaxFiles = Annotated[int | None, Field(ge=1, description="Files that go in at most: key files first, then newest.")]
MaxMb = Annotated[float | None, Field(gt=0, description="MiB that go in at most, before compression.")]
Exclude = Annotated[
    tuple[str, ...],
    Field(description="Names of files or folders to leave out, beside `failures` and `archive`."),
]


@procedure(ARCHIVE, run_name=run_named("artifacts-archive", "src"))
def artifacts_archive(
    src: Source = "artifacts",
    dst: Destination = None,
    fast: Fast = True,
    max_files: MaxFiles = None,
    max_mb: MaxMb = None,
    exclude: Exclude = (),
) -> Outcome:
    """Pack a folder of artifacts into one archive with a manifest of checksums.

    Runbook 004, Artifacts and Daily routine step 4. The archive is read back before it gets its name, and its bytes
    depend on the contents alone. `status=PARTIAL`: a cap left something out, or an entry could not be read;
    MANIFEST.json names each with its reason. Symlinks are refused, never followed. If it fails: nothing was left
    behind; make room or correct the folder, then start it again.

    Safety: reads the source, writes only below --dst, deletes nothing but what a killed run of its own left there.
    """
    source = Path(src)
    caps = caps_for(fast=fast, max_files=max_files, max_mb=max_mb)
    done = archive_folder(source, Path(dst) if dst else source / "archive", caps, exclude, at=utc_now())
    return archive_told(done, shown(Path(done.folder)))
