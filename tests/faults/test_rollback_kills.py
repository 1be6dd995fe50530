"""A rollback that is killed at any step, in either direction, is finished by the next one (runbook 002)."""

import os
import signal
import sys

import pytest

from tasks import operations
from tasks.clock import utc_now
from tasks.rules.guard.rollback import Standing, Word
from tasks.rules.outcome import Status
from tasks.runtime import requests
from tasks.runtime.release_memory import note_release, open_switch, read_releases
from tasks.services.processes import holders_of
from tests.runtime.site import site

__all__ = ["site"]
FORWARD = ("begin_switch", "stop_service", "lead_link", "_launch", "start_service", "held_after", "smoke")
BACKWARD = ("note_turning_back", "stop_service", "lead_link", "start_service", "smoke")


def killed(work, moment):
    """Do the work in a process of its own that is killed when the function `moment` returns; whether it was."""
    operations._engine.cache_clear()  # neither connection may be shared with the process that is killed
    requests._client.cache_clear()
    pid = os.fork()
    if not pid:
        try:
            sys.settrace(_kill_after(moment))
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _kill_after(moment):
    def end(frame, event, _argument):
        if event == "return":
            os.kill(os.getpid(), signal.SIGKILL)
        return end

    def watch(frame, _event, _argument):
        is_it = frame.f_code.co_name == moment and "/tasks/" in frame.f_code.co_filename
        return end if is_it else None  # nothing but calls is looked at: it costs little

    return watch


@pytest.fixture
def quick(site):
    site.release("a")
    note_release.fn("runtime", Word("a", Standing.PASSED), utc_now())
    return site


def words():
    return [(one.name, one.standing.value) for one in read_releases.fn("runtime")]


@pytest.mark.row("D002-434", "P002-431")
def test_killed_again_and_again_on_the_way_forward_the_next_start_ends_the_same(quick):
    quick.deploy("b")
    for moment in FORWARD:
        assert killed(quick.back, moment), moment
        assert quick.leads_to in ("releases/a", "releases/b"), moment
        named = quick.back(execute=False)
        assert (named.status, named.fields["half_done"], named.fields["to"]) == (Status.PLANNED, True, "a"), moment
    done = quick.back()
    assert (done.status, done.fields["half_done"]) == (Status.OK, True)
    assert (quick.serves(), quick.leads_to, quick.full()["router"]["mode"]) == ("a", "releases/a", "HOLD")
    assert words() == [("a", "passed"), ("b", "withdrawn"), ("a", "passed")]
    assert open_switch.fn("runtime") is None
    assert len(holders_of(quick.port)) == 1


@pytest.mark.row("D002-434")
def test_killed_when_all_was_done_there_is_nothing_to_finish(quick):
    quick.deploy("b")
    assert killed(quick.back, "end_switch")
    assert quick.back().reason == "no_verified_release"
    assert (quick.serves(), words()[-1]) == ("a", ("a", "passed"))


@pytest.mark.row("D002-434", "P002-436")
def test_killed_again_and_again_on_the_way_back_the_next_start_goes_back_all_the_same(quick):
    quick.release("a", "cold")
    quick.deploy("b")
    for moment in BACKWARD:
        assert killed(quick.back, moment), moment
    finished = quick.back()
    assert (finished.status, finished.reason, finished.fields["why"]) == (Status.FAIL, "release_failed", "not_ready")
    assert (finished.fields["back"], finished.fields["half_done"]) == ("verified", True)
    assert (quick.serves(), quick.leads_to, quick.full()["router"]["mode"]) == ("b", "releases/b", "HOLD")
    assert words() == [("a", "passed"), ("a", "failed")]
    assert open_switch.fn("runtime") is None
