"""Applying a migration plan to PostgreSQL: all of it, or up to a file that is named.

Runbook 001, Production bootstrap, step 3. One connection, one lock, one transaction for each file with the file's
ledger row in it. Several small files travel in one round trip, and only the last commit waits for the disk: a crash
of the server can then take back whole files together with their ledger rows, which the next start applies again.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tasks.alembic_plans import apply_revisions
from tasks.catalogue import invalid_indexes
from tasks.concurrent_indexes import run_outside_transaction
from tasks.databases import LOCK_TIMEOUT_MS, connection, fault_of
from tasks.ledger import ensure_ledger, read_ledger, record, seal
from tasks.locks import take
from tasks.rules.faults import Refused
from tasks.rules.plan import Migration, Plan, PlanKind, compare, failed_at, refusal, shown, unsound
from tasks.sql_files import lone_statements
from tasks.step import step

LOCK_WAIT_S = 10
MIGRATIONS_LOCK = "migrations"
STATEMENT_TIMEOUT_S = 600
_FILES_PER_TRIP = 50
_CHARACTERS_PER_TRIP = 200_000
# Where no file of a plan sets anything for its session there is nothing to take back after each of them.
_SETS = re.compile(r"\b(re)?set\b(?!\s+(null|default|not)\b)|\b(set_config|discard|execute)\b", re.I)


@dataclass(frozen=True, slots=True)
class Applied:
    """How many migrations this run applied, and how many had been applied before."""

    applied: int
    skipped: int


@step
def apply_plan(
    dsn_env: str,
    plan: Plan,
    *,
    holder: str = "db-bootstrap",
    lock_wait_s: float = LOCK_WAIT_S,
    statement_timeout_s: int = STATEMENT_TIMEOUT_S,
    database: str | None = None,
) -> Applied:
    """Bring the database to the head of the plan; safe to start twice and safe to kill.

    Raises a `Fault` with the failing file, its SQLSTATE and what was applied before it; `LockHeld` when another
    applier is at work for longer than `lock_wait_s`.
    """
    if plan.problems:
        raise unsound(plan)
    timeout_ms = statement_timeout_s * 1000
    with connection(dsn_env, autocommit=True, statement_timeout_ms=timeout_ms, database=database) as conn:
        name = take(conn, MIGRATIONS_LOCK, f"{holder}.{os.getpid()}", lock_wait_s)
        ensure_ledger(conn)
        try:
            if plan.kind is PlanKind.ALEMBIC:
                done = Applied(*apply_revisions(conn, plan, dsn_env))
            else:
                done = _Applier(conn, dsn_env, name, timeout_ms).apply(plan)
        except Refused as fault:
            if fault.fields.get("applied"):  # what is said to be applied has to be on disk
                seal(conn)
            raise
        seal(conn)
        return _without_invalid_index(conn, done)


def _without_invalid_index(conn: psycopg.Connection, done: Applied) -> Applied:
    if not (broken := invalid_indexes(conn)):
        return done
    raise Refused(
        "invalid_index",
        "drop the named indexes concurrently and build them again with a new migration",
        indexes=shown(broken),
        applied=done.applied,
        skipped=done.skipped,
    )


@dataclass(slots=True)
class _Applier:
    """One run over the pending files of an SQL plan: where it stands is what a failure has to tell."""

    conn: psycopg.Connection
    dsn_env: str
    name: str
    statement_timeout_ms: int
    applied: int = 0
    skipped: int = 0
    between: str = ""

    def apply(self, plan: Plan) -> Applied:
        if any(_SETS.search(migration.text) for migration in plan.migrations):
            self.between = self._fresh()
        comparison = compare(plan, read_ledger(self.conn, PlanKind.SQL))
        self.skipped = len(comparison.applied)
        if problems := comparison.refusals:
            raise refusal(problems, self.skipped, sqlstate="na")
        for trip in _trips(comparison.pending):
            if lone := lone_statements(trip[0]):
                self._run_alone(trip[0], lone)
            else:
                self._run(trip)
            self.applied += len(trip)
        return Applied(self.applied, self.skipped)

    def _run(self, trip: Sequence[Migration]) -> None:
        script = self._fresh() + "".join(self._transaction(migration) for migration in trip)
        try:
            self.conn.execute(script.encode())
        except psycopg.Error as error:
            if self.conn.closed:
                raise
            self.conn.rollback()
            done = {row.id for row in read_ledger(self.conn, PlanKind.SQL)}
            left = [migration for migration in trip if migration.id not in done]
            self.applied += len(trip) - len(left)
            raise self._failure(left[0], error) from None

    def _run_alone(self, migration: Migration, lone: Sequence[str]) -> None:
        try:
            self.conn.execute(self._fresh().encode())
            run_outside_transaction(self.conn, lone)
            self.conn.execute(record(self.conn, migration).encode())
        except psycopg.Error as error:
            if self.conn.closed:
                raise
            raise self._failure(migration, error) from None

    def _transaction(self, migration: Migration) -> str:
        """One file and its ledger row.

        The text travels as a quoted literal: an open quote or comment stays inside its file, a syntax error is met
        when that file's turn comes, and a COMMIT inside it is refused by PostgreSQL itself.
        """
        tag = f"$w{migration.checksum[:16]}$"
        return (
            f"BEGIN; DO $do{tag[1:]} BEGIN EXECUTE {tag}{migration.text}\n{tag}; END $do{tag[1:]}; {self.between}"
            f" {record(self.conn, migration)}; COMMIT;\n"
        )

    def _fresh(self) -> str:
        """Take back what a file may have set for the session, and set what this run needs."""
        wanted = {
            "application_name": self.name,
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "statement_timeout": str(self.statement_timeout_ms),
            "synchronous_commit": "off",
        }
        settings = "; ".join(
            f"SET {key} = {sql.Literal(value).as_string(self.conn)}" for key, value in wanted.items()
        )
        return f"RESET SESSION AUTHORIZATION; RESET ALL; {settings};"

    def _failure(self, migration: Migration, error: psycopg.Error) -> Refused:
        return failed_at(migration, fault_of(error, self.dsn_env).reason, error.sqlstate, self.applied, self.skipped)


def _trips(pending: Sequence[Migration]) -> Iterator[list[Migration]]:
    """Files that travel together: few and small enough, and one that runs outside a transaction goes alone."""
    trip: list[Migration] = []
    size = 0
    for migration in pending:
        alone = bool(lone_statements(migration))
        if trip and (alone or len(trip) >= _FILES_PER_TRIP or size + len(migration.text) > _CHARACTERS_PER_TRIP):
            yield trip
            trip, size = [], 0
        trip.append(migration)
        size += len(migration.text)
        if alone:
            yield trip
            trip, size = [], 0
    if trip:
        yield trip
