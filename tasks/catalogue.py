"""What PostgreSQL's own catalogue says about the schema `public`: tables, indexes, one digest for each table.

A digest is slow, because PostgreSQL writes out every definition for it. The fingerprint is one look over the rows
that those definitions are written from: as long as it is the same, no digest can be another one.
"""

from collections.abc import Sequence

import psycopg

# Everything of a table as text: columns, then constraints, then indexes, each in the order of its name. Written as
# look-ups for each table, because on a catalogue without statistics (a database that was just built) the planner
# takes joins of the whole catalogue for cheap and they are not.
TABLE_DIGESTS = """
    SELECT c.relname::text AS name, md5(concat_ws(E'\n',
        (
            SELECT string_agg(concat_ws(
                ' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN 'not null' END, a.attidentity, a.attgenerated,
                CASE WHEN a.atthasdef THEN (
                    SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d
                    WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                ) END
            ), E'\n' ORDER BY a.attname)
            FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ),
        (
            SELECT string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), E'\n' ORDER BY k.conname)
            FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f', 'x')
        ),
        (
            SELECT string_agg(pg_get_indexdef(i.indexrelid), E'\n' ORDER BY x.relname)
            FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid
        )
    )) AS digest
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
# The rows a digest is written from, each with its hash, and in braces what seeds it. Names count
# wherever they lie: a default shows the function, the type and the enum label it refers to, a foreign key another
# schema's table. What can never change under one oid is left out. Where newer versions of PostgreSQL keep more, the
# row's xmin stands for it.
_WRITTEN_FROM = (
    # By far the most rows: a chain of hashes takes half the time of a record's.
    (
        "pg_attribute WHERE attnum > 0",
        "hashnameextended(attname, hashoidextended(attrelid, hashoidextended(atttypid, hashint4extended(atttypmod,"
        " hashcharextended(attidentity, hashcharextended(attgenerated,"
        " hashint4extended(attnum * 4 + attnotnull::int * 2 + atthasdef::int, 0)))))))",
    ),
    ("pg_class", "hashnameextended(relname, {oid, relnamespace, relkind, relam, reloptions})"),
    ("pg_attrdef", "hashtextextended(adbin::text, {oid, adrelid, adnum})"),
    (
        "pg_constraint",
        "hashnameextended(conname, {oid, conrelid, convalidated, condeferrable, condeferred, connoinherit, xmin})",
    ),
    ("pg_index", "hashoidextended(indexrelid, {indrelid, xmin})"),
    ("pg_namespace", "hashnameextended(nspname, {oid})"),
    ("pg_type", "hashnameextended(typname, {oid, typnamespace})"),
    ("pg_enum", "hashnameextended(enumlabel, {oid, enumtypid})"),
    ("pg_proc", "hashnameextended(proname, {oid, pronamespace})"),
    ("pg_operator", "hashnameextended(oprname, {oid, oprnamespace})"),
    ("pg_opclass", "hashnameextended(opcname, {oid, opcnamespace, opcdefault})"),
    ("pg_am", "hashnameextended(amname, {oid})"),
    ("pg_collation", "hashnameextended(collname, {oid, collnamespace})"),
    ("pg_ts_config", "hashnameextended(cfgname, {oid, cfgnamespace})"),
    ("pg_ts_dict", "hashnameextended(dictname, {oid, dictnamespace})"),
)
# A sum needs no order. It must not be taken over the hashes of records: such a hash is itself a sum, and two columns
# that swap their names would leave it as it was. As a seed it is mixed with every bit of the name.
_SEEDED = str.maketrans({"{": "hash_record_extended(ROW(", "}": "), 0)"})
FINGERPRINT = "SELECT md5(concat_ws(',', {}))".format(
    ", ".join(
        f"(SELECT coalesce(sum({row.translate(_SEEDED)}), 0) FROM {rows})"  # noqa: S608  constants from above
        for rows, row in _WRITTEN_FROM
    )
)
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
