"""What the parts of the daily routine come to (runbook 004, Daily routine)."""

from collections.abc import Sequence

from tasks.rules.contracts.daily import DAILY_ROUTINE
from tasks.rules.outcome import Outcome, Status


def sum_up_parts(parts: Sequence[Outcome]) -> Outcome:
    """The routine's line: good only if every part was, and every part that was not is named."""
    bad = tuple(part.token for part in parts if part.exit_code)
    if bad or not parts:
        return DAILY_ROUTINE.says(Status.FAIL, "part_failed", parts=len(parts), failed=len(bad), bad=bad or None)
    return DAILY_ROUTINE.says(Status.OK, parts=len(parts), failed=0)
