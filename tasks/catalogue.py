"""What PostgreSQL's own catalogue says about the schema `public`: tables, indexes, and one digest for each table."""

from collections.abc import Sequence

import psycopg

# One line for each column, constraint and index of a table; sorted bytes, so that equal schemas have equal digests.
_LINES = """
    SELECT a.attrelid AS oid, concat_ws(
        ' ', 'column', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END, a.attidentity, a.attgenerated,
        CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END
    ) AS line
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT conrelid, 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype IN ('c', 'f', 'x') AND conrelid <> 0
    UNION ALL
    SELECT indrelid, pg_get_indexdef(indexrelid) FROM pg_index
"""
TABLE_DIGESTS = f"""
    SELECT c.relname::text AS name, md5(string_agg(l.line, E'\\n' ORDER BY l.line COLLATE "C")) AS digest
    FROM pg_class AS c
    JOIN ({_LINES}) AS l ON l.oid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    GROUP BY c.relname
"""  # noqa: S608  both parts are constants of this module
_MISSING = """
    SELECT wanted.name FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (name, place)
    WHERE NOT EXISTS (
        SELECT FROM pg_class AS c
        WHERE c.relname = wanted.name AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    )
    ORDER BY wanted.place
"""
_INVALID = """
    SELECT c.relname::text FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE NOT (i.indisvalid AND i.indisready) AND c.relnamespace = 'public'::regnamespace
    ORDER BY 1
"""


def missing_tables(conn: psycopg.Connection, wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the wanted tables that are not in the schema `public`, in the order in which they were asked for."""
    return tuple(row[0] for row in conn.execute(_MISSING, (list(wanted),)).fetchall())


def invalid_indexes(conn: psycopg.Connection) -> tuple[str, ...]:
    """Indexes that a broken CREATE INDEX CONCURRENTLY left behind: they cost every write and serve no read."""
    return tuple(row[0] for row in conn.execute(_INVALID).fetchall())
