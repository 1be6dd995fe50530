"""Ticks of a soak killed at every n-th step of our code: `python -m tests.tasks.soak_killer FOLDER STRIDE`.

Each case is a region with a folder of its own. A process judges an hour and is killed (SIGKILL, by itself, when a
count of calls and returns in the modules that write is reached); then the hour is judged again, and the next one.
The cases end when a process was not killed any more. Prints how many there were.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from flows.soak.soak_tick import soak_tick
from tasks.settings import fill_in
from tasks.step import without_server

OURS = ("soak_ticks.py", "soak_actions.py", "soak_hooks.py", "soak_memory.py", "journal.py", "operations.py")
HOURS = ("2026-11-21T03:05:00Z", "2026-11-21T04:05:00Z")


def judge(case: Path, hour: str) -> None:
    os.environ["WATCHKEEPER_NOW"] = hour
    fill_in({"ARTIFACTS_URL": str(case)})
    files = {"kpi_gate": "KPI_GATE.json", "edge_report": "EDGE_REPORT.json", "journal": "JOURNAL.jsonl"}
    places = {name: str(case / file) for name, file in files.items()}
    with without_server():
        soak_tick.fn(phase="canary", region=case.name, hooks=str(case.parent / "soak.toml"), **places)


def kill_after(steps: int) -> Callable[[FrameType, str, object], None]:
    """A profile function that ends this process at the given number of calls and returns in our code."""
    done = 0

    def count(frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal done
        done += Path(frame.f_code.co_filename).name in OURS and "rules" not in frame.f_code.co_filename
        if done == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def apart(case: Path, hour: str, steps: int | None = None) -> bool:
    """Judge the hour in a process of its own; whether that was killed."""
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if steps is not None:
            sys.setprofile(kill_after(steps))
        judge(case, hour)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def main(folder: Path, stride: int) -> int:
    cases, killed = 0, True
    while killed:
        cases += 1
        case = folder / f"case-{cases}"
        case.mkdir()
        for name in ("KPI_GATE.json", "EDGE_REPORT.json"):
            (case / name).write_bytes((folder / name).read_bytes())
            stat = (folder / name).stat()
            os.utime(case / name, (stat.st_mtime, stat.st_mtime))
        killed = apart(case, HOURS[0], cases * stride)
        for hour in HOURS:
            if apart(case, hour):
                raise SystemExit("a tick that nobody meant to kill was killed")
    return cases


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), int(sys.argv[2]))}\n")
