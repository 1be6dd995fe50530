"""Promotions as they are kept (runbook 002, Live Guard & Confirm)."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tasks.plans import read_plan
from tasks.rules.faults import Refused
from tasks.rules.guard.promotion import Stage, Standing
from tasks.runtime.promotions import move, open_promotion
from tests.tasks.plan_folders import DSN, apply

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_the_revision_builds_what_the_model_says(database, operations_database, monkeypatch):
    columns = (
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'promotions' ORDER BY 1"
    )
    indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'promotions' ORDER BY 1"
    monkeypatch.setenv(DSN, database)
    apply(read_plan.fn("migrations/operations"))
    with psycopg.connect(database) as planned, psycopg.connect(operations_database) as modelled:
        for query in (columns, indexes):
            assert planned.execute(query).fetchall() == modelled.execute(query).fetchall() != []


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
