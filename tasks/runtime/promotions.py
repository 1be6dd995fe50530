"""Promotions as they are kept: one open for a runtime at a time, each move written down before its effect.

Model of what revision 0012 of `migrations/operations/` builds (runbook 002, Live Guard & Confirm; spec 002, 5).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from tasks import operations
from tasks.operations import Base
from tasks.rules.approval import Asked, plan_hash_of
from tasks.rules.faults import Refused
from tasks.rules.guard.promotion import LONGEST_TO_SIGN, OPEN, Plan, Stage, Standing, may_follow
from tasks.step import step

_PATIENCE_S = 60
_ENDS = "state NOT IN ('done', 'rolled_back', 'rejected', 'expired')"


class PromotionRow(Base):
    """One promotion: from where to where, what was signed by whom, and where it stands."""

    __tablename__ = "promotions"
    __table_args__ = (Index("ux_promotions_open", "runtime", unique=True, postgresql_where=text(_ENDS)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    runtime: Mapped[str]
    source: Mapped[str]
    target: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    flow_run_id: Mapped[UUID | None]
    plan_hash: Mapped[str | None]
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    confirm_hash: Mapped[str | None]
    request: Mapped[int | None]
    requested_by: Mapped[str | None]
    approved_by: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Promotion:
    number: int
    source: Stage
    target: Stage
    standing: Standing
    plan_hash: str | None = None

    @property
    def subject(self) -> str:
        return f"promotion-{self.number}"


def _promotion(row: PromotionRow) -> Promotion:
    return Promotion(row.id, Stage(row.source), Stage(row.target), Standing(row.state), row.plan_hash)


@step(retries=0)  # safe to repeat: the same run gets the one it has
def open_promotion(
    runtime: str,
    source: Stage,
    target: Stage,
    run_id: UUID | None,
    now: datetime,
    to_sign: timedelta = timedelta(seconds=LONGEST_TO_SIGN),
) -> Promotion:
    """A promotion of this run, open from now on, or the one it has; refused while another one is open.

    One whose time to sign is over is closed here as expired; one that was killed while it was being applied stays
    until somebody goes down, which is always allowed.
    """
    with operations.session() as active:
        _alone(active, runtime)
        row = _own(active, run_id)
        if row is None:
            _refuse_second(active, runtime, now)
            row = PromotionRow(
                runtime=runtime,
                source=source.value,
                target=target.value,
                state=Standing.CHECKLIST_OPEN.value,
                opened_at=now,
                changed_at=now,
                expires_at=now + to_sign,
                flow_run_id=run_id,
            )
            active.add(row)
            active.flush()
        return _promotion(row)


@step
def find_promotion(run_id: UUID | None) -> Promotion | None:
    """The promotion that this run opened, if it has."""
    with operations.session() as active:
        row = _of_run(active, run_id)
        return _promotion(row) if row else None


def _of_run(active: Session, run_id: UUID | None) -> PromotionRow | None:
    return active.scalar(select(PromotionRow).where(PromotionRow.flow_run_id == run_id)) if run_id else None


def _own(active: Session, run_id: UUID | None) -> PromotionRow | None:
    """The promotion of this run; what somebody closed meanwhile is not opened again."""
    row = _of_run(active, run_id)
    if row is None:
        return None
    if row.state not in OPEN:
        raise Refused(
            "promotion_closed", "it was closed while it waited: look why, then start again", promotion=row.id
        )
    return row


def _refuse_second(active: Session, runtime: str, now: datetime) -> None:
    row = _open_row(active, runtime)
    if row is None:
        return
    if row.state in (Standing.APPLYING, Standing.VERIFYING):
        raise Refused(
            "promotion_unfinished",
            "a promotion was interrupted: go down with live-promotion --to the stage below, then start again",
            promotion=row.id,
        )
    if now < row.expires_at:
        raise Refused("promotion_open", "another promotion is open: wait until it ends", promotion=row.id)
    row.state, row.reason, row.changed_at = Standing.EXPIRED.value, "approval_expired", now
    active.flush()


def _open_row(active: Session, runtime: str) -> PromotionRow | None:
    open_ones = [state.value for state in OPEN]
    return active.scalar(
        select(PromotionRow).where(PromotionRow.runtime == runtime, PromotionRow.state.in_(open_ones))
    )


@step(retries=0)  # a move is made once
def move(
    number: int,
    to: Standing,
    now: datetime,
    *,
    reason: str | None = None,
    plan: Plan | None = None,
    confirm_hash: str | None = None,
    asked: Asked | None = None,
) -> Promotion:
    """Make one move of the machine and write down what is known by then; any other move is refused."""
    with operations.session() as active:
        row = active.get(PromotionRow, number, with_for_update=True)
        if row is None or not may_follow(to, Standing(row.state)):
            raise Refused(
                "promotion_closed", "it does not stand where it did: somebody else moved it", promotion=number
            )
        row.state, row.changed_at, row.reason = to.value, now, reason
        if plan:
            row.plan, row.plan_hash, row.confirm_hash = plan.as_data(), plan_hash_of(plan.as_data()), confirm_hash
        if asked:
            row.request, row.requested_by, row.approved_by = asked.number, asked.requested_by, asked.approved_by
        return _promotion(row)


@contextmanager
def last_step(runtime: str, number: int) -> Iterator[None]:
    """The block in which live trading is opened and the promotion done: `close_open` waits until it is left.

    So whoever goes down sees all that was opened, and what was closed before is refused here and opens nothing.
    """
    with operations.session() as active:
        _alone(active, runtime)
        _refuse_closed(active, number)
        yield


@step
def refuse_closed(number: int) -> None:
    """Refuse to go on with a promotion that somebody closed on their way down."""
    with operations.session() as active:
        _refuse_closed(active, number)


def _refuse_closed(active: Session, number: int) -> None:
    row = active.get(PromotionRow, number)
    if row is None or row.state not in (Standing.APPLYING, Standing.VERIFYING):
        raise Refused("promotion_closed", "somebody went down meanwhile: look why", promotion=number)


@step(retries=0)  # safe to repeat: what is closed stays closed
def close_open(runtime: str, reason: str, now: datetime) -> int | None:
    """End the promotion that is open for this runtime as rolled back; its number, None if none was open.

    One that is opening live trading at this moment comes to its end first: look at the guard again afterwards.
    """
    with operations.session() as active:
        active.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'"))
        _alone(active, runtime)
        row = _open_row(active, runtime)
        if row is None:
            return None
        row.state, row.reason, row.changed_at = Standing.ROLLED_BACK.value, reason, now
        return row.id


@step
def last_applied(runtime: str) -> datetime | None:
    """When something was last done at this runtime for a promotion that two people had signed."""
    with operations.session() as active:
        return active.scalar(
            select(func.max(PromotionRow.changed_at)).where(
                PromotionRow.runtime == runtime, PromotionRow.approved_by.is_not(None)
            )
        )


@step
def has_open(runtime: str) -> bool:
    """Whether a promotion of this runtime has not come to its end."""
    with operations.session() as active:
        return _open_row(active, runtime) is not None


def _alone(active: Session, runtime: str) -> None:
    active.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"promotion:{runtime}", 0))))
