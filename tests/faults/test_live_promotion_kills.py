"""A promotion killed anywhere leaves the runtime no more live than what two people had signed (runbook 002)."""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

import psycopg
import pytest

from flows.guard.live_promotion import live_promotion
from tasks import operations
from tasks.procedure import telling
from tasks.rules.guard.promotion import Standing
from tasks.runtime import requests
from tasks.step import without_server
from tests.flows.test_live_promotion import Run, at, guard_of, people, place, rows
from tests.promotions import all_good, remember, signing

__all__ = ["people", "place"]
OURS = ("promotions.py", "requests.py", "shift.py", "acts.py", "guarding.py", "stages.py")
SIGNED = ("applying", "verifying", "done", "rolled_back")


@dataclass(frozen=True)
class Kill:
    """SIGKILL when this function is entered or left for the n-th time, and where the promotion then stands."""

    function: str
    edge: str
    nth: int
    stands: str


# Each effect of a promotion, before and after: its rows, its records, what is sent, what is waited for.
ON_THE_WAY_UP = (
    Kill("open_promotion", "call", 1, "none"),
    Kill("open_promotion", "return", 1, "checklist_open"),
    Kill("record_shift", "return", 1, "checklist_open"),
    Kill("move", "return", 1, "gates_running"),
    Kill("move", "return", 2, "awaiting_approval"),
    Kill("give_answer", "return", 1, "awaiting_approval"),
    Kill("give_answer", "return", 2, "awaiting_approval"),
    Kill("consume", "return", 1, "awaiting_approval"),
    Kill("move", "return", 3, "applying"),
    Kill("change", "call", 1, "applying"),
    Kill("hold", "return", 1, "applying"),
    Kill("move", "return", 4, "verifying"),
    Kill("held_at", "return", 1, "verifying"),
    Kill("change", "return", 2, "verifying"),
    Kill("open_guard", "return", 1, "verifying"),
    Kill("move", "return", 5, "done"),
)
ON_THE_WAY_BACK = (
    Kill("hold_again", "call", 1, "verifying"),
    Kill("hold_again", "return", 1, "verifying"),
    Kill("close_guard", "return", 1, "verifying"),
    Kill("move", "return", 5, "rolled_back"),
)
REFUSED = (Kill("move", "return", 2, "rejected"), Kill("record_shift", "return", 3, "rejected"))


def test_the_kills_meet_every_state():
    met = {kill.stands for kill in (*ON_THE_WAY_UP, *ON_THE_WAY_BACK, *REFUSED)}
    assert met == {"none", *Standing} - {"expired"}, "what expires is closed by the next promotion, in its first step"


def kill_at(kill):
    left = kill.nth

    def look(frame, event, _argument):
        nonlocal left
        code = frame.f_code
        if code.co_name == kill.function and event == kill.edge and code.co_filename.endswith(OURS):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    return look


def promote_apart(runtime, people, kill):
    """A promotion in a process of its own, killed there; whether it was."""
    pid = os.fork()
    if not pid:
        try:
            signal.alarm(60)
            operations._engine.cache_clear()  # its connections belong to the parent
            requests._client.cache_clear()
            run, patch = Run(runtime), pytest.MonkeyPatch()
            with signing(patch, people, run.phrase), telling(run.hear), without_server():
                sys.setprofile(kill_at(kill))
                live_promotion.fn(to="live-canary", execute=True, restart_wait_s=10, ready_wait_s=5)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


class Operator(threading.Thread):
    """Starts the runtime anew for its new stage as soon as the promotion has held it."""

    def __init__(self, runtime) -> None:
        super().__init__(daemon=True)
        self.runtime, self.over = runtime, threading.Event()
        self.sent: list[str] = []

    def run(self):
        while not self.over.wait(0.02):
            self.sent += [one.path for one in self.runtime.writes]
            if "/api/ui/hold" in self.sent:
                time.sleep(0.05)
                at(self.runtime, "live-canary")
                return


def begin_anew(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("TRUNCATE promotions, approval_requests, approval_codes")
        conn.execute("UPDATE operators SET last_step = 0, wrong_codes = 0, locked_at = NULL")


def killed_at(kill, runtime, people, place):
    """The promotion killed there, where it stands, and what was sent by then."""
    operator = Operator(runtime)
    if runtime.world.category == "testnet":
        operator.start()
    assert promote_apart(runtime, people, kill), kill
    operator.over.set()
    state = next((state for _, state, _ in rows(place)), "none")
    assert state == kill.stands, kill
    return state, [*operator.sent, *(one.path for one in runtime.writes)]


def safe_and_gone_down(runtime, place, kill, state, sent):
    """Never more live than what was signed, held, and always led down from there."""
    assert guard_of(runtime) != "enabled" or state in ("verifying", "done"), kill
    assert not sent or state in SIGNED, (kill, sent)
    assert runtime.world.control.mode == "HOLD" and runtime.world.control.safe_mode, kill
    with telling(lambda _: None), without_server():
        live_promotion.fn(to="testnet", execute=True, restart_wait_s=0)
    assert guard_of(runtime) != "enabled", kill
    assert not [one for one in rows(place) if one[1] not in ("done", "rolled_back", "rejected")], kill


@pytest.mark.row("D002-136")
@pytest.mark.parametrize("kill", ON_THE_WAY_UP, ids=lambda kill: f"{kill.function}-{kill.edge}-{kill.nth}")
def test_killed_on_the_way_up_it_is_never_more_live_than_what_was_signed(runtime, people, place, tmp_path, kill):
    all_good("live-canary", tmp_path)
    at(runtime, "testnet")
    safe_and_gone_down(runtime, place, kill, *killed_at(kill, runtime, people, place))


@pytest.mark.row("D002-136")
@pytest.mark.parametrize("kill", ON_THE_WAY_BACK, ids=lambda kill: f"{kill.function}-{kill.edge}-{kill.nth}")
def test_killed_while_it_is_taken_back_it_is_closed_by_the_way_down(runtime, people, place, tmp_path, kill):
    all_good("live-canary", tmp_path)
    at(runtime, "live-canary")
    runtime.world.environ["ALLOW_LIVE_TRADING"] = "0"
    safe_and_gone_down(runtime, place, kill, *killed_at(kill, runtime, people, place))


@pytest.mark.row("D002-136")
@pytest.mark.parametrize("kill", REFUSED, ids=lambda kill: f"{kill.function}-{kill.edge}-{kill.nth}")
def test_killed_after_a_refusal_nothing_was_sent(runtime, people, place, tmp_path, kill):
    all_good("live-canary", tmp_path)
    remember("smoke-guard", status="fail", hours=0.1)
    at(runtime, "testnet")
    state, sent = killed_at(kill, runtime, people, place)
    assert (state, sent) == ("rejected", [])
