"""A promotion that waits in the Prefect UI: the form with its confirmation, and what voids it meanwhile."""

import threading
import time

import psycopg
import pytest

from flows.guard.live_promotion import live_promotion
from tasks.records.chain import read_chain
from tests.flows.test_approvals import Deployed
from tests.flows.test_live_promotion import at, guard_of, people, place, rows
from tests.promotions import all_good, remember

__all__ = ["people", "place"]
pytestmark = pytest.mark.usefixtures("prefect_server", "place")


@pytest.fixture
def waiting(runtime, people, tmp_path):
    """A run that was started in the UI and waits for its form."""
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)
    parameters = {"to": "live-canary", "execute": True, "restart_wait_s": 60, "ready_wait_s": 1}
    run = Deployed(live_promotion, **parameters).go_on()
    assert run.state == "Suspended", run.line
    return run


def phrase_of(dsn):
    with psycopg.connect(dsn) as conn:
        found = conn.execute("SELECT plan_hash FROM promotions ORDER BY id DESC LIMIT 1").fetchone()
    assert found
    return f"LIVE-CANARY-{found[0][:8]}"


def sign(run, app, phrase, **more):
    return run.answered(operator=app.name, code=app.code(**more), phrase=phrase)


def start_once_held(runtime, stage):
    """What an operator does who is told that the run waits for the restart."""
    until = time.monotonic() + 60
    while time.monotonic() < until and "/api/ui/hold" not in [one.path for one in runtime.writes]:
        time.sleep(0.05)
    at(runtime, stage)


@pytest.mark.row("P002-138", "P002-135")
def test_the_form_asks_for_the_confirmation_and_the_run_goes_on_after_the_second_person(
    waiting, people, place, runtime
):
    alice, bob = people
    phrase = phrase_of(place)
    assert sign(waiting, bob, "I_UNDERSTAND").state == "Suspended"
    assert "Not counted: wrong_phrase" in waiting.kept_by_prefect
    assert sign(waiting, alice, phrase).state == "Suspended"
    assert sign(waiting, alice, phrase, steps=1).state == "Suspended"
    assert "Not counted: self_approval" in waiting.kept_by_prefect
    remember("metrics-check")  # newer evidence of the same is the same plan
    operator = threading.Thread(target=start_once_held, args=(runtime, "live-canary"))
    operator.start()
    sign(waiting, bob, phrase, steps=1)
    operator.join()
    assert waiting.line.startswith("live_promotion status=ok promotion=1 source=testnet target=live-canary way=up")
    assert waiting.line.endswith("request=1 requested_by=alice approved_by=bob")
    assert (guard_of(runtime), rows(place)) == ("enabled", [("live-canary", "done", None)])
    assert phrase not in waiting.kept_by_prefect


@pytest.mark.row("D002-130", "P002-138")
def test_limits_that_moved_while_it_waited_void_what_was_signed(waiting, people, place, runtime):
    alice, bob = people
    phrase = phrase_of(place)
    sign(waiting, alice, phrase)
    runtime.world.environ["RISK_CAP_VENUE"] = "binance-um:9999"
    assert "status=fail reason=plan_changed" in sign(waiting, bob, phrase).line
    assert "-response" not in waiting.kept_by_prefect, "the code that no run read any more"
    assert runtime.writes == []
    assert rows(place) == [("live-canary", "rejected", "plan_changed")]


@pytest.mark.row("D002-135")
def test_a_way_down_closes_what_waits_and_it_does_not_come_back(waiting, people, place, runtime):
    alice, bob = people
    phrase = phrase_of(place)
    sign(waiting, alice, phrase)
    live_promotion(to="paper", execute=True, restart_wait_s=0, return_state=True)
    assert rows(place) == [("live-canary", "rolled_back", "went_down")]
    runtime.seen.clear()
    assert "status=fail reason=promotion_closed promotion=1" in sign(waiting, bob, phrase).line
    assert runtime.writes == []


@pytest.mark.row("D002-180")
def test_a_runtime_that_is_gone_when_the_run_comes_back_ends_its_promotion(waiting, people, place, runtime):
    alice, bob = people
    phrase = phrase_of(place)
    sign(waiting, alice, phrase)
    runtime.trouble(".*", times=1000, cut=True)
    assert "status=fail reason=runtime_unreachable" in sign(waiting, bob, phrase).line
    assert "-response" not in waiting.kept_by_prefect
    assert rows(place) == [("live-canary", "rejected", "runtime_unreachable")]
    assert read_chain.fn("shift-log")[-1].facts["reason"] == "runtime_unreachable"
