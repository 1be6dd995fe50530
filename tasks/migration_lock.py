"""One applier at a time: a PostgreSQL session lock whose holder has a name and an age."""

import os
import time

import psycopg

from tasks.rules.faults import LockHeld
from tasks.rules.plan import shown

# Advisory locks belong to one database, so one number is enough: two plans never run in the same database at once.
_KEY = 0x7761_7463_686B  # "watchk"
_POLL_S = 0.1
# The holder writes name and moment into application_name, which every role may read of every session.
_SIGN = "SELECT set_config('application_name', %s || '.' || extract(epoch FROM clock_timestamp())::bigint, false)"
_HOLDER = """
    SELECT regexp_replace(a.application_name, '[.][0-9]{9,11}$', ''),
           extract(epoch FROM clock_timestamp())::bigint
               - substring(a.application_name FROM '[.]([0-9]{9,11})$')::bigint
    FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid::bigint = %s AND l.objid::bigint = %s
"""


def become_sole_applier(conn: psycopg.Connection, holder: str, wait_s: float) -> str:
    """Take the database's migration lock, waiting `wait_s` at most; returns the name that others see.

    `LockHeld` says who keeps it. The lock falls with the connection, so a killed applier leaves none behind.
    """
    deadline = time.monotonic() + wait_s
    # Asking again and again: a statement that waits would hold a snapshot, and for such a snapshot the holder's
    # CREATE INDEX CONCURRENTLY waits in turn.
    while not _taken(conn):
        if time.monotonic() >= deadline:
            raise _held(conn)
        time.sleep(_POLL_S)
    row = conn.execute(_SIGN, (f"{holder}.{os.getpid()}",)).fetchone()
    return str(row[0]) if row else holder


def _taken(conn: psycopg.Connection) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (_KEY,)).fetchone()
    return bool(row and row[0])


def _held(conn: psycopg.Connection) -> LockHeld:
    row = conn.execute(_HOLDER, (_KEY >> 32, _KEY & 0xFFFF_FFFF)).fetchone()
    name, age_s = row or ("unknown", None)
    return LockHeld(shown([name or "unknown"])[0], None if age_s is None else max(0, int(age_s)))
