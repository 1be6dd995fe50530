"""A commit laid out as a release: its files below `releases`, in one move (runbook 002, Rollback & Release)."""

import os
import shutil
import uuid
from pathlib import Path

from tasks.files import sync_folder
from tasks.folders import disk_faults
from tasks.publishing.reverts import opened_repository
from tasks.rules.faults import Refused
from tasks.runtime.release_identity import contents_of
from tasks.step import step


@step(retries=0)  # safe to repeat: what lies there already is compared
def lay_release(root: Path, commit: str, releases: Path, name: str) -> None:
    """Every file of the commit at `releases/<name>`; a folder of that name which holds anything else is refused."""
    temporary = releases / f".{name}.{uuid.uuid4().hex}"
    with opened_repository(root) as repository, disk_faults("artifact_not_written"):
        for left in releases.glob(f".{name}.*"):  # of a run that was killed
            shutil.rmtree(left)
        temporary.mkdir(parents=True)
        try:
            with repository.git.custom_environment(GIT_INDEX_FILE=os.fspath(temporary / ".index")):
                repository.git.read_tree(commit)
                repository.git.checkout_index("--all", f"--prefix={temporary.absolute()}/tree/")
            _put(temporary / "tree", releases / name)
        finally:
            shutil.rmtree(temporary)


def _put(made: Path, target: Path) -> None:
    if not target.exists():
        os.sync()  # the files before the name that says that they are whole
        made.rename(target)
        sync_folder(target.parent)
    elif contents_of(made) != contents_of(target):
        raise Refused("release_taken", "a release of that name holds something else: look at it, take it away")
