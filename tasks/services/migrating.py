"""Bringing one of the services' databases to the head of its plan (runbook 003, Database Migrations).

One file is one `BEGIN IMMEDIATE` with its ledger row in it, so that a kill at any moment leaves whole files. Before
the first change the database is copied; a database that the earlier program made is taken over as it is.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks.clock import stamp, utc_now
from tasks.rules.faults import Refused
from tasks.rules.plan import Plan
from tasks.rules.services.migrations import Found, Migrated, Role, Stage, Todo, check_stage, decide
from tasks.services.sqlite import Access, fault_of, is_same_file, opened, translated
from tasks.services.sqlite_copies import keep_copy, sole_migrator, stem_for
from tasks.services.sqlite_schema import (
    Known,
    ensure_ledger,
    is_recorded,
    read_found,
    read_schema,
    record,
    rehearsed,
    run_file,
)
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of the two databases is, and whether it may be made if it is not there."""

    role: Role
    path: Path
    may_create: bool = False
    may_create_folder: bool = False


def check_places(one: Place, other: Place) -> None:
    """Refuse one file for both databases: their tables would lie in one another's ledger."""
    if is_same_file(one.path, other.path):
        raise Refused("same_database", "--runtime-db and --webhook-db lead to one file: correct one of them")


@step
def plan_migration(place: Place, plan: Plan) -> Migrated:
    """What a run would do; the database is opened for reading only, and none is made."""
    stages, is_new = rehearsed(plan), _is_new(place)
    if is_new:
        found = Found()
    else:
        with opened(place.path, Access.READ) as conn:
            found = read_found(conn)
    todo = decide(plan, stages, found)
    return replace(_done(todo, len(todo.pending)), files=_names(todo.pending), created=is_new)


@step(retries=0)  # a second start by hand goes on where this one stopped; by itself it would hide why
def migrate(place: Place, plan: Plan, *, keep_copies: int, lock_wait_s: float) -> Migrated:
    """Bring the database to the head of the plan; safe to start twice and safe to kill.

    Raises a `Fault` with the file at which it stopped and what was applied before it; `LockHeld` when another run is
    at work for longer than `lock_wait_s`, `database_locked` when a service is.
    """
    stages, is_new = rehearsed(plan), _is_new(place)
    if is_new:
        _make_folder(place.path.parent)
    with (
        sole_migrator(place.path, lock_wait_s) as copies,
        opened(place.path, Access.CREATE if is_new else Access.WRITE, busy_s=lock_wait_s) as conn,
    ):
        todo = decide(plan, stages, read_found(conn))
        copy = None
        if not todo.is_nothing and _holds_something(conn):
            stem = stem_for(place.role, utc_now())
            copy = keep_copy(conn, copies, stem, keep=keep_copies, busy_s=lock_wait_s)
        return replace(_Run(conn, todo).carry_out(), copy=copy, created=is_new)


def _is_new(place: Place) -> bool:
    """Whether the database has to be made; a path that was merely mistyped must not become one."""
    with translated():
        if place.path.exists():
            return False
        has_folder = place.path.parent.is_dir()
    if not place.may_create:
        raise Refused("database_missing", "correct the path, or say --create if there is to be a new database")
    if not (has_folder or place.may_create_folder):
        raise Refused("folder_missing", "a new database needs a folder that is there: correct the path or make it")
    return True


def _make_folder(folder: Path) -> None:
    with translated():
        folder.mkdir(parents=True, exist_ok=True)


def _holds_something(conn: sqlite3.Connection) -> bool:
    return bool(conn.execute("PRAGMA page_count").fetchone()[0])


@dataclass(slots=True)
class _Run:
    """One run over what is to be done: where it stands is what a failure has to tell."""

    conn: sqlite3.Connection
    todo: Todo
    applied: int = 0
    by_others: int = 0
    known: Known = field(default_factory=dict)

    def carry_out(self) -> Migrated:
        try:
            if self.todo.adopt:
                self._adopt()
            for stage in self.todo.run:
                self._apply(stage)
        except sqlite3.Error as error:
            raise fault_of(error, applied=self.applied, skipped=self.todo.done) from None
        return _done(self.todo, self.applied, self.by_others)

    def _adopt(self) -> None:
        """Write what the earlier program did into the ledger, with the files before it that it did not do."""
        with _transaction(self.conn):
            ensure_ledger(self.conn)
            for stage in self.todo.catch_up:
                self._run_file(stage)
            for stage in (*self.todo.catch_up, *self.todo.adopt):
                record(self.conn, stage.migration, stamp(utc_now()))
        self.applied += len(self.todo.catch_up)

    def _apply(self, stage: Stage) -> None:
        with _transaction(self.conn):
            ensure_ledger(self.conn)
            if is_recorded(self.conn, stage.migration):
                self.by_others += 1
                return
            self._run_file(stage)
            record(self.conn, stage.migration, stamp(utc_now()))
        self.applied += 1

    def _run_file(self, stage: Stage) -> None:
        run_file(self.conn, stage.migration, applied=self.applied, skipped=self.todo.done)
        check_stage(stage, read_schema(self.conn, self.known), applied=self.applied, skipped=self.todo.done)


@contextmanager
def _transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it; the lock for writing is taken at once, not in the middle."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk is full
            conn.execute("ROLLBACK")
        raise


def _done(todo: Todo, applied: int, by_others: int = 0) -> Migrated:
    return Migrated(applied, len(todo.adopt), todo.done + by_others)


def _names(stages: Sequence[Stage]) -> tuple[str, ...]:
    return tuple(stage.migration.name for stage in stages)
