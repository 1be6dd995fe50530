"""What the shift log says of golden documents that gave way: which, by whom, and why (runbook 002, Smoke)."""

from collections.abc import Sequence

from tasks.clock import utc_now
from tasks.records.chain import chain_held
from tasks.records.shift import about_this_run
from tasks.rules.approval import Asked
from tasks.rules.guard.golden import Case
from tasks.rules.records import SHIFT_LOG, Entry, Fact, Kept
from tasks.step import step


@step(retries=0)  # the key makes it happen once for an approval
def record_golden(cases: Sequence[Case], why: str, approval: Asked) -> Kept:
    """One record with the old and the new hash of each document; the reason is kept beside it, by its digest."""
    now = utc_now()
    with chain_held(SHIFT_LOG) as chain:
        facts: dict[str, Fact] = {
            "cases": tuple(case.name for case in cases),
            "old": tuple(case.old_hash or "none" for case in cases),
            "new": tuple(case.new_hash or "none" for case in cases),
            "asked_by": approval.requested_by,
            "approved_by": approval.approved_by,
            **about_this_run(),
        }
        key = f"golden-{approval.number}"
        return chain.append(Entry("golden-update", facts, "golden", key, chain.keep(why, now)), now)
