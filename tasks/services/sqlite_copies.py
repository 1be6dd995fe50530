"""Copies of a database made before it is changed, and the lock that keeps two appliers apart.

Both live in one folder beside the database, `<its name>.copies/`. A copy appears in one move when all of it is there;
the newest are kept, and only files with the name of a copy are ever removed.
"""

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

from tasks.file_locks import file_locked
from tasks.files import sync_folder
from tasks.rules.faults import LockHeld, Refused, Unreachable
from tasks.services.sqlite import translated

_COPY = re.compile(r"(?P<stem>[a-z]+-\d{8}T\d{6}Z)(-(?P<number>\d+))?\.db")
_UNFINISHED = ".unfinished-copy"


def copies_folder(database: Path) -> Path:
    return database.with_name(f"{database.name}.copies")


def stem_for(role: str, at: datetime) -> str:
    """How the name of a copy begins: which database, and when."""
    return f"{role}-{at:%Y%m%dT%H%M%SZ}"


@contextmanager
def sole_migrator(database: Path, wait_s: float) -> Iterator[Path]:
    """The folder of copies, with nobody else at work on this database; `LockHeld` names who is, and since when."""
    folder = copies_folder(database)
    with translated(), ExitStack() as stack:
        folder.mkdir(exist_ok=True)
        lock = stack.enter_context((folder / "lock").open("a+", encoding="utf-8"))
        try:
            stack.enter_context(file_locked(lock.fileno(), wait_s=wait_s))
        except LockHeld:
            lock.seek(0)
            held_for_s = max(0, int(time.time() - os.fstat(lock.fileno()).st_mtime))
            raise LockHeld(lock.read(80).strip() or "another_run", held_for_s) from None
        lock.truncate(0)
        lock.write(f"run-migrations.{os.getpid()}")
        lock.flush()
        yield folder


def keep_copy(conn: sqlite3.Connection, folder: Path, stem: str, *, keep: int, busy_s: float) -> str:
    """Copy the database as it is now, keep the newest `keep` copies, and return the name of this one.

    The copy is checked before it counts: one of a damaged database would be no way back.
    """
    unfinished = folder / _UNFINISHED
    for left in folder.glob(f"{_UNFINISHED}*"):
        left.unlink()
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            conn.backup(copy, progress=_while_it_goes_on(busy_s))
            check_integrity(copy)
        _sync_file(unfinished)
        name = _next_name(folder, stem)
        unfinished.rename(folder / name)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(folder)
    for old in _copies(folder)[:-keep]:
        old.unlink()
    return name


def check_integrity(conn: sqlite3.Connection) -> None:
    """Refuse a database in which SQLite finds anything wrong; what it found is not repeated."""
    if conn.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise Refused("database_corrupt", "stop the service and put the newest good copy in its place")


def _while_it_goes_on(busy_s: float) -> Callable[[int, int, int], None]:
    """Asked after each step of a copy: without it SQLite would wait for ever for a writer that holds the database."""
    deadline = time.monotonic() + busy_s

    def progress(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise Unreachable("database_locked", "see which process holds the database, then start again")

    return progress


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _next_name(folder: Path, stem: str) -> str:
    """A name that no copy of this second has or had: the newest is never removed, so numbers only grow."""
    taken = [
        found["number"]
        for path in folder.iterdir()
        if (found := _COPY.fullmatch(path.name)) and found["stem"] == stem
    ]
    return f"{stem}-{max(int(number or 1) for number in taken) + 1}.db" if taken else f"{stem}.db"


def _copies(folder: Path) -> list[Path]:
    """Oldest first, by the order in which they were made."""
    found = [path for path in folder.iterdir() if _COPY.fullmatch(path.name)]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
