"""What git's index says of an archived folder: it is left out of the work tree on purpose, as in a sparse checkout.

Without it every file of an archive would show as deleted, and somebody would commit that sooner or later.
"""

import os
import subprocess
from pathlib import Path

from tasks.rules.faults import Refused
from tasks.splitting.plumbing import environment


def mark_absent(root: Path, prefix: str) -> None:
    """Let `git status` find nothing wrong with a folder that is in the archive."""
    _mark(root, prefix, "--skip-worktree")


def mark_present(root: Path, prefix: str) -> None:
    """Let git look at the folder again."""
    _mark(root, prefix, "--no-skip-worktree")


def check_free(root: Path) -> None:
    """Refuse while another git holds the index: the marks could not be set."""
    located = _git(root, "rev-parse", "--git-path", "index.lock").strip()
    if (root / os.fsdecode(located)).exists():
        raise Refused("index_locked", "wait for the other git to end; if none runs, remove its index.lock")


def _mark(root: Path, prefix: str, how: str) -> None:
    if files := _git(root, "--literal-pathspecs", "ls-files", "-z", "--", prefix):
        _git(root, "update-index", "-z", how, "--stdin", given=files)


def _git(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=root, input=given, capture_output=True, check=False, env=environment()
    )
    if done.returncode != 0:
        raise Refused("index_locked", "git could not change its index: see that no other git runs, then start again")
    return done.stdout
