"""The split and the installed `git subtree split` agree, on histories that nobody would write by hand."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tasks.splitting import Split, split
from tests.tasks.splitting.histories import tell_story
from tests.tasks.splitting.raw_git import RawGit, subtree_split

HISTORIES = int(os.environ.get("WATCHKEEPER_SPLIT_HISTORIES", "40"))
FIRST = int(os.environ.get("WATCHKEEPER_SPLIT_FIRST", "0"))


def commits_of(repo: RawGit, sha: str) -> set[str]:
    return set(repo.git("rev-list", sha).decode().split())


def compared(folder: Path, seed: int) -> str:
    """Tell a story, split it by both, and say in a word how they compare."""
    repo = tell_story(folder / str(seed), seed, 6 + seed % 13)
    ours = {one.name: one for one in split(repo.path, "product", write=True)}
    name = Random(seed).choice(sorted(ours))
    alone = split(repo.path, "product", [name])[0]
    assert alone == ours[name]
    return verdict(repo, ours[name], subtree_split(repo.path, f"product/{name}"))


def verdict(repo: RawGit, ours: Split, theirs: str | None) -> str:
    assert ours.sha
    monorepo = commits_of(repo, "HEAD")
    assert not commits_of(repo, ours.sha) & monorepo
    assert repo.git("rev-parse", f"{ours.sha}^{{tree}}") == repo.git("rev-parse", f"HEAD:{ours.prefix}")
    assert ours.commits == len(commits_of(repo, ours.sha))
    if theirs is None:
        return "gave up"
    leaks = bool(commits_of(repo, theirs) & monorepo)
    assert leaks or ours.sha == theirs
    if leaks:
        assert ours.history == "gap_skipped"
    return "leaked" if leaks else "equal" if ours.history == "complete" else "equal across a gap"


@pytest.mark.row("P003-150", "W003-150")
@pytest.mark.timeout(3600)
def test_generated_histories_give_the_same_commits(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        words = list(pool.map(lambda seed: compared(tmp_path, seed), range(FIRST, FIRST + HISTORIES)))
    told = {word: words.count(word) for word in sorted(set(words))}
    assert words.count("equal") > HISTORIES / 2, told
    assert words.count("equal across a gap") <= HISTORIES / 50  # an octopus may hide a gap from git subtree
