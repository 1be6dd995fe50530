"""What the operations database remembers of soaks: each slot once, ladders by phase and region, journal heads.

Models of what revision 0003 of `migrations/operations/` builds (runbook 004, "Soak orchestration").
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from tasks.operations import Base
from tasks.rules.journal import Head
from tasks.rules.soak_record import Slot

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
    """One soak: its phase and since when, the hours of each phase, the seconds between two slots."""

    __tablename__ = "soaks"

    soak: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    phase: Mapped[str]
    state: Mapped[str]
    hours: Mapped[dict[str, Any]] = mapped_column(JSONB)
    every_s: Mapped[float]
    started_at: Mapped[datetime]
    phase_started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


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


def hold_journal(active: Session, journal: Path) -> None:
    """Let nobody else on any machine write this journal until the transaction ends."""
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


def forget_heads(active: Session, journal: Path) -> None:
    """After a quarantine the name belongs to a new journal; the old heads stay in its first record and in the log."""
    for row in active.scalars(select(JournalHead).where(JournalHead.journal == name_of(journal))):
        active.delete(row)


def fails_on_ladder(active: Session, slot: Slot) -> int:
    row = active.get(SoakLadder, (slot.soak, slot.phase.value, slot.region))
    return row.fails if row else 0


def set_ladder(active: Session, slot: Slot, fails: int, at: datetime) -> None:
    active.merge(SoakLadder(soak=slot.soak, phase=slot.phase.value, region=slot.region, fails=fails, changed_at=at))


def tick_at(active: Session, slot: Slot, at: datetime) -> SoakTick | None:
    return active.get(SoakTick, (slot.soak, slot.phase.value, slot.region, at))


def last_slot(active: Session, slot: Slot) -> datetime | None:
    """The newest slot of this soak, phase and region that stands in the books."""
    mine = (SoakTick.soak == slot.soak, SoakTick.phase == slot.phase.value, SoakTick.region == slot.region)
    return active.scalar(select(func.max(SoakTick.slot)).where(*mine))
