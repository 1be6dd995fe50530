"""The registry of published projects: what a row holds, and what a publish makes of it.

Runbook 003, Local Space Conservation, Registry.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

VERSION = 1
FILE = ".orket/project_publish_registry.json"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One published project: the folder, where it went, and what has become of the folder since."""

    source_dir: str
    project_name: str
    repo: str
    branch: str
    local_path: str
    last_published_sha: str
    last_remote_sha: str | None
    parity_verified: bool
    last_published_at: datetime
    archived_at: datetime | None = None
    archived_path: str | None = None
    deleted_at: datetime | None = None

    @property
    def key(self) -> Key:
        return self.source_dir, self.project_name

    @property
    def prefix(self) -> str:
        return prefix_of(*self.key)

    @property
    def touched_at(self) -> datetime:
        """The newest moment that the row tells of."""
        return max(at for at in (self.last_published_at, self.archived_at, self.deleted_at) if at)


def prefix_of(source_dir: str, name: str) -> str:
    """The folder as git knows it, from the top of the repository."""
    return name if source_dir == "." else f"{source_dir}/{name}"


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publish left at the remote: where, what, and whether parity was verified (None: nobody asked)."""

    source_dir: str
    project_name: str
    repo: str
    branch: str
    local_path: str
    sha: str
    remote_sha: str | None
    parity: bool | None
    at: datetime
    folder_is_here: bool = True


def published(old: Entry | None, new: Publication) -> Entry:
    """The row after a publish.

    Parity that was verified before stays verified when nothing has changed since and nobody looked again, and so does
    the moment of publishing. What cleanup wrote down stays: an archive that the row points to is never lost by
    publishing again. A folder that is there again is deleted no longer.
    """
    entry = Entry(
        new.source_dir,
        new.project_name,
        new.repo,
        new.branch,
        new.local_path,
        new.sha,
        new.remote_sha,
        new.parity is True,
        new.at,
    )
    if old is None:
        return entry
    deleted_at = None if new.folder_is_here else old.deleted_at
    entry = replace(entry, archived_at=old.archived_at, archived_path=old.archived_path, deleted_at=deleted_at)
    if not _is_unchanged(old, new):
        return entry
    verified = old.parity_verified if new.parity is None else new.parity
    return replace(entry, parity_verified=verified, last_published_at=old.last_published_at)


def folder_deleted(entry: Entry, at: datetime) -> Entry:
    """The row after the local folder was deleted. One with an archive stays archived: cleanup owns that."""
    return entry if entry.archived_at or entry.deleted_at else replace(entry, deleted_at=at)


def _is_unchanged(old: Entry, new: Publication) -> bool:
    before = (old.repo, old.branch, old.last_published_sha, old.last_remote_sha)
    return before == (new.repo, new.branch, new.sha, new.remote_sha)


def merged(known: Iterable[Entry], read: Iterable[Entry]) -> list[Entry]:
    """The rows of a valid file that the database has to learn: unknown ones, and those with a later moment."""
    stored = {entry.key: entry for entry in known}
    return [entry for entry in read if entry.key not in stored or entry.touched_at > stored[entry.key].touched_at]


def rendered(entries: Iterable[Entry]) -> bytes:
    """The file: sorted by key, one newline at the end, always the same bytes for the same rows."""
    rows = [_row_of(entry) for entry in sorted(entries, key=lambda entry: entry.key)]
    return (json.dumps({"version": VERSION, "projects": rows}, indent=2, ensure_ascii=False) + "\n").encode()


def _row_of(entry: Entry) -> dict[str, str | bool | None]:
    return {
        "source_dir": entry.source_dir,
        "project_name": entry.project_name,
        "prefix": entry.prefix,
        "repo": entry.repo,
        "branch": entry.branch,
        "local_path": entry.local_path,
        "last_published_sha": entry.last_published_sha,
        "last_remote_sha": entry.last_remote_sha,
        "parity_verified": entry.parity_verified,
        "last_published_at": _text(entry.last_published_at),
        "archived_at": _text(entry.archived_at),
        "archived_path": entry.archived_path,
        "deleted_at": _text(entry.deleted_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
