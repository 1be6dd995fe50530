"""A canary at a runtime that trades: what is done about it (runbook 002, Profiles & Modes)."""

import shutil
import threading

import pytest

from flows.guard.canary import canary
from tasks.clock import utc_now
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.rules.guard.promotion import Stage
from tasks.rules.guard.safe_mode import runtime_word
from tasks.runtime.guarding import open_guard
from tasks.runtime.promotions import open_promotion
from tasks.step import without_server
from tests.flows.test_live_promotion import at, guard_of, place, rows

__all__ = ["place"]
pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def paper(runtime, tmp_path):
    at(runtime, "paper", SAFE_MODE="0")
    runtime.live()
    runtime.order(40, latency_ms=40.0)
    return str(shutil.copy(runtime.metrics_path, tmp_path / "paper.prom"))


@pytest.fixture
def trading(paper, runtime):
    """A live canary that may trade, with nothing counted yet."""
    runtime.metrics_path.unlink()
    at(runtime, "live-canary", SAFE_MODE="0")
    runtime.live()
    with without_server():
        open_guard.fn("", "canary", "k")
    return runtime


def line_of(paper, meanwhile=lambda: None, **more):
    timer = threading.Timer(0.3, meanwhile)
    timer.start()
    with telling(lambda _: None) as run, without_server():
        canary.fn(paper=paper, **{"watch_s": 2} | more)
    timer.join()
    return run.said[-1].line


@pytest.mark.row("P002-140")
def test_enough_orders_like_paper_are_promoted_and_nothing_is_changed(trading, paper):
    before = len(trading.writes)
    line = line_of(paper, lambda: trading.order(40, latency_ms=45.0))
    assert line.startswith("canary status=ok verdict=promote watched_s=2 submitted=40 blocked=0")
    assert (len(trading.writes), guard_of(trading)) == (before, "enabled")


@pytest.mark.row("W002-134")
def test_blocked_orders_alone_are_no_verdict(trading, paper):
    trading.world.environ["SAFE_MODE"] = "1"
    line = line_of(paper, lambda: trading.order(60, latency_ms=2.0))
    assert line.startswith("canary status=insufficient_data reason=no_verdict verdict=hold")
    assert "reasons=too_few_orders,no_latency" in line
    assert guard_of(trading) == "enabled"


@pytest.mark.row("P002-143")
def test_what_speaks_against_it_rolls_back_at_once_and_ends_a_promotion_that_waits(trading, paper, place):
    open_promotion.fn(runtime_word(trading.url), Stage.LIVE_CANARY, Stage.LIVE, None, utc_now())
    line = line_of(paper, lambda: trading.order(40, latency_ms=900.0), watch_s=60)
    assert line.startswith("canary status=fail reason=canary_failed verdict=roll_back reasons=latency_p95")
    assert " now=hold+safe guard=disabled promotion=1 incident=INC-" in line
    assert trading.world.safety.hold_reason == "canary:latency_p95"
    assert (guard_of(trading), rows(place)) == ("disabled", [("live", "rolled_back", "canary_failed")])
    assert [one.entry.kind for one in read_chain.fn("shift-log")] == ["canary_rolled_back"]


@pytest.mark.row("P002-141", "P002-142")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: setattr(world.facts, "risk_limits_enabled", False), "limits_not_active"),
        (lambda world: setattr(world.control, "order_notional_usdt", 5000.0), "order_too_large"),
        (lambda world: world.alert("watchdog_fail", "x"), "alert:watchdog_fail"),
    ],
)
def test_limits_size_and_alerts_roll_it_back_too(trading, paper, change, why):
    assert f"reasons={why}" in line_of(paper, lambda: change(trading.world))
    assert trading.world.control.mode == "HOLD"


@pytest.mark.row("D002-137")
def test_a_file_that_lies_and_a_runtime_that_is_no_canary_change_nothing(trading, paper, tmp_path):
    before = len(trading.writes)
    (tmp_path / "torn.prom").write_text("# TYPE propbot_orders_submitted_total counter\npropbot_orders_sub")
    assert "status=fail reason=metrics_invalid" in line_of(str(tmp_path / "torn.prom"))
    assert len(trading.writes) == before
    at(trading, "live")
    assert "status=fail reason=not_a_canary" in line_of(paper)
    assert trading.writes == []
