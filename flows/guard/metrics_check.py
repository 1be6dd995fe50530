"""Whether the runtime's metrics file may be believed, is fresh, and grew as expected."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.rules.contracts.metrics import METRICS_CHECK
from tasks.rules.guard.growth import remember
from tasks.rules.guard.metrics_verdict import judge_metrics, metrics_lines, metrics_said
from tasks.rules.outcome import Outcome
from tasks.runtime.metrics_files import keep, metrics_file, read_expectations, read_textfile, recall

File = Annotated[str, Field(description="The metrics file; empty: the one in RUNTIME_METRICS_PATH.")]
Expect = Annotated[str, Field(description="TOML: by how much which series may have grown since the last check.")]
StaleAfter = Annotated[float, Field(gt=0, le=86_400, description="How old the file, or the same content, may be.")]


@procedure(METRICS_CHECK, run_name=run_named("metrics-check"))
def metrics_check(file: File = "", expect: Expect = "", stale_after_s: StaleAfter = 60) -> Outcome:
    """Read the runtime's metrics file strictly, and compare it with the last read.

    Runbook 002, Metrics & Monitoring. A line for each place where the file contradicts itself, each expectation, and
    the quantiles of each histogram. Fresh is a file whose time and whose content are younger than the limit. A series
    that is not there is 0; one that is lower than before was started anew. If it fails: the line names every reason.

    Safety: reads the file and remembers its numbers in the operations database; changes nothing at the runtime.
    """
    path = metrics_file(file)
    expected = read_expectations(Path(expect)) if expect else ()
    read = read_textfile(path)
    last = recall(path)
    now = utc_now().timestamp()
    verdict = judge_metrics(read, last, expected, now, stale_after_s)
    for line in metrics_lines(verdict):
        tell(line)
    if verdict.may_be_remembered:
        keep(path, remember(read.values, read.digest, last, now))
    return metrics_said(verdict)
