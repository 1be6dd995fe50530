"""git over HTTP with Gitea: where a branch is, what it holds, what a push would lose, and the push itself.

No push goes out without naming the head it expects to find, so that nothing which was not seen can be lost (runbook
003, Product Repo Publishing).
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from tasks.gitea.scratch import Scratch, scratch_repository
from tasks.rules.faults import Unreachable
from tasks.rules.publishing.answers import git_fault
from tasks.rules.publishing.parity import Manifest, manifest_in
from tasks.rules.publishing.pushing import read_push
from tasks.rules.publishing.remote import Push, Repository
from tasks.settings.publishing import gitea_address
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
_NO_SUCH_BRANCH = b"couldn't find remote ref"
over_git = step(retries=2, retry_delay_seconds=[1, 4])
"""A step that may be repeated: it reads, or it pushes with the head that it expects to find."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push, and where the remote branch is now as far as it is known."""

    result: Push
    head: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A remote head and every entry of its tree, as the remote itself gave them."""

    sha: str
    manifest: Manifest


@over_git
def read_remote_head(repository: Repository, branch: str) -> str | None:
    """The commit a branch is at, asked of git and not of the API; None if there is no such branch."""
    with scratch_repository() as scratch:
        return _head(scratch, repository, branch)


@over_git
def count_lost_commits(monorepo: Path, repository: Repository, branch: str, sha: str) -> int:
    """How many commits of the remote branch are not part of `sha`: what a forced push would throw away."""
    with scratch_repository(monorepo) as scratch:
        scratch.ask("fetch", "--quiet", "--no-tags", _url(repository), f"+refs/heads/{branch}:refs/heads/seen")
        return int(scratch.ask("rev-list", "--count", "refs/heads/seen", "--not", sha))


@over_git
def fetch_manifest(repository: Repository, branch: str) -> Fetched | None:
    """The remote head fetched into an empty repository, and all it holds; None if there is no such branch."""
    with scratch_repository() as scratch:
        wanted = f"+refs/heads/{branch}:refs/heads/seen"
        done = scratch.tried("fetch", "--quiet", "--no-tags", "--depth=1", _url(repository), wanted)
        if _NO_SUCH_BRANCH in done.stderr:
            return None
        if done.returncode != 0:
            raise git_fault(done.stderr.decode("utf-8", "replace"))
        sha = scratch.ask("rev-parse", "--verify", "refs/heads/seen^{commit}").decode().strip()
        return Fetched(sha, manifest_in(scratch.ask("ls-tree", "-r", "-t", "-z", "--full-tree", sha)))


@over_git
def push_branch(
    monorepo: Path, repository: Repository, branch: str, sha: str, *, seen: str | None, force: bool = False
) -> Pushed:
    """Bring the branch from `seen` (None: it does not exist) to `sha`, or say why not; nothing else is ever lost.

    Without `force` a `seen` that `sha` does not build on is `diverged` and nothing is sent. Safe to repeat.
    """
    with scratch_repository(monorepo) as scratch:
        if seen is not None and not force and not _builds_on(scratch, sha, seen):
            return Pushed(Push.DIVERGED, seen)
        try:
            result = _push(scratch, repository, branch, sha, seen)
        except Unreachable:
            if _head(scratch, repository, branch) != sha:
                raise
            return Pushed(Push.PUSHED, sha)  # the answer was lost on the way back, the push was not
        if result.is_good:
            return Pushed(result, sha)
        head = _head(scratch, repository, branch)
        return Pushed(Push.PUSHED if head == sha else result, head)  # curl repeats a request whose answer was lost


def _push(scratch: Scratch, repository: Repository, branch: str, sha: str, seen: str | None) -> Push:
    ref = f"refs/heads/{branch}"
    lease = f"--force-with-lease={ref}:{seen or ''}"  # nothing after the colon: it must not be there yet
    done = scratch.tried("push", "--porcelain", "--no-verify", lease, _url(repository), f"{sha}:{ref}")
    chatter = done.stderr.decode("utf-8", "replace")
    result = read_push(done.stdout.decode("utf-8", "replace"), chatter, ref)
    if result is None or (result.is_good and done.returncode != 0):
        raise git_fault(chatter)
    if not result.is_good:
        log.warning("push not taken (%s): %s", result.value, chatter)
    return result


def _builds_on(scratch: Scratch, sha: str, seen: str) -> bool:
    """Whether `seen` is among the ancestors of `sha`; one that is not here at all is not."""
    return scratch.tried("merge-base", "--is-ancestor", seen, sha).returncode == 0


def _head(scratch: Scratch, repository: Repository, branch: str) -> str | None:
    ref = f"refs/heads/{branch}"
    lines = scratch.ask("ls-remote", _url(repository), ref).decode("utf-8", "replace").splitlines()
    heads = (line.partition("\t") for line in lines)  # names that merely end in the same words come along
    return next((sha for sha, _, name in heads if name == ref), None)


def _url(repository: Repository) -> str:
    return gitea_address().repository(repository.owner, repository.name)
