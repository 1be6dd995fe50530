"""The heads of a journal, kept where whoever changes the file does not reach: the operations database, an artifact of
the Prefect server and, when the journal lies in a git repository, a note of that repository.

A place that does not answer keeps nobody from writing or verifying: it is left out, and the log says so.
"""

import hashlib
import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import cast

from prefect.artifacts import Artifact

from tasks import evidence, operations
from tasks.clock import stamp
from tasks.git_notes import put_note, read_note
from tasks.rules.artifacts import Json
from tasks.rules.faults import Fault
from tasks.rules.journal import Head, parsed
from tasks.soak_memory import newest_heads
from tasks.step import has_server, step

log = logging.getLogger("prefect.watchkeeper")
Heads = dict[str, list[Head]]


@step
def read_heads(journal: Path) -> Heads:
    """The heads that each place outside the journal holds; a place without any is left out."""
    found = {"database": _in_database(journal), "artifact": _in_artifact(journal), "note": _in_note(journal)}
    return {place: heads for place, heads in found.items() if heads}


@step(retries=0)  # the next tick keeps a newer head
def spread_head(journal: Path, head: Head, at: datetime) -> None:
    """Put the head, which the database has from the tick itself, into the artifact and the note as well."""
    if has_server():
        row: dict[str, object] = {**asdict(head), "at": stamp(at), "journal": journal.name}
        evidence.show_table(_artifact_key(journal), [row], f"{journal.name}: line {head.count}, {head.hash[:12]}")
    put_note(journal, json.dumps(asdict(head), sort_keys=True))


def _in_database(journal: Path) -> list[Head]:
    try:
        with operations.session() as active:
            return newest_heads(active, journal)
    except Fault as fault:
        log.warning("the journal's heads in the database cannot be read: %s", fault)
        return []


def _artifact_key(journal: Path) -> str:
    return f"journal-head-{hashlib.sha256(str(journal.resolve()).encode()).hexdigest()[:12]}"


def _in_artifact(journal: Path) -> list[Head]:
    if not has_server():
        return []
    found = cast("Artifact | None", Artifact.get(key=_artifact_key(journal)))  # outside of a loop it is no coroutine
    rows = json.loads(str(found.data)) if found else []
    return [head for row in rows if (head := _head_in(row))]


def _head_in(row: Json) -> Head | None:
    if not isinstance(row, dict):
        return None
    count, own, inode = row.get("count"), row.get("hash"), row.get("inode")
    if not isinstance(count, int) or not isinstance(own, str):
        return None
    return Head(count, own, inode if isinstance(inode, int) else None)


def _in_note(journal: Path) -> list[Head]:
    head = _head_in(parsed((read_note(journal) or "").encode()))
    return [head] if head else []
