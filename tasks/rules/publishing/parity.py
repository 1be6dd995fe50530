"""Whether a remote branch holds exactly what a folder of the monorepo holds (runbook 003, Product Repo Publishing 4).

Pure: two manifests and three heads in, a verdict out. A manifest is every entry of a tree, folders included:
path -> (mode, type, id).
"""

from collections.abc import Mapping
from dataclasses import dataclass

Entry = tuple[str, str, str]
Manifest = Mapping[bytes, Entry]
PARITY_REASONS = ("parity_branch_missing", "parity_head_differs", "parity_views_differ", "parity_tree_differs")


@dataclass(frozen=True, slots=True)
class Differences:
    """How many entries only the folder has, only the remote has, and both have but not the same."""

    missing: int = 0
    extra: int = 0
    changed: int = 0

    @property
    def total(self) -> int:
        return self.missing + self.extra + self.changed


@dataclass(frozen=True, slots=True)
class Parity:
    """The verdict on one project: `reason` is None when both sides are equal in every respect that was asked."""

    expected_sha: str
    api_sha: str | None
    fetched_sha: str | None
    entries: int = 0
    differences: Differences = Differences()

    @property
    def holds(self) -> bool:
        return self.reason is None

    @property
    def reason(self) -> str | None:
        if self.api_sha is None or self.fetched_sha is None:
            return "parity_branch_missing"
        if self.api_sha != self.fetched_sha:
            return "parity_views_differ"
        if self.fetched_sha != self.expected_sha:
            return "parity_head_differs"
        return "parity_tree_differs" if self.differences.total else None


def compare(folder: Manifest, remote: Manifest) -> Differences:
    """What differs, counted; the paths themselves may tell secrets and stay here."""
    return Differences(
        missing=len(folder.keys() - remote.keys()),
        extra=len(remote.keys() - folder.keys()),
        changed=sum(remote[path] != folder[path] for path in folder.keys() & remote.keys()),
    )


def manifest_in(listing: bytes) -> dict[bytes, Entry]:
    """The manifest in the output of `git ls-tree -r -t -z`."""
    entries = (line.partition(b"\t") for line in listing.split(b"\0") if line)
    return {path: _entry(facts.decode("ascii")) for facts, _, path in entries}


def _entry(facts: str) -> Entry:
    mode, kind, sha = facts.split(" ")
    return mode, kind, sha
