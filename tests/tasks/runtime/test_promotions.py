"""Promotions as they are kept (runbook 002, Live Guard & Confirm)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.rules.faults import Refused
from tasks.rules.guard.promotion import Stage, Standing
from tasks.rules.guard.promotion_checklist import DOCUMENTS
from tasks.runtime.promotion_evidence import read_papers
from tasks.runtime.promotions import move, open_promotion

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.mark.row("D002-132")
@pytest.mark.usefixtures("operations_database")
def test_one_is_open_for_a_runtime_until_its_time_to_sign_is_over():
    first = open_promotion.fn("r", Stage.PAPER, Stage.TESTNET, None, NOW)
    with pytest.raises(Refused, match="promotion_open"):
        open_promotion.fn("r", Stage.PAPER, Stage.TESTNET, None, NOW + timedelta(minutes=14))
    assert open_promotion.fn("other", Stage.PAPER, Stage.TESTNET, None, NOW).number != first.number
    later = open_promotion.fn("r", Stage.PAPER, Stage.TESTNET, None, NOW + timedelta(minutes=15))
    with pytest.raises(Refused, match="promotion_closed"):
        move.fn(first.number, Standing.GATES_RUNNING, NOW)
    with pytest.raises(Refused, match="promotion_closed"):
        move.fn(later.number, Standing.APPLYING, NOW)  # nobody has approved it


def test_the_example_of_the_papers_is_one():
    example = Path(__file__).parents[3] / "docs" / "promotion.example.toml"
    papers = read_papers.fn(example, ["alice", "bob"])
    assert set(papers.documents) == set(DOCUMENTS)
    assert papers.waivers == {}
