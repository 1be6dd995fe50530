"""The registry of published projects: in the operations database, and beside it as a file in the monorepo.

The database is what procedures act on. The file (`.orket/project_publish_registry.json`) is written after every
change and read back only when the database has not written it itself: a file of an earlier program, or of a
database that was lost. Runbook 003, Local Space Conservation, Registry.
"""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tasks.databases import connection
from tasks.files import replace_file
from tasks.locks import held
from tasks.operations import Base, session
from tasks.rules.faults import Fault, Refused
from tasks.rules.publishing.registry import FILE, Entry, merged, rendered
from tasks.rules.publishing.registry_file import read
from tasks.settings import OPERATIONS_DSN, is_set
from tasks.splitting.plumbing import Git
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")

_MOST_BYTES = 32 * 2**20
_MOST_PROBLEMS = 20  # what a line names; a file with more is as wrong as one with these
_EXCLUDED = "/.orket/"


class PublishedProject(Base):
    """One published folder of one monorepo; the columns are the fields of the registry's file."""

    __tablename__ = "published_projects"

    monorepo: Mapped[str] = mapped_column(primary_key=True)
    source_dir: Mapped[str] = mapped_column(primary_key=True)
    project_name: Mapped[str] = mapped_column(primary_key=True)
    repo: Mapped[str]
    branch: Mapped[str]
    local_path: Mapped[str]
    last_published_sha: Mapped[str]
    last_remote_sha: Mapped[str | None]
    parity_verified: Mapped[bool]
    last_published_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    archived_path: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class RegistryFile(Base):
    """The file as it was last written or read, so that a file from elsewhere is noticed."""

    __tablename__ = "registry_files"

    monorepo: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    at: Mapped[datetime]


@contextmanager
def sole_publisher(root: Path, holder: str) -> Iterator[None]:
    """Nobody else publishes or cleans up this monorepo while the block runs; whoever comes second gets `LockHeld`."""
    with connection(OPERATIONS_DSN, autocommit=True) as conn, held(conn, f"publishing {root}", holder=holder):
        yield


@step
def read_registry(root: Path, now: datetime) -> list[Entry]:
    """Every row as a run would find it, sorted; nothing is written. Refuses a file that cannot be believed.

    `root` is the resolved top of the monorepo. Without an operations database the file alone is read.
    """
    if not is_set(OPERATIONS_DSN):
        return _sorted(_entries_of_file(root, now))
    with session() as active:
        known = _known(active, root)
        news = merged(known, _unknown_to(active, root, now))
    return _sorted({entry.key: entry for entry in (*known, *news)}.values())


@step
def open_registry(root: Path, now: datetime) -> list[Entry]:
    """Every row, after the database has learned what a file from elsewhere tells; keeps `.orket/` out of git."""
    exclude_from_git(root)
    with session() as active:
        _learn(active, root, now)
        return _known(active, root)


@step
def remember(root: Path, entry: Entry, now: datetime) -> None:
    """Store one row as it now is, and write the file. Safe to repeat; a kill in between is made good by the next."""
    with session() as active:
        _one_after_the_other(active, root)
        _learn(active, root, now)
        active.merge(PublishedProject(monorepo=str(root), **asdict(entry)))
        active.flush()
        _write(active, root, now)


def _one_after_the_other(active: Session, root: Path) -> None:
    """Let nobody else store a row of this monorepo until the transaction ends: the file holds all of them."""
    active.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"registry {root}", 0))))


def _known(active: Session, root: Path) -> list[Entry]:
    rows = active.scalars(select(PublishedProject).where(PublishedProject.monorepo == str(root)))
    return _sorted(_entry(row) for row in rows)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.key)


def _entry(row: PublishedProject) -> Entry:
    return Entry(
        row.source_dir,
        row.project_name,
        row.repo,
        row.branch,
        row.local_path,
        row.last_published_sha,
        row.last_remote_sha,
        row.parity_verified,
        row.last_published_at.astimezone(UTC),
        row.archived_at.astimezone(UTC) if row.archived_at else None,
        row.archived_path,
        row.deleted_at.astimezone(UTC) if row.deleted_at else None,
    )


def _learn(active: Session, root: Path, now: datetime) -> None:
    for entry in merged(_known(active, root), _unknown_to(active, root, now)):
        active.merge(PublishedProject(monorepo=str(root), **asdict(entry)))
    active.flush()


def _unknown_to(active: Session, root: Path, now: datetime) -> list[Entry]:
    """The rows of the file if the database did not write it; none if it did."""
    content = _content(root)
    written = active.get(RegistryFile, str(root))
    if content is None or (written and written.digest == _digest(content)):
        return []
    return _believed(content, root, now)


def _entries_of_file(root: Path, now: datetime) -> list[Entry]:
    content = _content(root)
    return [] if content is None else _believed(content, root, now)


def _believed(content: bytes, root: Path, now: datetime) -> list[Entry]:
    entries, problems = read(content, PurePosixPath(root), now)
    if problems:
        raise _refused(*problems)
    return entries


def _refused(*problems: str) -> Refused:
    return Refused(
        "registry_invalid",
        f"correct {FILE}, or move it away if the database knows the projects: it is not read and not written",
        problems=problems[:_MOST_PROBLEMS],
        problem_count=len(problems),
    )


def _content(root: Path) -> bytes | None:
    """The file's bytes; None where there is none. A link is not followed: it may lead anywhere."""
    path = root / FILE
    if path.is_symlink() or path.parent.is_symlink():
        raise _refused("link")
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("registry: %s", type(error).__name__)
        raise _refused("not_readable") from None
    if len(content) > _MOST_BYTES:
        raise _refused("too_large")
    return content


def _write(active: Session, root: Path, now: datetime) -> None:
    """The file first, then the commit: a kill in between leaves a file with news, which the next run learns."""
    content = rendered(_known(active, root))
    try:
        replace_file(root / FILE, content)
    except OSError as error:
        log.warning("registry: %s", type(error).__name__)
        raise Fault("registry_not_written", f"see that {FILE} can be written, then start again") from None
    active.merge(RegistryFile(monorepo=str(root), digest=_digest(content), at=now))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def exclude_from_git(root: Path) -> None:
    """Keep `.orket/` out of `git status` by the repository's own exclude file, which is never committed."""
    located = Git(str(root / ".git")).ask("rev-parse", "--path-format=absolute", "--git-path", "info/exclude")
    path = Path(os.fsdecode(located.rstrip(b"\n")))
    lines = path.read_text("utf-8", "surrogateescape") if path.is_file() else ""
    if _EXCLUDED not in lines.splitlines():
        text = f"{lines}{'' if not lines or lines.endswith(chr(10)) else chr(10)}{_EXCLUDED}\n"
        replace_file(path, text.encode("utf-8", "surrogateescape"))
