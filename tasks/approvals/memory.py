"""What the operations database remembers of operators, their wrong codes and the requests they signed.

Models of what revisions 0005 and 0012 of `migrations/operations/` builds (runbook 002, "Live Guard & Confirm").
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from tasks import operations
from tasks.operations import Base
from tasks.rules.approval import LOCK_ALL_WINDOW, Asked, Person, State


class OperatorRow(Base):
    """Somebody who may sign. The secret is encrypted; `last_step` is the time step of the last code that was used."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str]
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    wrong_codes: Mapped[int] = mapped_column(server_default=text("0"))
    locked_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger)


class CodeAttempt(Base):
    """One code that was given, and what came of it; the name only where it is an operator's."""

    __tablename__ = "approval_codes"
    __table_args__ = (Index("ix_approval_codes_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    operator: Mapped[str | None]
    purpose: Mapped[str]
    verdict: Mapped[str]


class RequestRow(Base):
    """What somebody asked for and who signed it; a run of a deployment has one request for each action."""

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index(
            "ux_approval_requests_run",
            "flow_run_id",
            "action",
            unique=True,
            postgresql_where=text("flow_run_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str]
    plan_hash: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    requested_by: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    flow_run_id: Mapped[UUID | None]
    phrase_hash: Mapped[str | None]
    answers: Mapped[int] = mapped_column(server_default=text("0"))
    forms: Mapped[int] = mapped_column(server_default=text("0"))


@contextmanager
def alone() -> Iterator[Session]:
    """A transaction in which nobody else checks a code or signs, so that no two guesses count as one."""
    with operations.session() as active:
        active.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("approvals", 0))))
        yield active


def person_of(row: OperatorRow) -> Person:
    return Person(row.name, row.revoked_at is not None, row.wrong_codes, row.locked_at, row.last_step)


def asked_of(row: RequestRow) -> Asked:
    return Asked(
        number=row.id,
        action=row.action,
        plan_hash=row.plan_hash,
        subject=row.subject,
        state=State(row.state),
        expires_at=row.expires_at,
        answers=row.answers,
        forms=row.forms,
        requested_by=row.requested_by,
        approved_by=row.decided_by if row.state in (State.APPROVED, State.USED) else None,
        phrase_hash=row.phrase_hash,
    )


def wrong_lately(active: Session, now: datetime) -> int:
    """Wrong codes of everybody in the last hour."""
    counted = select(func.count()).where(CodeAttempt.verdict == "wrong_code", CodeAttempt.at > now - LOCK_ALL_WINDOW)
    return active.scalar(counted) or 0


def is_revoked(active: Session, name: str) -> bool:
    row = active.get(OperatorRow, name)
    return row is None or row.revoked_at is not None
