"""All folders of a monorepo in one pass over its history (runbook 003, Product Repo Publishing)."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from tasks.rules.splitting.answer import History, Split
from tasks.splitting.passes import Pass
from tasks.splitting.repository import chosen_folders, folder_named, open_monorepo
from tasks.splitting.state import Result, StateFile

OnGap = Literal["skip", "refuse"]
OnProgress = Callable[[int], None]


def split(  # noqa: PLR0913  the questions of the runbook, one each
    repository: Path,
    source_dir: str,
    projects: Sequence[str] | None = None,
    tip: str = "HEAD",
    *,
    write: bool = False,
    state: Path | None = None,
    on_gap: OnGap = "skip",
    on_progress: OnProgress = lambda _: None,
) -> list[Split]:
    """The split of every wanted sub-folder of `source_dir` at `tip`, sorted by name.

    Reads only, unless `write` is set: then the new commits are in the repository when it returns, on no branch.
    `state` is a folder where what was learned is kept, so that the next run reads only what is new. `on_progress` is
    called with the number of commits just read. Refuses what would give other commits than `git subtree split`: a
    shallow clone, a foreign encoding in the git configuration.
    """
    folder = folder_named(source_dir)
    repo = open_monorepo(repository, tip)
    names = chosen_folders(repo, folder, projects)
    stored = StateFile.of(state, repo.common_dir, repo.git_version, repo.replaced, str(write), source_dir, *names)
    if not names:
        return []
    before, now = Pass(repo, folder, [*map(os.fsencode, names)], write, stored, on_progress).run()
    return [
        _told(name, os.fsdecode(folder), result, old, on_gap)
        for name, result, old in zip(names, now, before, strict=True)
    ]


def _told(name: str, folder: str, result: Result, old: Result, on_gap: OnGap) -> Split:
    refused = result.gap and on_gap == "refuse"
    problem = "history_gap" if refused else result.problem
    history: History = "gap_skipped" if result.gap else "complete"
    reused = min(old.commits, result.commits)
    prefix = f"{folder}/{name}" if folder else name
    return Split(name, prefix, None if problem else result.sha, history, result.commits, reused, problem)


def count_commits(repository: Path, tip: str = "HEAD") -> int:
    """How many commits a split that knows nothing yet has to read."""
    repo = open_monorepo(repository, tip)
    return int(repo.git.ask("rev-list", "--count", repo.tip))
