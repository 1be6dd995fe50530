"""An operations database that many tests share: making one costs more than most of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tasks import operations
from tests.conftest import _fresh_database


@contextmanager
def shared_operations(postgres: str) -> Iterator[str]:
    """Its DSN; it has the tables of every model that is imported by now."""
    with _fresh_database(postgres) as dsn:
        engine = operations._engine(dsn)
        operations.Base.metadata.create_all(engine)
        yield dsn
        engine.dispose()


def empty(dsn: str, *tables: str) -> None:
    """Forget every row of these tables and of those that point to them, and count from 1 again."""
    names = sql.SQL(", ").join(sql.Identifier(table) for table in tables)
    with psycopg.connect(dsn) as conn:
        conn.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
