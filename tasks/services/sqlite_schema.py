"""What stands in a SQLite database, what a plan makes of an empty one, and running one file of it.

Runbook 003, Database Migrations. A file runs statement by statement inside the transaction of whoever calls; SQLite's
own authorizer keeps it from ending that transaction or reaching another file.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from tasks.rules.faults import Refused
from tasks.rules.plan import LedgerRow, Migration, Plan, shown
from tasks.rules.services.migrations import Found, Item, Schema, Stage, stages_of
from tasks.services.sqlite import fault_of, sqlite_name

LEDGER, CHECKSUMS = "_schema_migrations", "_schema_checksums"
# The earlier program reads and writes the first with exactly these columns, so what it lacks stands in the second.
_LEDGER_TABLES = (
    f"CREATE TABLE IF NOT EXISTS {LEDGER} (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL)",
    f"CREATE TABLE IF NOT EXISTS {CHECKSUMS} (id TEXT PRIMARY KEY, checksum TEXT NOT NULL)",
)
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_COLUMNS = "SELECT name FROM pragma_table_info(?)"
_OBJECTS = """
    SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
_UNIQUE = 'SELECT "unique" FROM pragma_index_list(?) WHERE name = ?'
_INDEX_COLUMNS = "SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno"
_DENIED = (
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
)
Known = dict[tuple[str, str, str, str], Schema]
_PRAGMAS_ALLOWED = ("user_version", "application_id")


def rehearsed(plan: Plan) -> tuple[Stage, ...]:
    """The schema after each file, from running the plan in memory; a file that fails is met before any database."""
    schemas: list[Schema] = []
    known: Known = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        for migration in plan.migrations:
            run_file(conn, migration)
            schemas.append(read_schema(conn, known))
    return stages_of(plan, schemas)


def read_found(conn: sqlite3.Connection) -> Found:
    """What is there, in one consistent look."""
    conn.execute("BEGIN")
    try:
        tables = {name for (name,) in conn.execute(_TABLES)}
        ledger = conn.execute(f"SELECT id FROM {LEDGER} ORDER BY id").fetchall() if LEDGER in tables else []  # noqa: S608
        kept = conn.execute(f"SELECT id, checksum FROM {CHECKSUMS}").fetchall() if CHECKSUMS in tables else []  # noqa: S608
        schema = read_schema(conn)
    finally:
        conn.execute("ROLLBACK")
    rows = tuple(LedgerRow(str(name), str(name), str(checksum)) for name, checksum in kept)
    return Found(schema, tuple(str(name) for (name,) in ledger), rows, CHECKSUMS in tables)


def read_schema(conn: sqlite3.Connection, known: Known | None = None) -> Schema:
    """Every table, column and index; views, triggers and what SQLite makes by itself are not compared.

    `known` is what earlier calls have found out: an object whose text is the same has the same columns, so that a
    plan of hundreds of files does not ask for all of them after each.
    """
    known = {} if known is None else known
    objects = conn.execute(_OBJECTS).fetchall()
    for one in objects:
        if one not in known:
            known[one] = frozenset(_items(conn, *one))
    return frozenset[Item]().union(*(known[one] for one in objects))


def _items(conn: sqlite3.Connection, kind: str, name: str, table: str, _text: str) -> Iterator[Item]:
    if kind == "table":
        yield Item(name)
        for (column,) in conn.execute(_COLUMNS, (name,)):
            yield Item(f"{name}.{column}")
    else:
        columns = ",".join(column for (column,) in conn.execute(_INDEX_COLUMNS, (name,)))
        (unique,) = conn.execute(_UNIQUE, (table, name)).fetchone()
        yield Item(name, f"{'unique ' if unique else ''}{table}({columns})")


def ensure_ledger(conn: sqlite3.Connection) -> None:
    for statement in _LEDGER_TABLES:
        conn.execute(statement)


def is_recorded(conn: sqlite3.Connection, migration: Migration) -> bool:
    """Whether the ledger has the file by now: the earlier program knows nothing of our lock."""
    return conn.execute(f"SELECT 1 FROM {LEDGER} WHERE id = ?", (migration.name,)).fetchone() is not None  # noqa: S608


def record(conn: sqlite3.Connection, migration: Migration, at: str) -> None:
    """Put the file into the ledger; one that stands there already keeps the moment it was applied."""
    conn.execute(f"INSERT OR IGNORE INTO {LEDGER} (id, applied_at) VALUES (?, ?)", (migration.name, at))  # noqa: S608
    conn.execute(
        f"INSERT OR REPLACE INTO {CHECKSUMS} (id, checksum) VALUES (?, ?)",  # noqa: S608
        (migration.name, migration.checksum),
    )


def run_file(conn: sqlite3.Connection, migration: Migration, *, applied: int = 0, skipped: int = 0) -> None:
    """Run every statement of a file; what it cannot do is a `Refused` that names the file and SQLite's error."""
    conn.set_authorizer(_judge)
    try:
        for statement in statements(migration.text):
            conn.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        known = fault_of(error) if isinstance(error, sqlite3.Error) else None
        raise Refused(
            "migration_apply_failed" if known is None or known.reason == "database_failed" else known.reason,
            f"correct {migration.name} or what it met, then start again; what was applied before it stays",
            migration=shown([migration.name])[0],
            sqlite=sqlite_name(error) if isinstance(error, sqlite3.Error) else "Warning",
            applied=applied,
            skipped=skipped,
        ) from None
    finally:
        conn.set_authorizer(None)


def statements(text: str) -> Iterator[str]:
    """The statements of a file one by one, by SQLite's own reading of quotes, comments and trigger bodies."""
    piece = ""
    for part in re.split(r"(?<=;)", text):
        piece += part
        if sqlite3.complete_statement(piece):
            yield piece
            piece = ""
    if piece.strip():
        yield piece


def _judge(action: int, first: str | None, _second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action in _DENIED or (action == sqlite3.SQLITE_PRAGMA and first not in _PRAGMAS_ALLOWED):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
