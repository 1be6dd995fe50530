"""A confirmation of live is what a promotion left, not what a file says (runbook 002, Live Guard & Confirm)."""

from datetime import UTC, datetime

import pytest

from tasks.operations import session
from tasks.records.confirmations import confirmed_stage
from tasks.records.shift import record_shift
from tasks.runtime.promotions import PromotionRow

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SIGNED = {"confirm_hash": "c" * 64, "requested_by": "alice", "approved_by": "bob"}


def promoted(target, runtime="here", **more):
    with session() as active:
        row = PromotionRow(
            runtime=runtime,
            source="testnet",
            target=target,
            state="done",
            opened_at=NOW,
            changed_at=NOW,
            expires_at=NOW,
            **(SIGNED | more),
        )
        active.add(row)
        active.flush()
        number = row.id
    record_shift.fn("promotion", subject=f"promotion-{number}", key=f"promotion-{number}:done")


@pytest.mark.row("W002-461")
def test_the_last_promotion_that_two_people_confirmed_counts_until_somebody_goes_down(operations_database):
    assert confirmed_stage.fn("here") is None
    promoted("live-canary")
    assert (confirmed_stage.fn("here"), confirmed_stage.fn("elsewhere")) == ("live-canary", None)
    promoted("live")
    assert confirmed_stage.fn("here") == "live"
    record_shift.fn("promotion_down", source="live", target="testnet")
    assert confirmed_stage.fn("here") is None
    promoted("live", approved_by=None)
    assert confirmed_stage.fn("here") is None
