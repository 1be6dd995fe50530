"""The monorepo as a publish sees it: where its work tree is, which branch it is on, and a copy to try things in."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prefect.runtime import deployment

from tasks.publishing.folders import Found
from tasks.rules.faults import Refused
from tasks.splitting import split
from tasks.splitting.plumbing import Git, environment, git_failed
from tasks.splitting.repository import open_monorepo
from tasks.step import step


def is_run_of_deployment() -> bool:
    """Whether a schedule, an event, the receiver or a button started this run, and nobody at a terminal."""
    return bool(deployment.id)


def work_tree_of(found: Found) -> Path:
    """The top of the work tree, links resolved: what the registry's paths begin with."""
    return _work_tree(found.work_tree)


def _work_tree(folder: Path | None) -> Path:
    if folder is None:
        raise Refused("no_work_tree", "name a work tree with --repo-root: a bare repository has no project folders")
    return folder.resolve()


@step
def work_tree_at(repo_root: Path) -> Path:
    """The top of the work tree of the repository there, links resolved."""
    return _work_tree(open_monorepo(repo_root, "HEAD").work_tree)


def is_here(folder: Path) -> bool:
    return os.path.lexists(folder)


@step
def branch_to_publish(root: Path, wanted: str | None) -> str:
    """The branch at the remote: the wanted one, or the one that the work tree is on; refuses a name that is none."""
    git = Git(str(root / ".git"))
    if wanted is None:
        done = git.tried("symbolic-ref", "--quiet", "--short", "HEAD")
        if done.returncode != 0:
            raise Refused("detached_head", "check out a branch, or name one with --branch")
        wanted = done.stdout.decode("utf-8", "surrogateescape").strip()
    if wanted.startswith("-") or git.tried("check-ref-format", f"refs/heads/{wanted}").returncode != 0:
        raise Refused("invalid_branch", "name a branch that git allows, without refs/heads/ in front")
    return wanted


@contextmanager
def tried_split(root: Path, found: Found, names: Sequence[str]) -> Iterator[Path]:
    """A repository that has the split commits of these folders and is gone afterwards; nothing else is written.

    It borrows every object, and has the monorepo's replace refs, so that the commits are the same.
    """
    with tempfile.TemporaryDirectory(prefix="watchkeeper-trial-") as name:
        trial = Path(name) / "trial.git"
        command = ["git", "clone", "--quiet", "--mirror", "--shared", "--", str(root), str(trial)]
        if subprocess.run(command, capture_output=True, check=False, env=environment()).returncode != 0:
            raise git_failed("clone")
        split(trial, found.source_dir or ".", names, found.head, write=True)
        yield trial
