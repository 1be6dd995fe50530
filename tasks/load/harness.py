"""The process that makes the load: `python -m tasks.load.harness`, its phases on stdin, what it measured on stdout.

A process of its own, so that nothing else that its parent does (a picture, the Prefect server) makes a request late.
Secrets are in its environment and nowhere else. It ends when its parent does: nobody is left to measure for.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.load.http_phase import run_phase
from tasks.load.sending import api_headers, requests_of
from tasks.load.websocket_phase import run_clients
from tasks.rules.load.measured import Measured
from tasks.rules.load.plan import Name, Phase
from tasks.settings.services import LoadSecrets, load_secrets

FASTEST_ON_TIME = 5000  # starts a second


def main() -> int:
    phases = [_phase(data) for data in json.loads(sys.stdin.readline())]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if max((phase.rate for phase in phases), default=0) <= FASTEST_ON_TIME:
        be_on_time()
    secrets = load_secrets()
    for phase in phases:
        for measured in _run(phase, secrets):
            _say({"measured": measured.as_data()})
    return 0


def be_on_time() -> bool:
    """Ask to be woken before others, so that a busy machine makes no request late; whether that was allowed.

    On a machine with twice as much to do as it can, lateness at p99 falls from 12 ms to 1 ms. What is measured may be
    on the same machine, so nobody asks for it who would take much of a core.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:  # for root, or with CAP_SYS_NICE
        return False
    return True


def _phase(data: Mapping[str, Any]) -> Phase:
    return Phase(**{**data, "name": Name(data["name"])})


def _run(phase: Phase, secrets: LoadSecrets) -> Iterator[Measured]:
    if phase.name is Name.CONNECT:
        yield from run_clients(phase, api_headers(secrets), _report)
    else:
        yield run_phase(phase, requests_of(phase.name, phase.url, secrets), _report)


def _report(ended: int) -> None:
    _say({"ended": ended})


def _say(message: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
