"""Databases to try things on: made by us, marked as ours, dropped by us, and nothing else is ever dropped."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tasks.databases import connection
from tasks.rules.faults import Refused

_NAME = re.compile(r"watchkeeper_scratch_[0-9a-f]{12}")
_MARK = "Watchkeeper scratch database, may be dropped; made at "
_LEFTOVER_AFTER_S = 3600
_OURS = """
    SELECT datname FROM pg_database
    WHERE datname = ANY (%s) AND starts_with(shobj_description(oid, 'pg_database'), %s)
"""
_LEFTOVERS = """
    SELECT datname FROM pg_database AS d
    WHERE datname LIKE 'watchkeeper\\_scratch\\_%%' AND starts_with(shobj_description(oid, 'pg_database'), %s)
      AND split_part(shobj_description(oid, 'pg_database'), 'made at ', 2)::bigint
          < extract(epoch FROM now()) - %s
"""


@contextmanager
def scratch_database(dsn_env: str) -> Iterator[str]:
    """The name of an empty database beside the one that the variable names; gone when the block ends.

    What a killed run left behind is dropped by the next one, once it is an hour old.
    """
    name = f"watchkeeper_scratch_{secrets.token_hex(6)}"
    with connection(dsn_env, autocommit=True) as admin:
        for leftover in admin.execute(_LEFTOVERS, (_MARK, _LEFTOVER_AFTER_S)).fetchall():
            _drop(admin, leftover[0])
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        _mark(admin, name)
    try:
        yield name
    finally:
        drop_scratch_database(dsn_env, name)


def drop_scratch_database(dsn_env: str, name: str) -> None:
    """Drop a database that carries our name and our mark; any other is refused."""
    with connection(dsn_env, autocommit=True) as admin:
        if not _NAME.fullmatch(name) or not admin.execute(_OURS, ([name], _MARK)).fetchone():
            raise Refused("not_disposable", "only a scratch database of Watchkeeper's own is ever dropped")
        _drop(admin, name)


def _mark(admin: psycopg.Connection, name: str) -> None:
    moment = admin.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
    mark = sql.Literal(_MARK + str(moment[0] if moment else 0))
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), mark))


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
