"""The incidents of the procedures, in the operations database: at most one open for each, and what was said of it.

Two runs that end at the same moment agree on one incident (a partial unique index) and on one sender (an advisory
lock for the length of the sending).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tasks.operations import Incident, session

STALE_AFTER = timedelta(days=1)
_LOCK_CLASS = 0x1C1D  # any number of our own: keeps these advisory locks apart from others


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that somebody should get: what to say, and the link to the run it is about."""

    line: str
    link: str | None


Send = Callable[[Notice], bool]


def record_failure(procedure: str, line: str, link: str | None, at: datetime) -> None:
    """Open the procedure's incident, or count one more failure of the open one."""
    opening = insert(Incident).values(procedure=procedure, opened_at=at, line=line, link=link)
    with session() as active:
        active.execute(
            opening.on_conflict_do_update(
                index_elements=[Incident.procedure],
                index_where=text("closed_at IS NULL"),
                set_={"failures": Incident.failures + 1},
            )
        )


def record_recovery(procedure: str, line: str, link: str | None, at: datetime) -> None:
    """Close the procedure's incident if one is open."""
    with session() as active:
        active.execute(
            update(Incident)
            .where(Incident.procedure == procedure, Incident.closed_at.is_(None))
            .values(closed_at=at, closing_line=line, closing_link=link)
        )


def open_since(procedure: str) -> datetime | None:
    """When the procedure's open incident began; None if none is open."""
    with session() as active:
        return active.scalar(
            select(Incident.opened_at).where(Incident.procedure == procedure, Incident.closed_at.is_(None))
        )


def deliver_due(send: Send, at: datetime) -> None:
    """Send what has not been sent, of every procedure: openings first, then recoveries.

    A message stays due until `send` returns True; what closed more than a day ago is no news any more.
    """
    due = (
        select(Incident.id)
        .where(or_(Incident.closed_at.is_(None), Incident.closed_at > at - STALE_AFTER))
        .where(
            or_(
                Incident.opening_notified_at.is_(None),
                Incident.closed_at.is_not(None) & Incident.closing_notified_at.is_(None),
            )
        )
        .order_by(Incident.id)
    )
    with session() as active:
        numbers = list(active.scalars(due))
    for number in numbers:
        with session() as active:
            if not _delivered(active, number, send, at):
                return  # the webhook that refused this one would keep the run waiting for each of the others


def _delivered(active: Session, number: int, send: Send, at: datetime) -> bool:
    if not active.scalar(select(func.pg_try_advisory_xact_lock(_LOCK_CLASS, number))):
        return True  # another run is sending it at this moment
    incident = active.get_one(Incident, number)
    if incident.opening_notified_at is None:
        if not send(Notice(incident.line, incident.link)):
            return False
        incident.opening_notified_at = at
    if incident.closed_at is not None and incident.closing_notified_at is None:
        if not send(Notice(incident.closing_line or "", incident.closing_link)):
            return False
        incident.closing_notified_at = at
    return True
