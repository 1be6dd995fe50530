"""What the operations database remembers of each archive: what is in it, and which step it is in.

A row is written before the step that it tells of, so that a run which was killed is finished by the next one. Model
of what a revision of `migrations/operations/` builds (runbook 003, Local Space Conservation).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import BigInteger, Index, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from tasks.operations import Base, session
from tasks.rules.publishing.registry import Key


class State(StrEnum):
    """Where an archive is in its life; those that end in -ing are steps under way."""

    ARCHIVING = "archiving"
    ARCHIVED = "archived"
    DELETING = "deleting"
    DELETED = "deleted"
    RESTORING = "restoring"
    RESTORED = "restored"
    CANCELLED = "cancelled"


_OVER = (State.DELETED, State.RESTORED, State.CANCELLED)
_UNDER_WAY = (State.ARCHIVING, State.DELETING, State.RESTORING)


class ProjectArchive(Base):
    """One archive of one project, from the decision to make it to its end."""

    __tablename__ = "project_archives"
    __table_args__ = (
        Index(
            "ux_project_archives_open",
            "monorepo",
            "source_dir",
            "project_name",
            unique=True,
            postgresql_where=text("state NOT IN ('deleted', 'restored', 'cancelled')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    monorepo: Mapped[str]
    source_dir: Mapped[str]
    project_name: Mapped[str]
    archives: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    digest: Mapped[str]
    committed: Mapped[str]
    files: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    archived_at: Mapped[datetime]
    changed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """An archive: `digest` is that of its bytes, `committed` that of what git has (they differ by filters)."""

    key: Key
    archives: Path
    name: str
    state: State
    digest: str
    committed: str
    size: int
    archived_at: datetime
    id: int = 0

    @property
    def is_under_way(self) -> bool:
        return self.state in _UNDER_WAY


def begin(root: Path, new: Kept, files: int) -> Kept:
    """Write down what is about to be done, before it is."""
    with session() as active:
        row = ProjectArchive(
            monorepo=str(root),
            source_dir=new.key[0],
            project_name=new.key[1],
            archives=str(new.archives),
            name=new.name,
            state=new.state.value,
            digest=new.digest,
            committed=new.committed,
            files=files,
            size=new.size,
            archived_at=new.archived_at,
            changed_at=new.archived_at,
        )
        active.add(row)
        active.flush()
        return replace(new, id=row.id)


def set_state(kept: Kept, state: State, now: datetime) -> None:
    with session() as active:
        row = active.get_one(ProjectArchive, kept.id)
        row.state, row.changed_at = state.value, now


def open_archives(root: Path) -> dict[Key, Kept]:
    """Every archive that is still there or under way."""
    query = select(ProjectArchive).where(ProjectArchive.monorepo == str(root), ProjectArchive.state.not_in(_OVER))
    with session() as active:
        rows = [_kept(row) for row in active.scalars(query)]
    return {row.key: row for row in rows}


def restored_at(root: Path) -> dict[Key, datetime]:
    """When each project last came back from the archive."""
    query = (
        select(ProjectArchive.source_dir, ProjectArchive.project_name, func.max(ProjectArchive.changed_at))
        .where(ProjectArchive.monorepo == str(root), ProjectArchive.state == State.RESTORED)
        .group_by(ProjectArchive.source_dir, ProjectArchive.project_name)
    )
    with session() as active:
        return {(source, name): at.astimezone(UTC) for source, name, at in active.execute(query)}


def last_change(root: Path) -> datetime | None:
    """The newest moment that cleanup has written about this monorepo."""
    query = select(func.max(ProjectArchive.changed_at)).where(ProjectArchive.monorepo == str(root))
    with session() as active:
        moment = active.scalar(query)
    return moment.astimezone(UTC) if moment else None


def _kept(row: ProjectArchive) -> Kept:
    return Kept(
        key=(row.source_dir, row.project_name),
        archives=Path(row.archives),
        name=row.name,
        state=State(row.state),
        digest=row.digest,
        committed=row.committed,
        size=row.size,
        archived_at=row.archived_at.astimezone(UTC),
        id=row.id,
    )
