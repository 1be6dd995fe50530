"""What Gitea has of every project, asked before anything is done there (runbook 003, Product Repo Publishing)."""

from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tasks.gitea.api import find_repository, read_head
from tasks.gitea.remotes import count_lost_commits
from tasks.progress import progress
from tasks.publishing.folders import Found
from tasks.publishing.monorepo import tried_split
from tasks.rules.faults import Fault, GiteaUnauthorised
from tasks.rules.publishing.plan import Remote
from tasks.rules.publishing.registry import Entry
from tasks.rules.publishing.remote import Owner, OwnerKind
from tasks.step import step

K = TypeVar("K", bound=Hashable)
AT_ONCE = 4  # Gitea hashes the password for every request


@dataclass(frozen=True, slots=True)
class Target:
    """Where a project is, or would be, at Gitea."""

    owner: Owner
    repository: str
    branch: str


def target_of(entry: Entry) -> Target:
    """Where the registry says that a project is; of which kind its owner is does not matter to a look."""
    owner, _, repository = entry.repo.partition("/")
    return Target(Owner(owner, OwnerKind.ORG), repository, entry.branch)


@step
def look_at_remotes(targets: Mapping[K, Target]) -> dict[K, Remote]:
    """What there is of each. What goes wrong with one is its own; a login that is refused ends the run."""
    with progress("look-at-gitea", len(targets)) as advance, ThreadPoolExecutor(AT_ONCE) as pool:
        remotes = {}
        for key, remote in zip(targets, pool.map(_look, targets.values()), strict=True):
            remotes[key] = remote
            advance(1)
        return remotes


def _look(target: Target) -> Remote:
    try:
        repository = find_repository.fn(target.owner, target.repository)
        return Remote(repository, read_head.fn(repository, target.branch)) if repository else Remote()
    except GiteaUnauthorised:
        raise
    except Fault as fault:
        return Remote(problem=fault.reason)


@step
def count_losses(
    root: Path, found: Found, branch: str, foreign: Mapping[str, tuple[str, Remote]], *, written: bool
) -> dict[str, Remote]:
    """The same remotes, each with how many of its commits are none of ours.

    `foreign` holds, by folder, our newest commit and the remote. Unless our commits are `written` in the monorepo
    they are made in a copy of it, which is gone afterwards.
    """
    if not foreign:
        return {}
    place = nullcontext(root) if written else tried_split(root, found, list(foreign))
    with place as objects, ThreadPoolExecutor(AT_ONCE) as pool:
        counted = pool.map(lambda both: _counted(objects, branch, *both), foreign.values())
        return dict(zip(foreign, counted, strict=True))


def _counted(objects: Path, branch: str, sha: str, remote: Remote) -> Remote:
    if remote.repository is None:
        return remote
    try:
        return replace(remote, loses=count_lost_commits.fn(objects, remote.repository, branch, sha))
    except GiteaUnauthorised:
        raise
    except Fault as fault:
        return replace(remote, problem=fault.reason)
