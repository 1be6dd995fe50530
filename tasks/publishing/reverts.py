"""A commit taken back by `git revert`, in a work tree of its own: what is checked out is never touched.

Runbook 002, Rollback & Release. The same revert onto the same head is the same commit, so that a second start finds
what the first one made. Hooks and signatures of whoever owns the repository are left out.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from git import GitCommandError, GitError, Repo

from tasks.folders import alone_in, disk_faults
from tasks.rules.faults import Fault, Refused
from tasks.rules.publishing.reverts import Revert, branch_for, check_mainline
from tasks.step import step

_PLAIN = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false")
log = logging.getLogger("prefect.watchkeeper")


@step(retries=0)  # safe to repeat: it gives the same commit
def make_revert(root: Path, sha: str, branch: str, mainline: int) -> Revert:
    """The revert of `sha` onto the local `branch`; it is in the repository and on no branch yet.

    Refuses a commit that the branch does not have, a merge without --mainline, `Conflicts` with their files, and a
    revert that would change nothing.
    """
    with opened_repository(root) as repository:
        commit = _resolved(repository, sha, "commit_unknown")
        onto = _resolved(repository, f"refs/heads/{branch}", "branch_unknown")
        parents = len(repository.commit(commit).parents)
        check_mainline(parents, mainline)
        if not _holds(repository, commit, onto):
            raise Refused("commit_not_on_branch", "the branch does not have that commit: nothing is to be taken back")
        return _reverted(repository, commit, onto, mainline)


@step(retries=0)  # safe to repeat: the branch is there already
def keep_on_branch(root: Path, revert: Revert) -> None:
    """Put the revert on its branch; one of that name which holds something else is refused."""
    with opened_repository(root) as repository:
        ref = f"refs/heads/{revert.branch}"
        there = repository.git.for_each_ref("--format=%(objectname)", ref)
        if there not in ("", revert.commit):
            raise Refused("branch_taken", f"the branch {revert.branch} holds something else: look at it, rename it")
        repository.git.update_ref(ref, revert.commit)


class Conflicts(Refused):
    """Later changes stand on what would be taken back."""

    def __init__(self, files: tuple[str, ...]) -> None:
        super().__init__(
            "revert_conflicts",
            "later changes build on it: revert those first, or fix forward",
            conflicts=len(files),
        )
        self.files = files

    def __reduce__(self) -> tuple[object, ...]:
        return (Conflicts, (self.files,))


@contextmanager
def opened_repository(root: Path) -> Iterator[Repo]:
    """The repository of that work tree; what git says against anything goes to the scrubbed log."""
    try:
        with Repo(root, search_parent_directories=True) as repository:
            yield repository
    except GitCommandError as error:
        log.warning("git: %s", error.stderr)
        raise Fault("revert_failed", "read the log of this run for the words of git") from None
    except (GitError, OSError, ValueError) as error:
        log.warning("repository: %s", type(error).__name__)
        raise Refused("repository_unreadable", "give --repo-root the work tree of the repository") from None


def _resolved(repository: Repo, name: str, reason: str) -> str:
    try:
        return str(repository.git.rev_parse("--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"))
    except GitCommandError:
        raise Refused(reason, "give the commit by its hash, and the branch by its local name") from None


def _holds(repository: Repo, commit: str, onto: str) -> bool:
    return bool(repository.is_ancestor(repository.commit(commit), repository.commit(onto)))


def _reverted(repository: Repo, commit: str, onto: str, mainline: int) -> Revert:
    with _work_tree(repository, commit, onto) as tree:
        moment = repository.git.show("--no-patch", "--format=%cI", onto)
        people = {f"GIT_{who}_{what}": "watchkeeper" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        with tree.git.custom_environment(GIT_AUTHOR_DATE=moment, GIT_COMMITTER_DATE=moment, **people):
            _revert(tree, commit, mainline)
        made = str(tree.git.rev_parse("HEAD"))
        files = tree.git.diff("--name-only", "-z", onto, made).split("\0")
        return Revert(made, commit, onto, len([file for file in files if file]))


def _revert(tree: Repo, commit: str, mainline: int) -> None:
    chosen = ["-m", str(mainline)] if mainline else []
    try:
        tree.git.execute(["git", *_PLAIN, "revert", "--no-edit", *chosen, commit])
    except GitCommandError as error:
        met = tuple(file for file in tree.git.diff("--name-only", "--diff-filter=U", "-z").split("\0") if file)
        if met:
            log.warning("conflicts in %s", ", ".join(met))
            raise Conflicts(met) from None
        if not tree.git.status("--porcelain"):
            raise Refused("revert_empty", "its changes are gone from the branch already") from None
        log.warning("git revert: %s", error.stderr)
        raise Fault("revert_failed", "read the log of this run for the words of git") from None


@contextmanager
def _work_tree(repository: Repo, commit: str, onto: str) -> Iterator[Repo]:
    """A work tree inside the git folder, gone afterwards; what a killed run left is taken away first."""
    place = Path(repository.common_dir) / "watchkeeper"
    folder = place / branch_for(commit)
    with disk_faults("artifact_not_written"):
        place.mkdir(exist_ok=True)
    with alone_in(place):
        _take_away(repository, folder)
        repository.git.execute(["git", *_PLAIN, "worktree", "add", "--quiet", "--detach", str(folder), onto])
        try:
            with Repo(folder) as tree:
                yield tree
        finally:
            _take_away(repository, folder)


def _take_away(repository: Repo, folder: Path) -> None:
    if folder.exists():
        repository.git.worktree("remove", "--force", "--force", str(folder))
    repository.git.worktree("prune")
