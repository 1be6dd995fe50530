"""Real flow runs through the warm engine: a server, a worker and an engine of their own."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.deployments.run_rig import WARM, Rig, await_true, free_port, running_rig

pytestmark = pytest.mark.e2e
ENTRYPOINT = "tests/deployments/rig_flow.py:rig_flow"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running_rig(tmp_path_factory.mktemp("rig"), free_port()) as started:
        yield started


class Started:
    """A run of the flow that reports, and what it has reported."""

    def __init__(self, rig: Rig, name: str, wait_s: float) -> None:
        deployment = rig.deploy(name, WARM, ENTRYPOINT, parameters={"wait_s": wait_s})
        self.run = rig.run(deployment)
        self.report = rig.folder / self.run
        self.report.touch()

    def processes(self) -> list[int]:
        """The run's process and its parent."""
        await_true(lambda: "process" in self.report.read_text(), 60)
        return [int(pid) for pid in self.report.read_text().splitlines()[0].split()[1:]]


def test_a_run_is_forked_from_the_engine_and_completes(rig):
    started = Started(rig, "short", 0)
    assert rig.await_state(started.run, "COMPLETED", "FAILED", "CRASHED") == "COMPLETED"
    assert started.processes()[1] == rig.children["engine"].pid


def test_the_engine_has_all_procedures_loaded_and_one_thread_to_fork(rig):
    assert psutil.Process(rig.children["engine"].pid).num_threads() == 1
    assert "not preloaded" not in rig.said_by("engine")


def test_a_run_whose_process_is_killed_is_reported_as_killed_and_its_hook_runs(rig):
    started = Started(rig, "long", 60)
    os.kill(started.processes()[0], signal.SIGKILL)
    assert rig.await_state(started.run, "COMPLETED", "FAILED", "CRASHED") == "CRASHED"
    assert "status code: -9" in rig.history(started.run)[-1]["message"]
    await_true(lambda: "hook Crashed" in started.report.read_text(), 30)


def test_a_cancelled_run_is_cancelled_and_its_hook_runs(rig):
    started = Started(rig, "long", 60)
    process = started.processes()[0]
    rig.post(f"flow_runs/{started.run}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
    assert rig.await_state(started.run, "CANCELLED", "COMPLETED", "FAILED", "CRASHED") == "CANCELLED"
    await_true(lambda: not Path(f"/proc/{process}").exists(), 30)
    # Prefect shows the hook the state before the last one.
    await_true(lambda: "hook Cancelling" in started.report.read_text(), 30)


def test_without_the_engine_the_run_starts_cold_and_completes(rig):
    rig.end("engine")
    try:
        started = Started(rig, "short", 0)
        assert rig.await_state(started.run, "COMPLETED", "FAILED", "CRASHED") == "COMPLETED"
        assert "cold start, warm engine not used" in rig.said_by("worker")
    finally:
        rig.start_engine()
