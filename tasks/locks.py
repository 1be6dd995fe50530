"""The one lock of the house: a PostgreSQL session advisory lock whose holder has a name and an age.

The lock lives as long as the holder's connection, so a killed run frees it by dying. The holder signs by the
application name of its session, which every role may read in pg_stat_activity, together with the server's own time.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from tasks.rules.faults import LockHeld

_POLL_S = 0.1
_SIGNATURE = re.compile(r"watchkeeper (?P<holder>[\w.:+-]{1,40}) since (?P<since>\d+)")
_HOLDER = """
    SELECT a.application_name, extract(epoch FROM clock_timestamp())::bigint
    FROM pg_locks l
    JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(%s, 0)
"""


@contextmanager
def held(connection: psycopg.Connection, name: str, *, holder: str | None = None, wait_s: float = 0) -> Iterator[None]:
    """Hold the lock `name` of this database while the block runs; whoever comes second gets `LockHeld`.

    `connection` must be in autocommit: no transaction may stay open while the work goes on elsewhere. The second one
    asks for `wait_s` seconds and is then told who holds the lock and for how long.
    """
    _acquire(connection, name, wait_s)
    _sign(connection, holder or name)
    try:
        yield
    finally:
        with suppress(psycopg.OperationalError):  # the connection is gone, and the lock with it
            connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))
            connection.execute("SELECT set_config('application_name', 'watchkeeper', false)")


def _acquire(connection: psycopg.Connection, name: str, wait_s: float) -> None:
    """Ask again and again: a statement that waits would hold a snapshot, for which a concurrent index build waits."""
    deadline = time.monotonic() + wait_s
    while not _is_taken(connection, name):
        if time.monotonic() >= deadline:
            raise _held_by(connection, name)
        time.sleep(_POLL_S)


def _is_taken(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)).fetchone()
    return bool(row and row[0])


def _sign(connection: psycopg.Connection, holder: str) -> None:
    connection.execute(
        "SELECT set_config('application_name',"
        " 'watchkeeper ' || %s || ' since ' || extract(epoch FROM clock_timestamp())::bigint, false)",
        (holder,),
    )


def _held_by(connection: psycopg.Connection, name: str) -> LockHeld:
    row = connection.execute(_HOLDER, (name,)).fetchone()
    signed = _SIGNATURE.fullmatch(row[0] or "") if row else None
    if row is None or signed is None:
        return LockHeld("unknown", None)
    return LockHeld(signed["holder"], max(0, int(row[1]) - int(signed["since"])))
