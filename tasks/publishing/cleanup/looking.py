"""The repository whose folders are cleaned up, and what there is of every recorded project in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tasks.publishing.cleanup.memory import restored_at
from tasks.publishing.cleanup.places import ARCHIVE_DIR, archive_of, archive_root_of, is_derivable, is_there
from tasks.publishing.cleanup.scan import Scan, scan_folders
from tasks.rules.faults import Refused
from tasks.rules.publishing.cleanup import Found, Limits, Rule
from tasks.rules.publishing.registry import Entry, Key
from tasks.settings import OPERATIONS_DSN, is_set
from tasks.splitting.plumbing import Git
from tasks.splitting.repository import open_monorepo


@dataclass(frozen=True, slots=True)
class Grounds:
    """The top of the monorepo's work tree (links resolved), its git, and where its archives are."""

    root: Path
    git: Git
    archives: Path

    def head_now(self) -> str:
        return self.git.ask("rev-parse", "--verify", "HEAD^{commit}").decode().strip()


def open_grounds(repo_root: Path, archive_dir: str = ARCHIVE_DIR) -> Grounds:
    """The repository at exactly this folder; a bare or shallow one, or a folder inside of one, is refused."""
    repository = open_monorepo(repo_root, "HEAD")
    root = repo_root.resolve()
    if repository.work_tree != root:
        raise Refused("not_a_repository", "name the top folder of the repository's work tree with --repo-root")
    return Grounds(root, repository.git, archive_root_of(root, archive_dir))


def look_at(grounds: Grounds, entries: Sequence[Entry], limits: Limits, now: datetime) -> list[tuple[Entry, Found]]:
    """Each row with what there is of it; rows that no rule would ever take are not looked for on the disk."""
    wanted = tuple(row.key for row in entries if _may_go(row) and is_derivable(*row.key))
    since = now - timedelta(days=limits.archive_days)
    there = scan_folders(Scan(grounds.root, grounds.head_now(), wanted, since, now))
    back = restored_at(grounds.root) if is_set(OPERATIONS_DSN) else {}
    return [(row, _found(grounds, row, there, back.get(row.key))) for row in entries]


def _may_go(entry: Entry) -> bool:
    return entry.parity_verified is True and entry.deleted_at is None


def _found(grounds: Grounds, entry: Entry, there: dict[Key, Found], restored: datetime | None) -> Found:
    if not is_derivable(*entry.key):
        return Found(problem=Rule.UNSAFE_PATH)
    seen = there.get(entry.key, Found())
    try:
        place = archive_of(grounds.root, grounds.archives, entry)
        archived = place is not None and is_there(place)
    except Refused:
        return Found(problem=Rule.UNSAFE_PATH)
    except OSError:
        return Found(problem=Rule.STAT_FAILED)
    return Found(
        folder=seen.folder,
        archive=archived,
        newest_ns=seen.newest_ns,
        committed_s=seen.committed_s,
        restored_s=int(restored.timestamp()) if restored else None,
        dirty=seen.dirty,
        nested=seen.nested,
        problem=seen.problem,
    )
