"""May the artifacts be accepted? (Runbook 004, Full-Accept.)

Four files, each with its structure, and every problem of each is named. A structure that is sound and says FAIL, or
says that nothing was traded, is no acceptance; with an age limit neither is one that is too old.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.contracts.validation import ACCEPT_ERROR, FULL_ACCEPT
from tasks.rules.freshness import SKEW_S, time_inside
from tasks.rules.outcome import Outcome, Status

ACCEPTED_FILES = ("KPI_GATE.json", "FULL_STACK_VALIDATION.json", "EDGE_REPORT.json", "EDGE_SENTINEL.json")


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was found: its document if it is a JSON object, and every reason against its structure."""

    document: Mapping[str, Json] | None = None
    problems: tuple[str, ...] = ()


def problems_of(reading: Reading, now: int, max_age_s: int | None) -> tuple[str, ...]:
    """All that stands against a file: its structure, what it says, its age."""
    if reading.problems or reading.document is None:
        return reading.problems
    found = []
    if reading.document.get("status") == "FAIL":
        found.append("validation_failed")
    total = reading.document.get("total")
    if isinstance(total, Mapping) and total.get("fills") == 0:
        found.append("no_data")
    return (*found, *age_problems(reading.document, now, max_age_s))


def age_problems(document: Mapping[str, Json], now: int, max_age_s: int | None) -> tuple[str, ...]:
    """Whether the time inside the document lies ahead or too far back; with a limit a document needs a time."""
    try:
        written = time_inside(document)
    except (ValueError, OverflowError):
        return ("time_invalid",)
    if written is None:
        return () if max_age_s is None else ("time_missing",)
    if written > now + SKEW_S:
        return ("from_the_future",)
    return ("stale",) if max_age_s is not None and now - written > max_age_s else ()


def judge_files(readings: Mapping[str, Reading], now: int, max_age_s: int | None) -> tuple[list[Outcome], Outcome]:
    """A line for each problem in the order of the files, and the last line."""
    errors = [
        ACCEPT_ERROR.says(Status.FAIL, reason, file=name)
        for name, reading in readings.items()
        for reason in problems_of(reading, now, max_age_s)
    ]
    status = Status.FAIL if errors or not readings else Status.OK
    return errors, FULL_ACCEPT.says(status, files_checked=len(readings), errors=len(errors))
