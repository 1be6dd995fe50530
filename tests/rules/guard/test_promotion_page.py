"""The page that two people read before they sign a promotion (runbook 002)."""

import pytest

from tasks.rules.approval import plan_hash_of
from tasks.rules.artifacts import Json
from tasks.rules.guard.promotion import Plan, Stage
from tasks.rules.guard.promotion_checklist import Gate, Item, Waiver, Word
from tasks.rules.guard.promotion_page import page_of

LIMITS: dict[str, Json] = {
    "caps": {"risk_daily_loss": "250"},
    "enabled": True,
    "order_notional_usdt": 100.0,
    "release": "r7",
}
PLAN = Plan(Stage.LIVE_CANARY, Stage.TESTNET, "d29a", "testnet", "", "c" * 64, "e" * 64, LIMITS)
GOOD = (Item(Gate("profile"), Word.PASS, 0), Item(Gate("metrics", "metrics-check"), Word.PASS, 7300))


@pytest.mark.row("P002-182")
def test_the_confirmation_comes_first_then_what_is_signed_then_the_checklist():
    lines = page_of(PLAN, GOOD)
    signed_for = plan_hash_of(PLAN.as_data())
    assert lines[:3] == ["## testnet to live-canary", "", f"**LIVE_CONFIRM** `LIVE-CANARY-{signed_for[:8]}`"]
    assert lines.index("### What is signed") < lines.index("| limit risk_daily_loss | `250` |")
    assert f"| plan | `{signed_for}` |" in lines
    assert lines[-2:] == ["| profile | pass | runtime | now |  |", "| metrics | pass | metrics-check | 2 h |  |"]


def test_a_plan_that_is_blocked_shows_why_and_no_confirmation():
    failed = Item(Gate("readiness"), Word.FAIL, 0, "md_disconnected")
    lines = page_of(PLAN, (*GOOD, failed))
    assert lines[2:5] == ["**Blocked: nothing can be signed.**", "", "- `readiness:md_disconnected`"]
    assert "LIVE_CONFIRM" not in "\n".join(lines)
    assert lines[-1] == "| readiness | **fail** | runtime | now | `md_disconnected` |"


def test_a_waiver_is_shown_with_its_approver_and_limits_that_are_off_stand_out():
    waived = Item(Gate("acceptance", "smoke-acceptance"), Word.WAIVED, 90, "too_old", Waiver("known", "alice"))
    off = Plan(Stage.TESTNET, Stage.PAPER, "d29a", "paper", "", "c" * 64, "by_operator", {"enabled": False})
    lines = page_of(off, (waived,))
    assert lines[-1] == "| acceptance | waived by alice | smoke-acceptance | 2 min | `too_old` |"
    assert "| risk limits | **off** |" in lines
    assert "| starts anew | by an operator, for whom the run waits |" in lines


def test_nothing_that_the_runtime_says_of_itself_is_markup():
    lies: dict[str, Json] = {**LIMITS, "release": "`|<img src=x>\n# [a](b)", "caps": {"x|y": "`1`"}}
    lines = page_of(Plan(Stage.LIVE, Stage.LIVE_CANARY, "d29a", "live", "", "c" * 64, "e" * 64, lies), GOOD)
    assert "| release | `img src=x# a(b)` |" in lines
    assert "| limit xy | `1` |" in lines
