"""Looking at a service's database without changing it: there, readable, writable, whole, with room on its disk.

Runbook 003, Incident Playbook 1, step 2. The reader stays open while writing is tried, so that closing the writer
does not fold a write-ahead log into the file.
"""

import os
import shutil
import sqlite3
import time
from pathlib import Path

from tasks.clock import utc_now
from tasks.rules.faults import Fault, Refused
from tasks.rules.services.health import DatabaseSeen, is_check_due
from tasks.services.check_memory import minutes_since_check, remember_check
from tasks.services.sqlite import Access, check_is_file, opened
from tasks.services.sqlite_copies import check_integrity
from tasks.step import step

BUSY_S = 2.0
CHECK_LASTS_S = 120.0
_STEPS_BETWEEN_LOOKS = 100_000


@step
def look_at_database(path: Path, check_every_minutes: int, busy_s: float = BUSY_S) -> DatabaseSeen:
    """Everything that is wrong with the database, and the room on its disk; nothing of it is written.

    All of a large file is read only every `check_every_minutes`: meanwhile a service without a write-ahead log cannot
    commit. What was found bad is never remembered as checked.
    """
    try:
        size = _size(path)
    except Fault as fault:
        return DatabaseSeen((fault.reason,), _sqlite(fault), _free_mb(path))
    now = utc_now()
    due = is_check_due(size, minutes_since_check(path, now), check_every_minutes)
    troubles, sqlite = _troubles(path, due, busy_s)
    if due and not troubles:
        remember_check(path, now)
    return DatabaseSeen(troubles, sqlite, _free_mb(path), checked=due and not troubles)


def _size(path: Path) -> int:
    check_is_file(path)
    if not path.exists():
        raise Refused("database_missing", "correct the path in the variable, or start the service that makes it")
    return path.stat().st_size


def _troubles(path: Path, due: bool, busy_s: float) -> tuple[tuple[str, ...], str | None]:
    """Every reason against the database, with SQLite's name of the first error."""
    found: list[Fault] = [] if _may_write(path) else [Refused("database_read_only", "see its permissions")]
    try:
        with opened(path, Access.READ, busy_s=busy_s) as reader:
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not found:
                found += _against_writing(path, busy_s)
            if due:
                found += _against_integrity(reader)
    except Fault as fault:
        found.append(fault)
    reasons = tuple(dict.fromkeys(fault.reason for fault in found))
    return reasons, next((name for fault in found if (name := _sqlite(fault))), None)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK | os.X_OK)


def _against_writing(path: Path, busy_s: float) -> list[Fault]:
    """Take the lock that every writer needs, and give it back: nothing is written."""
    try:
        with opened(path, Access.WRITE, busy_s=busy_s) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("ROLLBACK")
    except Fault as fault:
        return [fault]
    return []


def _against_integrity(reader: sqlite3.Connection) -> list[Fault]:
    deadline = time.monotonic() + CHECK_LASTS_S
    reader.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS_BETWEEN_LOOKS)
    try:
        check_integrity(reader)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return [Refused("check_unfinished", "check it by hand at a quiet hour: PRAGMA quick_check")]
        raise
    except Fault as fault:
        return [fault]
    return []


def _free_mb(path: Path) -> int | None:
    """Room on the disk of the nearest folder that is there."""
    for folder in path.absolute().parents:
        if folder.is_dir():
            return shutil.disk_usage(folder).free // (1024 * 1024)
    return None


def _sqlite(fault: Fault) -> str | None:
    name = fault.fields.get("sqlite")
    return name if isinstance(name, str) else None
