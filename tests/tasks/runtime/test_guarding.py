"""The runtime's own two-man toggle: latest wins there, and nobody looks (runbook 002, Live Guard & Confirm; W18)."""

import pytest

from tasks.rules.faults import Fault
from tasks.runtime.guarding import close_guard, keep_closed, open_guard, read_guard
from tests.runtime.world import OPERATOR_B_TOKEN

REQUESTS = "/api/ops/live-toggle/requests"


@pytest.fixture
def live(runtime, monkeypatch):
    monkeypatch.setenv("RUNTIME_SECOND_TOKEN", OPERATOR_B_TOKEN)
    runtime.boot(EXEC_PROFILE="live", ALLOW_LIVE_TRADING="1")
    return runtime


def asks(runtime, action, **more):
    return runtime.ask("POST", REQUESTS, json={"action": action}, **more).json()["id"]


@pytest.mark.row("W002-132")
def test_a_guard_that_is_open_by_somebody_elses_request_is_not_ours(live):
    foreign = asks(live, "enable_live")
    live.ask("POST", f"{REQUESTS}/{foreign}/approve", token=OPERATOR_B_TOKEN)
    live.world.toggles[0]["updated_at"] = "2099-01-01T00:00:00+00:00"  # its clock, or its list, is wrong
    with pytest.raises(Fault, match="runtime_not_changed"):
        open_guard.fn("", "promotion-1", "k")
    assert read_guard.fn().is_open  # so whoever called takes it back


@pytest.mark.row("W002-132")
def test_what_waits_to_open_the_guard_is_rejected_when_it_is_closed_and_opens_nothing_later(live):
    ours, theirs = asks(live, "enable_live"), asks(live, "enable_live", token=OPERATOR_B_TOKEN)
    assert close_guard.fn("", "down", "k").state == "disabled"
    for number, token in ((ours, OPERATOR_B_TOKEN), (theirs, None)):
        more = {"token": token} if token else {}
        assert live.ask("POST", f"{REQUESTS}/{number}/approve", **more).status_code == 409
    assert [one["status"] for one in live.world.toggles] == ["rejected", "rejected", "pending"]
    assert read_guard.fn().state == "disabled"


def test_what_was_opened_since_is_closed_again_and_what_is_closed_is_left_alone(live):
    assert keep_closed.fn("", "down", "k0").state == "disabled"
    assert live.writes == []
    open_guard.fn("", "promotion-1", "k1")
    assert keep_closed.fn("", "down", "k2").state == "disabled"


def test_a_list_that_cannot_be_read_stands_in_no_way_down(live):
    live.trouble(f"{REQUESTS}$", method="GET", status=500, times=20)
    assert close_guard.fn("", "down", "k").state == "disabled"
