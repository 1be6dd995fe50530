"""Run one procedure in this process, with the configured Prefect server or, when it is down, without it."""

import importlib
import signal
import sys
from contextlib import ExitStack
from types import FrameType
from typing import Any

from prefect import Flow
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.catalogue import Procedure
from tasks.procedure import PROCEDURES, Run, tell, telling
from tasks.rules.outcome import EXIT_FAILED, Outcome, Status
from tasks.server import server_answers
from tasks.step import without_server


def run_by_hand(procedure: Procedure, parameters: dict[str, Any], *, as_json: bool) -> int:
    """The exit code of the outcome; an interrupt (Ctrl-C, SIGTERM) ends in a line of its own."""
    flow: Flow[Any, Any] = getattr(importlib.import_module(procedure.module), procedure.function)
    signal.signal(signal.SIGTERM, _interrupt)
    with telling(_write_json if as_json else _write_text) as run:
        try:
            _call(flow, parameters)
        except KeyboardInterrupt:
            tell(PROCEDURES[flow.name].says(Status.ERROR, "interrupted"))
    return _exit_code(run)


def _call(flow: Flow[Any, Any], parameters: dict[str, Any]) -> None:
    with ExitStack() as stack:
        if _server_is_up():
            # A run by hand has somebody watching it; the heartbeat would only make it wait for its end.
            stack.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
            flow(**parameters, return_state=True)
        else:
            stack.enter_context(without_server())
            flow.fn(**flow.validate_parameters(parameters))


def _server_is_up() -> bool:
    url = PREFECT_API_URL.value()
    if url and server_answers(url):
        return True
    why = f"no Prefect server answers at {url}" if url else "no Prefect server is configured (PREFECT_API_URL)"
    sys.stderr.write(f"watchkeeper: {why}; the procedure runs without it and is not in its run list\n")
    return False


def _exit_code(run: Run) -> int:
    return run.final.exit_code if run.final else EXIT_FAILED


def _write_text(outcome: Outcome) -> None:
    sys.stdout.write(outcome.line + "\n")
    sys.stdout.flush()


def _write_json(outcome: Outcome) -> None:
    sys.stdout.write(outcome.json + "\n")
    sys.stdout.flush()


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
