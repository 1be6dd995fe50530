"""A canary at a runtime that trades: what is done about it (runbook 002, Profiles & Modes)."""

import shutil
import threading

import psycopg
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
from tests.by_hand import outcomes_of
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


def look(paper):
    return outcomes_of(canary, paper=paper, scheduled=True)[-1].line


def signed(runtime, place):
    """Two people have signed a promotion just now, and it is being done."""
    with psycopg.connect(place) as conn:
        conn.execute(
            "INSERT INTO promotions (runtime, source, target, state, opened_at, changed_at, expires_at, approved_by)"
            " VALUES (%s, 'live-canary', 'live-canary', 'done', now(), now(), now(), 'bob')",
            (runtime_word(runtime.url),),
        )


def opened(runtime):
    with without_server():
        open_guard.fn("", "canary", f"again-{id(runtime.world)}")


@pytest.mark.row("P002-194")
def test_the_schedule_skips_where_no_canary_may_trade(runtime, paper, monkeypatch):
    for stage in ("paper", "live-canary", "live"):  # the second is held still: nobody has opened live trading
        at(runtime, stage)
        assert look(paper) == "canary status=skipped reason=nothing_to_watch"
    assert runtime.writes == []
    monkeypatch.delenv("RUNTIME_URL")
    assert look(paper) == "canary status=not_configured reason=missing_runtime_url env=RUNTIME_URL"


@pytest.mark.row("P002-194", "P002-195")
def test_the_looks_of_the_schedule_are_judged_together_and_a_bad_one_ends_a_promotion_that_waits(
    trading, paper, place
):
    assert " verdict=hold reasons=too_few_orders,no_latency" in look(paper)
    trading.order(20, latency_ms=45.0)
    assert " verdict=hold reasons=too_few_orders watched_s=0 submitted=20 " in look(paper)
    trading.order(20, latency_ms=45.0)
    assert look(paper).startswith("canary status=ok verdict=promote watched_s=0 submitted=40 blocked=0")
    open_promotion.fn(runtime_word(trading.url), Stage.LIVE_CANARY, Stage.LIVE, None, utc_now())
    trading.order(40, latency_ms=900.0)
    assert look(paper).startswith("canary status=fail reason=canary_failed verdict=roll_back reasons=latency_p95")
    assert (guard_of(trading), rows(place)) == ("disabled", [("live", "rolled_back", "canary_failed")])
    assert look(paper) == "canary status=skipped reason=nothing_to_watch"
    signed(trading, place)
    opened(trading)  # what the canary before did is not held against this one
    assert " verdict=hold reasons=too_few_orders,no_latency watched_s=0 submitted=0 " in look(paper)


@pytest.mark.row("P002-195")
def test_who_brings_it_further_while_it_is_watched_is_not_rolled_back(trading, paper, place):
    def further():
        signed(trading, place)
        at(trading, "live")
        opened(trading)

    assert "status=fail reason=not_a_canary" in line_of(paper, further)
    assert guard_of(trading) == "enabled"
