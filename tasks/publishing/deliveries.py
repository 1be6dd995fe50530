"""The deliveries of webhooks that were taken, so that none is taken twice (runbook 003, Push Automation).

Model of what revision 0008 of `migrations/operations/` builds. Bounded by age and by number.
"""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from tasks import operations
from tasks.operations import Base

KEPT_FOR = timedelta(days=14)
MOST_KEPT = 20_000


class Delivery(Base):
    """One push that was taken; a replay has the same number or, under another number, the same payload."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    delivery: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]


def claim_delivery(delivery: str, fingerprint: str, now: datetime) -> bool:
    """Take the delivery; False if it, or its payload, was taken before. Forgets what is too old or too much."""
    row = insert(Delivery).values(delivery=delivery, fingerprint=fingerprint, at=now)
    claim = row.on_conflict_do_nothing().returning(Delivery.id)
    with operations.session() as active:
        newest = active.scalar(select(func.max(Delivery.id))) or 0
        active.execute(delete(Delivery).where(or_(Delivery.at < now - KEPT_FOR, Delivery.id <= newest - MOST_KEPT)))
        return active.scalar(claim) is not None


def give_back_delivery(delivery: str) -> None:
    """Nothing came of it: Gitea's button may deliver it again."""
    with operations.session() as active:
        active.execute(delete(Delivery).where(Delivery.delivery == delivery))


def can_remember() -> bool:
    """Whether the table of deliveries can be read now."""
    with operations.session() as active:
        active.execute(select(Delivery.id).limit(1))
    return True
