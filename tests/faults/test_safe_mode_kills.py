"""SIGKILL anywhere on the way to live: the runtime is never more live than what two people signed (runbook 002)."""

import json
import os
import signal
import time

import pytest

from flows.guard.safe_mode import safe_mode
from tasks import operations
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.records.notes import open_note
from tasks.rules.guard.safe_mode import CHAIN
from tasks.step import without_server
from tests.people import KEY, App, typing


@pytest.fixture
def incident(operations_database, monkeypatch, runtime):
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    runtime.boot(API_RATE_PER_MIN="60000", API_BURST="1000")
    with without_server():
        return open_note("k", {"why": "stale"}, json.dumps({"x": 1})).incident


@pytest.fixture
def people(incident):
    return App("alice").enrolled(), App("bob").enrolled(by="alice")


def switch_off(people, incident, steps):
    """The whole procedure by hand, with two people at a terminal; their codes are of so many half minutes ahead."""
    first, second = people
    with (
        pytest.MonkeyPatch.context() as patch,
        typing(
            patch,
            ("who asks", first.name),
            ("code of", lambda _: first.code(steps=steps)),
            ("who approves", second.name),
            ("code of", lambda _: second.code(steps=steps)),
        ),
        without_server(),
        telling(lambda _: None) as run,
    ):
        safe_mode.fn(set="off", reason="cause found", incident=incident)
    return run.said[-1]


def killed_once(is_time, work):
    """A child that does `work`, killed with SIGKILL as soon as it is time."""
    child = os.fork()
    if child == 0:
        operations._engine.cache_clear()  # the parent's connections are the parent's
        try:
            work()
        finally:
            os._exit(0)
    until = time.monotonic() + 30
    while time.monotonic() < until and not is_time():
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def kinds():
    with without_server():
        return [one.entry.kind for one in read_chain(CHAIN)]


@pytest.mark.row("D002-213")
@pytest.mark.parametrize("path", ["status/full", "resume-request", "resume-confirm", "control", "/resume"])
def test_a_kill_at_any_call_leaves_less_than_was_signed_and_the_next_start_finishes(runtime, people, incident, path):
    runtime.trouble(f"{path}$", delay_s=0.3)  # the runtime does what it was asked while nobody is there to hear
    killed_once(lambda: any(one.path.endswith(path) for one in runtime.seen), lambda: switch_off(people, incident, 0))
    time.sleep(0.4)
    assert kinds() == ["asked", "approved"]
    if path != "/resume":
        assert runtime.world.control.mode == "HOLD"
    said = switch_off(people, incident, 1)
    assert (said.status.value, said.fields["now"]) == ("ok", "run")
    assert kinds() == ["asked", "approved", "approved", "done"]


@pytest.mark.row("D002-213", "D002-461")
def test_a_request_that_a_killed_run_left_is_no_strangers_whichever_of_the_two_asks_next(runtime, people, incident):
    runtime.trouble("resume-confirm$", delay_s=0.3, cut=True)
    killed_once(
        lambda: any(one.path.endswith("resume-confirm") for one in runtime.seen),
        lambda: switch_off(people, incident, 0),
    )
    time.sleep(0.4)
    assert runtime.world.safety.resume_request["requested_by"] == "alice"
    said = switch_off(people[::-1], incident, 1)
    assert (said.status.value, said.fields["requested_by"], said.fields["now"]) == ("ok", "bob", "run")
    confirmed = runtime.world.safety.resume_request
    assert (confirmed["requested_by"], confirmed["approved_by"]) == ("bob", "alice")


@pytest.mark.row("D002-213")
def test_a_kill_before_anybody_signed_leaves_the_runtime_as_it_was(runtime, people, incident):
    def think(_):
        time.sleep(60)
        return "alice"

    def ask_only():
        with typing(pytest.MonkeyPatch(), ("who asks", think)), without_server():
            safe_mode.fn(set="off", reason="cause found", incident=incident)

    killed_once(lambda: kinds() == ["asked"], ask_only)
    assert runtime.seen == []
    assert runtime.world.control.mode == "HOLD"
