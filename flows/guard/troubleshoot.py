"""What a line, a block code or a log complains of, and what helps."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.environment import TROUBLESHOOT
from tasks.rules.faults import Refused
from tasks.rules.guard.troubleshooting import diagnose, diagnosis_lines, diagnosis_said
from tasks.rules.outcome import Outcome
from tasks.runtime.logs import last_lines

Saw = Annotated[
    str,
    Field(
        max_length=400,
        pattern=r"^[A-Za-z0-9_.:,=+\[\]<>() -]*$",
        description="A block code (stale-p95), a reason, or the line of a procedure. A log goes into --file.",
    ),
]
File = Annotated[str, Field(description="A log; its last 8 MiB are looked at, and nothing of it is shown.")]


@procedure(TROUBLESHOOT, run_name=run_named("troubleshoot"))
def troubleshoot(saw: Saw = "", file: File = "") -> Outcome:
    """Say what kind of trouble a code, a line or a log speaks of, what to look at, and which procedure helps.

    Runbook 002, Troubleshooting. A row for each kind with how often it was seen; missing signals, variables of
    [FATAL CONFIG] and remaining seconds are named. For the line of a procedure it gives the first step of its
    playbook; watchkeeper explain has the others. If nothing is recognised the answer is insufficient_data.

    Safety: only reads, and shows no text of a log: kinds, counts and known names alone.
    """
    if not (saw or file):
        raise Refused("nothing_to_look_at", "give --saw what you saw, or --file a log")
    lines = (*([saw] if saw else ()), *(last_lines(Path(file)) if file else ()))
    found = diagnose(lines)
    for line in diagnosis_lines(found):
        tell(line)
    return diagnosis_said(found, len(lines))
