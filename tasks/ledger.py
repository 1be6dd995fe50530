"""The ledger in the database: which migrations ran, from which text, and what the schema looked like afterwards.

`public.schema_migrations` holds one row for each migration; its comment holds the digest of every table as the plan
left it, and the fingerprint of the catalogue they were taken from, so that no second table is needed. Revisions of
Alembic stand in the same ledger as `alembic:<revision>`, so that two plans in one database do not take each other for
intruders.
"""

import json

import psycopg
from psycopg import sql

from tasks.catalogue import FINGERPRINT, TABLE_DIGESTS
from tasks.rules.plan import LedgerRow, Migration, PlanKind

ALEMBIC_ID = "alembic:"
_EXISTS = "SELECT to_regclass('public.schema_migrations') IS NOT NULL"
_CREATE = """
    CREATE TABLE IF NOT EXISTS public.schema_migrations (
        id text PRIMARY KEY,
        filename text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
_ROWS = """
    SELECT id, filename, checksum FROM public.schema_migrations
    WHERE starts_with(id, 'alembic:') = %s ORDER BY id
"""
_RECORD = "INSERT INTO public.schema_migrations (id, filename, checksum) VALUES ({}, {}, {})"
# A revision that was taken back by hand and is applied again keeps one row: the newest.
_RECORD_AGAIN = (
    _RECORD + " ON CONFLICT (id) DO UPDATE SET"
    " filename = excluded.filename, checksum = excluded.checksum, applied_at = now()"
)
_STATE = "SELECT md5(coalesce(string_agg(id || checksum, ',' ORDER BY id), '')) FROM public.schema_migrations"
_NOTE = "coalesce(obj_description(to_regclass('public.schema_migrations'), 'pg_class'), '')"
_IS_OURS = f"{_NOTE} LIKE '{{\"watchkeeper\":%'"
_RECORDED_STATE = f"SELECT CASE WHEN {_IS_OURS} THEN {_NOTE}::jsonb #>> '{{watchkeeper,ledger}}' END"
_RECORDED_FINGERPRINT = f"SELECT CASE WHEN {_IS_OURS} THEN {_NOTE}::json #>> '{{watchkeeper,fingerprint}}' END"
_DRIFTED = f"""
    SELECT recorded.key
    FROM jsonb_each_text(
        CASE WHEN {_IS_OURS} THEN {_NOTE}::jsonb #> '{{watchkeeper,tables}}' ELSE '{{}}' END
    ) AS recorded
    LEFT JOIN ({TABLE_DIGESTS}) AS seen ON seen.name = recorded.key
    WHERE seen.digest IS DISTINCT FROM recorded.value
    ORDER BY recorded.key
"""  # noqa: S608


def ensure_ledger(conn: psycopg.Connection) -> None:
    """Make the ledger if there is none; asking first lets a role without CREATE see that all is applied."""
    if not has_ledger(conn):
        conn.execute(_CREATE)


def has_ledger(conn: psycopg.Connection) -> bool:
    row = conn.execute(_EXISTS).fetchone()
    return bool(row and row[0])


def read_ledger(conn: psycopg.Connection, kind: PlanKind) -> tuple[LedgerRow, ...]:
    """The rows of this kind of plan, in the order of their ids."""
    rows = conn.execute(_ROWS, (kind is PlanKind.ALEMBIC,)).fetchall()
    return tuple(LedgerRow(*row) for row in rows)


def record(conn: psycopg.Connection, migration: Migration) -> str:
    """The statement that puts a migration into the ledger, as text for the migration's own transaction."""
    values = (sql.Literal(text) for text in (migration.id, migration.name, migration.checksum))
    statement = _RECORD_AGAIN if migration.id.startswith(ALEMBIC_ID) else _RECORD
    return sql.SQL(statement).format(*values).as_string(conn)


def seal(conn: psycopg.Connection) -> None:
    """Write down what every table looks like now, unless that was done for this very state of the ledger.

    The commit waits for the disk, whatever the session says: with it, all that went before is safe.
    """
    state, recorded = (_one(conn, query) for query in (_STATE, _RECORDED_STATE))
    if state == recorded:
        return
    with conn.transaction():
        conn.execute("SET LOCAL synchronous_commit = on")
        # The fingerprint first: whoever changes a table between the two is then sent the long way, and is seen.
        fingerprint = _one(conn, FINGERPRINT)
        tables: dict[str, str] = dict(conn.execute(TABLE_DIGESTS).fetchall())
        note = json.dumps({"watchkeeper": {"ledger": state, "fingerprint": fingerprint, "tables": tables}})
        conn.execute(sql.SQL("COMMENT ON TABLE public.schema_migrations IS {}").format(sql.Literal(note)))


def drifted_tables(conn: psycopg.Connection) -> tuple[str, ...]:
    """Tables that are gone or differ in a column, a constraint or an index from what the plan left."""
    return () if is_untouched(conn) else compared_tables(conn)


def is_untouched(conn: psycopg.Connection) -> bool:
    """Whether the whole catalogue still has the fingerprint it was sealed with, and so no table can have changed.

    False means only that it has to be looked at: a table that is not the plan's, another session's temporary table
    or a restored dump change the fingerprint as well.
    """
    recorded = _one(conn, _RECORDED_FINGERPRINT)
    return recorded is not None and recorded == _one(conn, FINGERPRINT)


def compared_tables(conn: psycopg.Connection) -> tuple[str, ...]:
    """The drifted tables by the digest of each, which takes ten times as long as the fingerprint."""
    return tuple(row[0] for row in conn.execute(_DRIFTED).fetchall())


def _one(conn: psycopg.Connection, query: str) -> str | None:
    row = conn.execute(query).fetchone()
    return row[0] if row else None
