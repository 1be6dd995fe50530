"""A flow that writes down which process it is, then waits as long as it is asked to."""

import os
import time
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run as this_run


def _report(run: object, line: str) -> None:
    with (Path(os.environ["RIG_REPORTS"]) / str(run)).open("a") as report:
        report.write(line + "\n")


def _report_end(flow: Any, flow_run: Any, state: Any) -> None:
    _report(flow_run.id, f"hook {state.name}")


@flow(name="rig-flow", on_crashed=[_report_end], on_cancellation=[_report_end])
def rig_flow(wait_s: float = 0) -> None:
    _report(this_run.id, f"process {os.getpid()} {os.getppid()}")
    time.sleep(wait_s)
