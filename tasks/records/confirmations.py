"""Which live stage a runtime was confirmed for by two people, each typing LIVE_CONFIRM (runbook 002, Live Guard)."""

from sqlalchemy import select

from tasks.operations import session
from tasks.records.chain import read_chain
from tasks.rules.guard.promotion import Stage, Standing
from tasks.rules.guard.start_check import stands_since
from tasks.rules.records import SHIFT_LOG
from tasks.runtime.promotions import PromotionRow
from tasks.step import step


@step
def confirmed_stage(runtime: str) -> str | None:
    """The target of this runtime's last promotion, if it was confirmed and nobody went down since; else None."""
    query = select(PromotionRow).where(PromotionRow.runtime == runtime, PromotionRow.state == Standing.DONE.value)
    with session() as active:
        row = active.scalar(query.order_by(PromotionRow.id.desc()).limit(1))
        found = (row.id, row.target) if row and _is_confirmed(row) else None
    if found is None:
        return None
    number, target = found
    return target if stands_since(f"promotion-{number}", read_chain.fn(SHIFT_LOG)) else None


def _is_confirmed(row: PromotionRow) -> bool:
    return Stage(row.target).is_live and None not in (row.confirm_hash, row.requested_by, row.approved_by)
