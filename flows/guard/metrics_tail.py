"""The last samples of the runtime's metrics file."""

import time
from typing import Annotated

from pydantic import Field

from flows.guard.metrics_check import File
from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.metrics import METRICS_LINE, METRICS_TAIL
from tasks.rules.guard.metrics_verdict import shown
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.metrics_files import last_samples, metrics_file, next_changes

Samples = Annotated[int, Field(ge=1, le=1000, description="How many samples from the end of the file.")]
Follow = Annotated[float, Field(ge=0, le=3600, description="For how long changes are shown; 0: not at all.")]


@procedure(METRICS_TAIL, run_name=run_named("metrics-tail"))
def metrics_tail(file: File = "", samples: Samples = 20, follow_s: Follow = 0) -> Outcome:
    """Show the last samples of the runtime's metrics file once, and for a while what changes if asked.

    Runbook 002, Metrics & Monitoring. A row is series and value. It ends by itself, at the latest after --follow-s.
    If it fails: a runtime writes the file with its first routed order, so a fresh one has none (metrics_missing).

    Safety: only reads.
    """
    path = metrics_file(file)
    until = time.monotonic() + follow_s
    there = last_samples(path, samples)
    _say(there)
    seen, changes = dict(last_samples(path, 1_000_000)), 0
    while follow_s and (changed := next_changes(path, seen, until)):
        _say(changed)
        seen, changes = seen | dict(changed), changes + len(changed)
    status = Status.OK if there else Status.INSUFFICIENT_DATA
    return METRICS_TAIL.says(
        status, None if there else "no_samples", samples=len(there), changes=changes if follow_s else None
    )


def _say(pairs: tuple[tuple[str, str], ...]) -> None:
    for series, value in pairs:
        tell(METRICS_LINE.says(Status.OK, series=shown(series), value=shown(value)))
