"""The project folders of a monorepo, found once for everything a run does with them (runbook 003, Publishing).

`find_folders` answers for one commit, which it resolves once: hand `found.head` on (to `split_folders`, to a push, to
a comparison), so that a branch that moves meanwhile changes nothing. What looks like a project and is none is named
in `found.left_out` with its reason and never stops the others; a project that was asked for by name and is not there
is refused, all of them at once (`unknown_project`, names in `unknown`).
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.rules.publishing.folders import Folder, LeftOut, Why, left_out, projects_in
from tasks.splitting.repository import Monorepo, folder_named, open_monorepo, source_entries, wanted_of
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Found:
    """The commit that was looked at and what its source folder holds; `git_dir` is shared by all work trees."""

    head: str
    source_dir: str
    folders: tuple[Folder, ...]
    left_out: tuple[LeftOut, ...]
    git_dir: Path
    work_tree: Path | None


@step
def find_folders(repository: Path, source_dir: str, projects: Sequence[str] = (), tip: str = "HEAD") -> Found:
    """Every project folder below `source_dir` at `tip`, or the wanted ones, sorted by name; reads only.

    Refuses what `split` refuses: no repository, a shallow clone, a source folder that leads elsewhere.
    """
    source = folder_named(source_dir)
    repo = open_monorepo(repository, tip)
    entries = [(mode, os.fsdecode(name), id_) for mode, name, id_ in source_entries(repo, source)]
    folders = projects_in(entries, os.fsdecode(source))
    aside = left_out(entries, dict(_on_disk(repo, os.fsdecode(source))))
    if projects:
        wanted = wanted_of((folder.name for folder in folders), projects)
        folders, aside = tuple(folder for folder in folders if folder.name in wanted), ()
    return Found(repo.tip, os.fsdecode(source), folders, aside, Path(repo.common_dir), repo.work_tree)


def _on_disk(repo: Monorepo, source: str) -> Iterator[tuple[str, Why]]:
    """Folders of the work tree and why each would be no project; nothing behind a link is looked at."""
    if repo.work_tree is None:
        return
    folder = repo.work_tree / source
    if not folder.is_dir() or folder.resolve() != folder:
        return
    with os.scandir(folder) as there:
        for entry in there:
            if entry.name != ".git" and entry.is_dir():
                yield entry.name, _why(entry)


def _why(entry: "os.DirEntry[str]") -> Why:
    if entry.is_symlink():
        return Why.SYMLINK
    if Path(entry.path, ".git").exists():
        return Why.NESTED_REPOSITORY
    return Why.UNTRACKED if any(files for _, _, files in os.walk(entry.path)) else Why.EMPTY
