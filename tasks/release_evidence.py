"""What a release can show for itself: the gate, the last lines of the procedures it rests on, the soak's head."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tasks import operations
from tasks.clock import stamp
from tasks.rules.artifacts import Json
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome
from tasks.step import step

PROCEDURES = ("db-verify", "full-accept", "full-validate", "journal-verify", "soak-report")
_TAIL = 64 << 10


@step
def gather_evidence(gate: Outcome, journal: Path) -> dict[str, Json]:
    """The predicate of the release's statement; what cannot be shown is said to be unproven, with the reason."""
    return {"gate": json.loads(gate.json), "outcomes": _last_outcomes(PROCEDURES), "soak_head": _head_of(journal)}


def _last_outcomes(procedures: Sequence[str]) -> Json:
    try:
        stored = {name: operations.last_outcomes(name) for name in procedures}
    except Fault as fault:
        return {"unproven": fault.reason}
    return {name: _shown(rows[0]) if rows else {"unproven": "never_run"} for name, rows in stored.items()}


def _shown(row: operations.StoredOutcome) -> Json:
    run = str(row.flow_run_id) if row.flow_run_id else None
    return {"at": stamp(row.at), "line": row.line, "status": row.status, "flow_run_id": run}


def _head_of(journal: Path) -> Json:
    """The hash of the journal's last whole line, and how long the journal was up to there."""
    try:
        with journal.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            tail = file.read()
    except OSError:
        return {"unproven": "journal_missing"}
    whole, newline, torn = tail.rpartition(b"\n")
    try:
        record = json.loads(whole.rpartition(b"\n")[2] if newline else b"")
        return {"hash": str(record["hash"]), "journal_bytes": size - len(torn)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"unproven": "journal_unreadable"}
