"""Migration files that PostgreSQL refuses inside a transaction, run so that a second start finishes a broken first.

Runbook 001, Production bootstrap, step 3. Such a statement is either done, undone or half done: a killed CREATE INDEX
CONCURRENTLY leaves an INVALID index of that name, which is dropped before the statement runs again.
"""

import re
from collections.abc import Iterable

import psycopg
from psycopg import sql

_NAME = r'(?P<name>"[^"]+"|[\w.]+)'
_CREATE = re.compile(rf"create\s+(unique\s+)?index\s+concurrently\s+(if\s+not\s+exists\s+)?{_NAME}\s+on\b", re.I)
_DROP = re.compile(rf"drop\s+index\s+concurrently\s+(if\s+exists\s+)?{_NAME}\s*$", re.I)
_IS_VALID = "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass(%s)"


def run_outside_transaction(conn: psycopg.Connection, statements: Iterable[str]) -> None:
    """Run the statements one by one on an autocommit connection, skipping what an earlier start has done."""
    conn.execute("SET lock_timeout = 0")  # waiting for old snapshots blocks nobody; giving up leaves an INVALID index
    for statement in statements:
        if not _is_done(conn, statement):
            conn.execute(statement.encode())


def _is_done(conn: psycopg.Connection, statement: str) -> bool:
    if made := _CREATE.match(statement):
        return _is_built(conn, made["name"])
    if dropped := _DROP.match(statement):
        return _state(conn, dropped["name"]) is None
    return False


def _is_built(conn: psycopg.Connection, name: str) -> bool:
    """Whether the index is there and good; one that is there and INVALID is dropped first."""
    state = _state(conn, name)
    if state is False:
        plain = [part.strip('"') if part.startswith('"') else part.lower() for part in _parts(name)]
        conn.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(*plain)))
    return bool(state)


def _parts(name: str) -> list[str]:
    return [name] if name.startswith('"') else name.split(".")


def _state(conn: psycopg.Connection, name: str) -> bool | None:
    """True for a good index, False for an INVALID one, None when there is none of that name."""
    row = conn.execute(_IS_VALID, (name,)).fetchone()
    return None if row is None else bool(row[0])
