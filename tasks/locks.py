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
def held(
    connection: psycopg.Connection, name: str, *, holder: str | None = None, wait_s: float = 0
) -> Iterator[None]:
    """Hold the lock `name` of this database while the block runs; whoever comes second gets `LockHeld`."""
    take(connection, name, holder or name, wait_s)
    try:
        yield
    finally:
        with suppress(psycopg.OperationalError):  # the connection is gone, and the lock with it
            connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))
            connection.execute("SELECT set_config('application_name', 'watchkeeper', false)")


def take(connection: psycopg.Connection, name: str, holder: str, wait_s: float) -> str:
    """Take the lock for as long as the connection lives; returns the application name that others see.

    `connection` must be in autocommit: no transaction may stay open while the work goes on elsewhere. Who comes
    second asks for `wait_s` seconds and is then told, by `LockHeld`, who holds the lock and for how long.
    """
    # Asking again and again: a statement that waits would hold a snapshot, and for such a snapshot the holder's
    # CREATE INDEX CONCURRENTLY waits in turn.
    deadline = time.monotonic() + wait_s
    while not _is_taken(connection, name):
        if time.monotonic() >= deadline:
            raise _held_by(connection, name)
        time.sleep(_POLL_S)
    return _signed(connection, holder)


def _is_taken(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)).fetchone()
    return bool(row and row[0])


def _signed(connection: psycopg.Connection, holder: str) -> str:
    row = connection.execute(
        "SELECT set_config('application_name',"
        " 'watchkeeper ' || %s || ' since ' || extract(epoch FROM clock_timestamp())::bigint, false)",
        (holder,),
    ).fetchone()
    return str(row[0]) if row else holder


def _held_by(connection: psycopg.Connection, name: str) -> LockHeld:
    row = connection.execute(_HOLDER, (name,)).fetchone()
    signed = _SIGNATURE.fullmatch(row[0] or "") if row else None
    if row is None or signed is None:
        return LockHeld("unknown", None)
    return LockHeld(signed["holder"], max(0, int(row[1]) - int(signed["since"])))
