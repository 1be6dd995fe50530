"""The latencies drawn (runbook 003, Load/Performance Validation)."""

import pytest

from tasks.load.picture import draw_latencies
from tasks.rules.load.plan import Name
from tasks.rules.load.verdict import Limits
from tests.rules.load.measures import measured


@pytest.mark.row("P003-510")
def test_the_same_numbers_give_the_same_picture_and_others_another():
    some = [measured(range(1, 101), name=Name.WEBHOOK), measured([5.0], name=Name.EPIC, timeout=3)]
    assert draw_latencies(some, Limits()) == draw_latencies(some, Limits())
    assert draw_latencies(some, Limits()) != draw_latencies(some[:1], Limits())


@pytest.mark.parametrize(
    "some", [[], [measured()], [measured([], refused=5), measured([0.001])], [measured(range(1, 9000))]]
)
def test_there_is_a_picture_also_of_nothing(some):
    assert draw_latencies(some, Limits()).startswith(b"\x89PNG")
