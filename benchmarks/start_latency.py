"""How long whoever presses Run waits: from the API call to Running, warm and cold, turn about.

`python -m benchmarks.start_latency [rounds]`: a server, a worker (poll 1 s) and a warm engine of its own in a
temporary folder. The calls are spread over the worker's poll interval, because waiting for the poll is part of it.
"""

import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.measuring import report
from tests.deployments.run_rig import COLD, WARM, Rig, free_port, running_rig

ENTRYPOINT = "tests/deployments/rig_flow.py:rig_flow"
SIDES = {"warm engine": WARM, "prefect.engine, cold": COLD}
ENDED = ("COMPLETED", "FAILED", "CRASHED")
APART_S = 0.37  # no multiple of the poll interval


def start(rig: Rig, deployment: str) -> dict[str, float]:
    """Seconds from the API call to each state of one run."""
    called = time.time()
    run = rig.run(deployment)
    if (ended := rig.await_state(run, *ENDED)) != "COMPLETED":
        raise RuntimeError(f"the run ended as {ended}: see {rig.folder}")
    return {state["name"]: seconds(state["timestamp"]) - called for state in rig.history(run)}


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def main(rounds: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="start-latency-") as folder,
        running_rig(Path(folder), free_port()) as rig,
    ):
        deployments = {
            side: rig.deploy(f"side-{number}", SIDES[side], ENTRYPOINT) for number, side in enumerate(SIDES)
        }
        for deployment in deployments.values():
            start(rig, deployment)  # the first call of each warms the server, not what is measured
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(rounds):
            for side, deployment in deployments.items():
                time.sleep(APART_S)
                runs[side].append(start(rig, deployment))
    show("API call to Running", runs, "")
    show("of that, Submitting to Running", runs, "Submitting")


def show(title: str, runs: dict[str, list[dict[str, float]]], since: str) -> None:
    taken = {side: [run["Running"] - run.get(since, 0.0) for run in held] for side, held in runs.items()}
    report(title, next(iter(SIDES)), taken)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
