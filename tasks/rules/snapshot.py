"""When a failure is worth keeping, and under which name (runbook 004, "Snapshot on FAIL").

The last tick of the journal decides. A torn last line is no reason to keep nothing: evidence is wanted most after a
crash. The name says tick, phase and region, so that the same failure is kept once however often it is asked for.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.archiving import Archived
from tasks.rules.contracts.artifacts import SNAPSHOT
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak_record import ACTION

TAIL_LINES, TAIL_BYTES = 200, 256 << 10
TAIL_FILE = "JOURNAL_TAIL.jsonl"
_TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,30}")


@dataclass(frozen=True, slots=True)
class Failure:
    """What is to be kept: the folder's name, and why if it is not simply a failed tick."""

    name: str
    reason: str | None = None


def tail_of(last_bytes: bytes, *, whole: bool) -> bytes:
    """The last lines of a journal, from the start of a line; `whole` if the bytes are all there is."""
    if not whole:
        last_bytes = last_bytes.partition(b"\n")[2]
    return b"".join(last_bytes.splitlines(keepends=True)[-TAIL_LINES:])


def failure_in(tail: bytes) -> Failure | None:
    """What the journal's end asks to keep; None if its last tick was good."""
    if not tail.strip():
        return Failure("empty", "journal_empty")
    torn = not tail.endswith(b"\n")
    record = _last_tick(tail)
    if record is None:
        return Failure(f"torn-{hashlib.sha256(tail).hexdigest()[:12]}", "journal_torn")
    if record.get("status") != "FAIL" and not torn:
        return None
    name = "-".join((_moment(record.get("ts")), _word(record.get("phase")), _word(record.get("region"))))
    return Failure(name, "journal_torn" if torn else None)


def _last_tick(tail: bytes) -> Mapping[str, object] | None:
    """The last line that is not about what became of a tick's action; None if it cannot be read."""
    record = None
    for line in reversed(tail.rstrip(b"\r\n").split(b"\n")):
        record = _record(line)
        if record is None or record.get("status") != ACTION:
            break
    return record


def _record(line: bytes) -> Mapping[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _moment(ts: object) -> str:
    """`2025-04-06_230000` of `2025-04-06T23:00:00Z`."""
    text = str(ts)
    return text[:-1].replace("T", "_").replace(":", "") if _TS.fullmatch(text) else "unknown"


def _word(value: object) -> str:
    """A word that is safe in a file's name, whatever the journal holds."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "unknown"


def skipped(reason: str) -> Outcome:
    return SNAPSHOT.says(Status.SKIP, reason)


def kept(done: Archived, shown_folder: str, reason: str | None) -> Outcome:
    """The line of a finished snapshot; its `status=FAIL` is the tick's."""
    return SNAPSHOT.says(
        Status.OK,
        reason,
        snap_dir=shown_folder,
        files=done.files,
        skipped=sum(done.skipped.values()),
        cut=tuple(f"{why.value}:{count}" for why, count in done.skipped.items()) or None,
    )
