"""A promotion from paper to live by the approval form, as people see it in the Prefect UI (a real browser)."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tasks.records.chain import read_chain
from tests.acceptance.browser import PATIENCE_MS, NoBrowser, open_page, running_browser
from tests.acceptance.promotion_run import PromotionRun
from tests.acceptance.staged_runtime import enrolled, staged_runtime

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(900)]
expect.set_options(timeout=PATIENCE_MS)
TO_SIGN, APPLIED = ["checklist_open", "gates_running", "awaiting_approval"], ["applying", "verifying", "done"]


@pytest.fixture
def page(stack):
    try:
        with running_browser() as browser:
            yield open_page(browser)
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture
def runtime(stack, monkeypatch, tmp_path):
    with staged_runtime(stack, tmp_path, monkeypatch) as started:
        yield started


@pytest.mark.row("P002-180", "P002-181", "D002-181", "D002-182", "D002-183", "D002-184")
def test_a_promotion_walks_from_paper_to_live_and_what_must_be_refused_is_refused_on_the_way(stack, page, runtime):
    alice, bob, carol, dave, erin, frank = enrolled("alice", "bob", "carol", "dave", "erin", "frank")

    runtime.is_good_for("testnet")
    late = PromotionRun(page, stack, runtime, "testnet", sign_within_s="10")
    phrase = late.phrase()
    late.let_it_expire()
    late.answers(alice, alice.code(), phrase)
    assert late.line().startswith("live_promotion status=fail reason=approval_expired request=")
    assert runtime.stands == "paper HOLD safe test_only"

    run = PromotionRun(page, stack, runtime, "testnet")
    phrase = run.phrase()
    run.signed(bob, bob.code(datetime.now(UTC) - timedelta(minutes=3)), phrase)
    run.says("Not counted: wrong_code", "Nobody has signed yet")
    run.signed(bob, bob.code(), phrase)
    run.says("Asked for by bob")
    run.signed(bob, bob.code(steps=1), phrase)
    run.says("Not counted: self_approval", "Asked for by bob")
    assert runtime.stands == "paper HOLD safe test_only"
    run.answers(carol, carol.code(), phrase)
    assert run.line().startswith("live_promotion status=ok promotion=2 source=paper target=testnet way=up")
    assert run.line().endswith("requested_by=bob approved_by=carol")
    assert runtime.stands == "testnet HOLD safe test_only"

    runtime.is_good_for("live-canary")
    moved = PromotionRun(page, stack, runtime, "live-canary")
    phrase = moved.phrase()
    moved.signed(dave, dave.code(), phrase)
    runtime.change(**{"environ.RISK_CAP_VENUE": "binance-um:9999"})
    moved.answers(erin, erin.code(), phrase)
    assert moved.line().startswith("live_promotion status=fail reason=plan_changed request=")
    assert runtime.stands == "testnet HOLD safe test_only"

    canary = PromotionRun(page, stack, runtime, "live-canary")
    phrase = canary.phrase()
    canary.signed(erin, erin.code(steps=1), phrase)
    stack.children["worker"].kill()
    assert stack.run("deployments", "up").returncode == 0
    canary.answers(frank, frank.code(), phrase)
    assert canary.line().endswith("guard=enabled request=4 requested_by=erin approved_by=frank")
    assert runtime.stands == "live-canary HOLD safe enabled"

    runtime.is_good_for("live")
    live = PromotionRun(page, stack, runtime, "live")
    phrase = live.phrase()
    live.signed(alice, alice.code(steps=1), phrase)
    live.answers(dave, dave.code(steps=1), phrase)
    assert live.line().endswith("guard=enabled request=5 requested_by=alice approved_by=dave")
    assert runtime.stands == "live HOLD safe enabled"

    assert story() == {
        "promotion-1 testnet": [*TO_SIGN, "expired"],
        "promotion-2 testnet": [*TO_SIGN, *APPLIED],
        "promotion-3 live-canary": [*TO_SIGN, "rejected"],
        "promotion-4 live-canary": [*TO_SIGN, *APPLIED],
        "promotion-5 live": [*TO_SIGN, *APPLIED],
    }


def story():
    """What the shift log says of each promotion: where to, and where it stood."""
    told: dict[str, list[str]] = {}
    for record in read_chain.fn("shift-log"):
        if record.entry.kind == "promotion":
            told.setdefault(f"{record.entry.subject} {record.facts['target']}", []).append(str(record.facts["state"]))
    return told
