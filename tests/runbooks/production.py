"""The production database of the tests: what stands in it, and the moment at which it is looked at."""

import psycopg

NOW = "2026-11-21T03:00:00Z"
FROZEN = f" frozen_now={NOW}"


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(query).fetchall()


def tables(dsn: str) -> int:
    return len(rows(dsn, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"))
