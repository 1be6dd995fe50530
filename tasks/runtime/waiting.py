"""Waiting for the runtime: until it is ready or the time is over; it is left in HOLD either way (spec 002, 6)."""

import logging
import time

from tasks.rules.faults import RuntimeUnreachable
from tasks.rules.guard.readiness_verdict import Demand, Probes, Verdict, judge
from tasks.runtime.reading import is_healthy, moment, probe
from tasks.settings.guard import runtime_settings
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
POLL_S = 1.0


def is_runtime_named() -> bool:
    """Whether RUNTIME_URL says where the runtime is."""
    return bool(runtime_settings().url)


@step(retries=0)  # it asks again by itself, for as long as it was told
def ready_within(base: str, demand: Demand, wait_s: float, signals: str = "") -> tuple[Probes, Verdict, int]:
    """The first answers that are ready, or the last ones, with their verdict and the whole seconds waited.

    Silence is waited for too; who falls silent to the end is a `RuntimeUnreachable`.
    """
    began = time.monotonic()
    while True:
        over = time.monotonic() - began >= wait_s
        try:
            probes = probe.fn(base, signals)
        except RuntimeUnreachable:
            if over:
                raise
        else:
            verdict = judge(probes, demand, moment())
            if verdict.is_ready or over:
                return probes, verdict, int(time.monotonic() - began)
        time.sleep(min(POLL_S, max(0.0, wait_s - (time.monotonic() - began))))


@step(retries=0)  # it asks again by itself
def healthy_within(base: str, wait_s: float) -> bool:
    """Whether /healthz says ok before the time is over; a cold start takes 2 to 10 seconds."""
    until = time.monotonic() + wait_s
    while not is_healthy(base):
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return True
