"""A promotion killed anywhere leaves the runtime no more live than what two people had signed (runbook 002)."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from flows.guard.live_promotion import live_promotion
from tasks import operations
from tasks.procedure import telling
from tasks.runtime import requests
from tasks.step import without_server
from tests.flows.test_live_promotion import Run, at, guard_of, people, place, rows
from tests.promotions import all_good, signing

__all__ = ["people", "place"]
OURS = (
    "live_promotion.py",
    "promotion_plan.py",
    "promotion_steps.py",
    "promotions.py",
    "acts.py",
    "guarding.py",
    "stages.py",
    "asking.py",
    "requests.py",
)
STRIDE, FIRST = 149, 5
SIGNED = ("applying", "verifying", "done", "rolled_back")


def kill_after(steps):
    done = 0

    def count(frame, _event, _argument):
        nonlocal done
        done += Path(frame.f_code.co_filename).name in OURS
        if done == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def promote_apart(runtime, people, steps):
    """A promotion in a process of its own, killed after so many steps of our code; whether it was."""
    pid = os.fork()
    if not pid:
        try:
            signal.alarm(60)
            operations._engine.cache_clear()  # its connections belong to the parent
            requests._client.cache_clear()
            run, patch = Run(runtime), pytest.MonkeyPatch()
            with signing(patch, people, run.phrase), telling(run.hear), without_server():
                sys.setprofile(kill_after(steps))
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
        while not self.over.wait(0.05):
            self.sent += [one.path for one in self.runtime.writes]
            if "/api/ui/hold" in self.sent:
                time.sleep(0.1)
                at(self.runtime, "live-canary")
                return


def begin_anew(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("TRUNCATE promotions, approval_requests, approval_codes")
        conn.execute("UPDATE operators SET last_step = 0, wrong_codes = 0, locked_at = NULL")


@pytest.mark.row("D002-136")
@pytest.mark.parametrize("here", ["testnet", "live-canary"])
def test_killed_at_any_step_it_is_never_more_live_than_what_was_signed(runtime, people, place, tmp_path, here):
    all_good("live-canary", tmp_path)
    states, steps = set(), FIRST
    while True:
        begin_anew(place)
        at(runtime, here)
        operator = Operator(runtime)
        if here == "testnet":
            operator.start()
        killed = promote_apart(runtime, people, steps)
        operator.over.set()
        sent = [*operator.sent, *(one.path for one in runtime.writes)]
        state = next((state for _, state, _ in rows(place)), "none")
        states.add(state)
        if not killed:
            break
        is_open = guard_of(runtime) == "enabled"
        assert not is_open or state in ("verifying", "done"), (steps, state)
        assert not sent or state in SIGNED, (steps, state, sent)
        assert runtime.world.control.mode == "HOLD" and runtime.world.control.safe_mode, (steps, state)
        with telling(lambda _: None), without_server():
            live_promotion.fn(to="testnet", execute=True, restart_wait_s=0)
        assert guard_of(runtime) != "enabled"
        assert not [one for one in rows(place) if one[1] not in ("done", "rolled_back")], (steps, state)
        steps += STRIDE
    assert state == "done", steps
    assert {"none", "applying", "done"} <= states, states
