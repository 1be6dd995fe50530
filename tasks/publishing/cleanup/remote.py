"""What Gitea has of a project right now, asked anew before each step that cannot be undone (runbook 003)."""

from dataclasses import dataclass, field
from typing import Protocol

from tasks.gitea.api import find_owner, find_repository, read_head
from tasks.gitea.remotes import fetch_manifest
from tasks.rules.faults import Refused
from tasks.rules.publishing.parity import Manifest
from tasks.rules.publishing.registry import Entry
from tasks.rules.publishing.remote import Owner


@dataclass(frozen=True, slots=True)
class Published:
    """What the remote has now: the head of the branch, None without one, and every entry of its tree."""

    head: str | None
    manifest: Manifest


NOTHING = Published(None, {})


class Remote(Protocol):
    """The other side, asked anew each time."""

    def published(self, entry: Entry) -> Published:
        """What it has of this project."""
        ...


@dataclass(frozen=True, slots=True)
class GiteaRemote:
    """Gitea, by its API and by a fetch into an empty repository; it remembers owners and nothing else."""

    owners: dict[str, Owner] = field(default_factory=dict)

    def published(self, entry: Entry) -> Published:
        """The head by both ways and the tree that was fetched; a repository under another name is refused."""
        owner, _, name = entry.repo.partition("/")
        if owner not in self.owners:
            self.owners[owner] = find_owner.fn(owner)
        repository = find_repository.fn(self.owners[owner], name)
        if repository is None:
            return NOTHING
        if repository.name.lower() != name.lower():
            raise Refused("remote_moved", "the repository has another name now: publish the project again")
        told, fetched = read_head.fn(repository, entry.branch), fetch_manifest.fn(repository, entry.branch)
        if told is None or fetched is None:
            return NOTHING
        if told != fetched.sha:
            raise Refused("remote_moved", "Gitea and git tell different heads: somebody is pushing, start again")
        return Published(fetched.sha, fetched.manifest)
