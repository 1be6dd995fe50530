"""What the operations database knows of releases: what each one showed of itself, and switches that were begun.

Models of what a revision of `migrations/operations/` builds (runbook 002, "Rollback & Release"). Words are only
appended; a switch is a row before anything is touched, so that a start after a kill knows what it was about.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tasks.operations import Base, session
from tasks.rules.guard.release_identity import kept_identity
from tasks.rules.guard.rollback import Release, Standing, Switch, SwitchKind, SwitchState, Word
from tasks.step import step


class ReleaseWord(Base):
    """One verification of a release, or its withdrawal by a rollback."""

    __tablename__ = "release_words"
    __table_args__ = (Index("ix_release_words_service", "service", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    service: Mapped[str]
    name: Mapped[str]
    standing: Mapped[str]
    identity: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))


class ReleaseSwitch(Base):
    """One change of release of a service, back or to a new one; at most one of them is open."""

    __tablename__ = "release_switches"
    __table_args__ = (
        Index("ux_release_switches_open", "service", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    service: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'back'"))
    before: Mapped[str]
    to: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]


@step
def read_releases(service: str) -> list[Release]:
    """Every word on every release of the service, in the order in which they were said."""
    mine = select(ReleaseWord).where(ReleaseWord.service == service).order_by(ReleaseWord.id)
    with session() as active:
        return [
            Release(row.id, row.name, Standing(row.standing), kept_identity(row.identity))
            for row in active.scalars(mine)
        ]


@step(retries=0)  # a word that stands twice is no harm, one that is in doubt is
def note_release(service: str, word: Word, at: datetime) -> int:
    """Say what the release showed of itself; the number of the word."""
    with session() as active:
        row = _row_of(service, word, at)
        active.add(row)
        active.flush()
        return row.id


def _row_of(service: str, word: Word, at: datetime) -> ReleaseWord:
    kept = word.identity.kept if word.identity else None
    return ReleaseWord(at=at, service=service, name=word.name, standing=word.standing.value, identity=kept)


@step
def open_switch(service: str) -> Switch | None:
    """The switch that was begun and not ended, if there is one."""
    mine = select(ReleaseSwitch).where(ReleaseSwitch.service == service, ReleaseSwitch.ended_at.is_(None))
    with session() as active:
        row = active.scalar(mine)
        return _switch_of(row) if row else None


def _switch_of(row: ReleaseSwitch) -> Switch:
    return Switch(row.id, row.before, row.to, SwitchState(row.state), row.reason, SwitchKind(row.kind))


@step(retries=0)  # a second one is refused by the database
def begin_switch(service: str, kind: SwitchKind, before: str, to: str, at: datetime) -> Switch:
    """The row of a switch, before anything of it is done."""
    begun = SwitchState.BEGUN.value
    with session() as active:
        row = ReleaseSwitch(begun_at=at, service=service, kind=kind.value, before=before, to=to, state=begun)
        active.add(row)
        active.flush()
        return _switch_of(row)


@step(retries=0)  # whoever fails here goes back all the same
def note_turning_back(switch: Switch, reason: str) -> None:
    with session() as active:
        row = active.get_one(ReleaseSwitch, switch.number)
        row.state, row.reason = SwitchState.TAKING_BACK.value, reason


@step(retries=0)  # a switch that is ended is not ended again
def end_switch(switch: Switch, state: SwitchState, words: Iterable[Word], at: datetime) -> None:
    """End it and say what that means for its releases, in one transaction."""
    with session() as active:
        row = active.get_one(ReleaseSwitch, switch.number)
        row.state, row.ended_at = state.value, at
        for word in words:
            active.add(_row_of(row.service, word, at))
            active.flush()  # in this order: a later word counts more
