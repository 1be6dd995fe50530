"""The commits that publishing would push: each project's own history, split out of the monorepo."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.publishing.contents import look_inside
from tasks.publishing.folders import find_folders
from tasks.publishing.splits import split_folders
from tasks.rules.contracts.publishing import SPLIT
from tasks.rules.outcome import Outcome
from tasks.rules.publishing.splits import rows_and_notes, split_told

RepoRoot = Annotated[str, Field(min_length=1, description="The monorepo: a work tree or a bare repository.")]
SourceDir = Annotated[
    str, Field(min_length=1, description="The folder of the project folders, from the top of the monorepo.")
]
Projects = Annotated[tuple[str, ...], Field(description="Only these project folders; all of them if left out.")]
OnGap = Annotated[
    Literal["skip", "refuse"],
    Field(description="For a folder that was deleted and came back: skip the time in between, or give no commit."),
]
Fresh = Annotated[bool, Field(description="Read the whole history again, whatever earlier runs have learned.")]


@procedure(SPLIT, run_name=run_named("split", "source_dir"))
def split(
    repo_root: RepoRoot = ".",
    source_dir: SourceDir = "product",
    projects: Projects = (),
    on_gap: OnGap = "skip",
    fresh: Fresh = False,
) -> Outcome:
    """Print the newest commit of each project folder's own history, as `git subtree split` would make it.

    Runbook 003, Product Repo Publishing. One row `name commit` for each project of HEAD, then notes, then the status.
    A name's bytes other than letters, digits and `_.-~` are written as in a URL (%20). Where a folder was deleted and
    came back git subtree would publish the whole monorepo: here the time in between is skipped and noted. Links,
    submodules, nested repositories, untracked and empty folders are noted and left out; submodules, LFS pointers and
    missing files inside a project are noted. Refused: a shallow clone, a clone without trees, a source folder that is
    absolute or has `..`, a name that HEAD does not have. If it fails, `reason=` says what to correct.

    Safety: reads only; writes no object, no reference and no file of the work tree. What it learned is kept below
    `watchkeeper` in the git directory, so that the next run reads only new commits; two at once do no harm.
    """
    repository = Path(repo_root)
    found = find_folders(repository, source_dir, projects)
    splits = split_folders(repository, found, on_gap=on_gap, fresh=fresh)
    for line in rows_and_notes(splits, found.left_out, look_inside(found)):
        tell(line)
    return split_told(found.head, splits, found.left_out)
