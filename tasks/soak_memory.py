"""What the operations database remembers of soaks: each slot once, ladders by phase and region, journal heads.

Models of what revisions 0003 and 0006 of `migrations/operations/` build (runbook 004, "Soak orchestration").
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from tasks.operations import Base
from tasks.rules.journal import Head
from tasks.rules.soak import Phase, Verdict
from tasks.rules.soak_progress import Move, Seen, State
from tasks.rules.soak_record import GAP, Slot

_HEADS_TO_COMPARE = 100


class JournalHead(Base):
    """How long a journal was and what it ended in when a line was added; one row a line."""

    __tablename__ = "journal_heads"

    journal: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[str]
    inode: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


class Soak(Base):
    """One soak: its phase and since when, the hours of each phase, the seconds between two slots, clock and files.

    A region has one that is active on the real clock and one that is rehearsed on a scaled one.
    """

    __tablename__ = "soaks"
    __table_args__ = (
        Index("ux_soaks_active", "region", "clock", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    soak: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    phase: Mapped[str]
    state: Mapped[str]
    hours: Mapped[dict[str, Any]] = mapped_column(JSONB)
    every_s: Mapped[float]
    started_at: Mapped[datetime]
    phase_started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]
    clock: Mapped[str] = mapped_column(server_default="real")
    files: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class SoakTick(Base):
    """One slot of a soak, judged or missed; the key is what makes it happen once."""

    __tablename__ = "soak_ticks"

    soak: Mapped[str] = mapped_column(primary_key=True)
    phase: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str]
    action: Mapped[str]
    reason_code: Mapped[str]
    reason: Mapped[str]
    record: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class SoakLadder(Base):
    """How many failures stand on the ladder of a phase in a region."""

    __tablename__ = "soak_ladders"

    soak: Mapped[str] = mapped_column(primary_key=True)
    phase: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    fails: Mapped[int]
    changed_at: Mapped[datetime]


class SoakAction(Base):
    """What a rung asks for: planned with its tick, then done or failed; the key is what makes it happen once."""

    __tablename__ = "soak_actions"

    key: Mapped[str] = mapped_column(primary_key=True)
    journal: Mapped[str]
    soak: Mapped[str]
    phase: Mapped[str]
    region: Mapped[str]
    slot: Mapped[datetime]
    action: Mapped[str]
    reason_code: Mapped[str]
    state: Mapped[str]
    hook: Mapped[str | None]
    result: Mapped[str | None]
    planned_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def hold_journal(active: Session, journal: Path) -> None:
    """Let nobody else on any machine write this journal until the transaction ends; `LockHeld` after a minute."""
    active.execute(text("SET LOCAL lock_timeout = '60s'"))  # a writer that was stopped must not hang everybody else
    active.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name_of(journal), 0))))


def name_of(journal: Path) -> str:
    """The journal's name in the database: where it is, so that a file put in its place is judged by its heads."""
    return str(journal.resolve())


def keep_head(active: Session, journal: Path, head: Head, at: datetime) -> None:
    row = {"hash": head.hash, "inode": head.inode, "at": at}
    statement = insert(JournalHead).values(journal=name_of(journal), count=head.count, **row)
    active.execute(statement.on_conflict_do_nothing())


def newest_head(active: Session, journal: Path) -> Head | None:
    heads = newest_heads(active, journal, 1)
    return heads[0] if heads else None


def newest_heads(active: Session, journal: Path, most: int = _HEADS_TO_COMPARE) -> list[Head]:
    """The newest heads first: a shorter file is compared with the head of its own length."""
    query = select(JournalHead).where(JournalHead.journal == name_of(journal)).order_by(JournalHead.count.desc())
    return [Head(row.count, row.hash, row.inode) for row in active.scalars(query.limit(most))]


def fails_on_ladder(active: Session, slot: Slot) -> int:
    row = active.get(SoakLadder, (slot.soak, slot.phase.value, slot.region))
    return row.fails if row else 0


def set_ladder(active: Session, slot: Slot, fails: int, at: datetime) -> None:
    active.merge(SoakLadder(soak=slot.soak, phase=slot.phase.value, region=slot.region, fails=fails, changed_at=at))


def tick_of_slot(active: Session, slot: Slot, at: datetime, *, any_phase: bool) -> SoakTick | None:
    """The slot in the books, in whatever phase if asked: a soak judges an hour once, also if it moved on with it."""
    query = select(SoakTick).where(SoakTick.soak == slot.soak, SoakTick.region == slot.region, SoakTick.slot == at)
    return active.scalar(query if any_phase else query.where(SoakTick.phase == slot.phase.value))


def newest_slot(active: Session, slot: Slot) -> datetime | None:
    """The newest slot of this soak and region in the books, in whatever phase."""
    mine = (SoakTick.soak == slot.soak, SoakTick.region == slot.region)
    return active.scalar(select(func.max(SoakTick.slot)).where(*mine))


def seen_so_far(active: Session, soak: str, phase: Phase, region: str) -> Seen:
    """What the books have of a phase in a region."""
    mine = (SoakTick.soak == soak, SoakTick.phase == phase.value, SoakTick.region == region)
    rows = active.execute(select(SoakTick.status, func.count()).where(*mine).group_by(SoakTick.status))
    counts: dict[str, int] = {row.status: row[1] for row in rows}
    gaps = counts.pop(GAP, 0)
    last = select(SoakTick.status).where(*mine, SoakTick.status != GAP).order_by(SoakTick.slot.desc()).limit(1)
    status = active.scalar(last)
    ladder = active.get(SoakLadder, (soak, phase.value, region))
    return Seen(counts, gaps, ladder.fails if ladder else 0, Verdict(status) if status else None)


def take_move(soak: Soak, move: Move, at: datetime) -> None:
    """Put the soak into its next phase, or end it."""
    if move.phase is not None:
        soak.phase, soak.phase_started_at = move.phase.value, at
    if move.state is not State.ACTIVE:
        soak.state, soak.ended_at, soak.ended_reason = move.state.value, at, move.reason
