"""The project folders' own histories, split in one pass and remembered for the next run (runbook 003, Publishing)."""

from pathlib import Path

from tasks.progress import progress
from tasks.publishing.folders import Found
from tasks.splitting import OnGap, Split, count_commits, split
from tasks.step import step

STATE_FOLDER = Path("watchkeeper", "split")


@step
def split_folders(
    repository: Path, found: Found, *, on_gap: OnGap = "skip", fresh: bool = False, write: bool = False
) -> list[Split]:
    """The split of every folder that was found, at the commit that was found; sorted by name.

    What was learned is kept inside the git directory and read by the next run, unless it shall begin `fresh`. With
    `write` the new commits are in the repository afterwards, on no branch; without it no object is written.
    """
    with progress("split", lambda: count_commits(repository, found.head)) as advance:
        return split(
            repository,
            found.source_dir or ".",
            [folder.name for folder in found.folders],
            found.head,
            write=write,
            state=None if fresh else found.git_dir / STATE_FOLDER,
            on_gap=on_gap,
            on_progress=advance,
        )
