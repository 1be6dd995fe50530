"""Counting and deleting the rows of production that are past their TTL (runbook 001).

Deletion walks the pages of a table that hold expired rows, a stretch at a time, each in a short transaction of its
own: it needs no key, so a table without one is treated like the others, and a writer that wants one of the rows
waits for one stretch at most. A row that somebody else holds is left for the next run instead of waited for.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import psycopg
from psycopg import IsolationLevel, errors, sql
from sqlalchemy import func, select

from tasks.databases import connection
from tasks.operations import CoveredPeriod, cover_period, session
from tasks.progress import progress
from tasks.rules.faults import Fault, Refused
from tasks.rules.retention import Clocks, Counted, Cutoff, Deleted
from tasks.settings import OPERATIONS_DSN, is_set
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")

CLEANUP = "retention-cleanup"
STRETCH_S = 0.007  # what a stretch should take: the longest that a writer waits
ROW_WAIT_MS = 10
FIRST_PAGES, MOST_PAGES = 32, 4096
FEW_ROWS = 1000  # no more than this at once when rows are looked up one by one

_COUNTS = sql.SQL("SELECT count(*), count(*) FILTER (WHERE {column} < {before}) FROM {table}")
_EXTENT = sql.SQL("""
    SELECT count(*), (min(ctid)::text::point)[0]::bigint, (max(ctid)::text::point)[0]::bigint
    FROM ONLY {table} WHERE {column} < {before}
""")
_DELETE = sql.SQL("DELETE FROM ONLY {table} WHERE ctid >= {start} AND ctid < {end} AND {column} < {before}")
_DELETE_UNLOCKED = sql.SQL("""
    DELETE FROM ONLY {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ONLY {table} WHERE ctid >= {start} AND ctid < {end} AND {column} < {before}
        FOR UPDATE SKIP LOCKED))
""")
_DELETE_FEW = sql.SQL("""
    DELETE FROM ONLY {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ONLY {table} WHERE {column} < {before} LIMIT {few} FOR UPDATE SKIP LOCKED))
""")
# A plain table is its own and only leaf; a partitioned one has no rows but in its leaves.
_LEAVES = """
    SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r'
      AND (c.oid = to_regclass(%(table)s) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s))))
    ORDER BY c.oid
"""


@step
def count_rows(dsn_env: str, cutoffs: tuple[Cutoff, ...]) -> tuple[Counted, ...]:
    """All and expired rows of each table, in one read-only snapshot."""
    with connection(dsn_env, read_only=True) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        return tuple(_counted(conn, cutoff) for cutoff in cutoffs)


def _counted(conn: psycopg.Connection, cutoff: Cutoff) -> Counted:
    row = conn.execute(_filled(_COUNTS, sql.Identifier(cutoff.table), cutoff)).fetchone()
    total, expired = row or (0, 0)
    return Counted(cutoff, total, expired)


def _filled(query: sql.SQL, table: sql.Identifier, cutoff: Cutoff, **more: object) -> sql.Composed:
    """Literals on purpose: with parameters PostgreSQL would plan a stretch without knowing how short it is."""
    literals = {name: sql.Literal(value) for name, value in more.items()}
    return query.format(
        table=table, column=sql.Identifier(cutoff.column), before=sql.Literal(cutoff.before), **literals
    )


@step
def read_clocks(dsn_env: str, now: datetime) -> Clocks:
    """Our clock, the database server's, and when rows were last deleted by age (if the operations database knows)."""
    with connection(dsn_env, read_only=True) as conn:
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    return Clocks(now, row[0] if row else now, _last_cleanup())


def _last_cleanup() -> datetime | None:
    if not is_set(OPERATIONS_DSN):
        return None
    latest = select(func.max(CoveredPeriod.covered_at)).where(CoveredPeriod.procedure == CLEANUP)
    try:
        with session() as active:
            return active.scalar(latest)
    except Fault as fault:  # the server's clock still stands guard; TTLs are enforced without our memory
        log.warning("last cleanup unknown: %s", fault)
        return None


@step
def remember_cleanup(now: datetime) -> None:
    """Note that rows were deleted by the clock of this moment, so that a clock which goes back is noticed."""
    if is_set(OPERATIONS_DSN):
        try:
            cover_period(CLEANUP, now.isoformat(), now)
        except Fault as fault:
            log.warning("cleanup not remembered: %s", fault)


@step
def delete_expired(dsn_env: str, cutoff: Cutoff, ceiling: int) -> Deleted:
    """Delete the expired rows of one table, at most about `ceiling` of them (the last stretch may pass it).

    A fault ends the table, not the run: what was deleted before is committed and stays counted. Safe to repeat.
    """
    work = _Work(cutoff, ceiling)
    try:
        with connection(dsn_env, autocommit=True) as conn:
            conn.execute(sql.SQL("SET lock_timeout = {}").format(ROW_WAIT_MS))
            conn.execute("SET max_parallel_workers_per_gather = 0")  # starting workers takes longer than the counting
            stopped = work.on(conn)
    except Fault as fault:
        log.warning("retention of %s: %s", cutoff.table, fault)
        stopped = fault.reason
    return Deleted(cutoff, work.deleted, stopped)


@dataclass
class _Work:
    cutoff: Cutoff
    ceiling: int
    deleted: int = 0

    @property
    def may_go_on(self) -> bool:
        return self.deleted < self.ceiling

    def on(self, conn: psycopg.Connection) -> str | None:
        """Go through every leaf of the table; returns why it ended early."""
        for leaf in _leaves(conn, self.cutoff.table):
            expired, first, last = conn.execute(_filled(_EXTENT, leaf, self.cutoff)).fetchone() or (0, 0, 0)
            end = self.deleted + expired
            if expired > FEW_ROWS and self.may_go_on:
                self._walk(conn, leaf, range(first, last + 1), end)
            # What is left are rows that were few to begin with, or that an update has moved while we walked.
            while self.deleted < end and self.may_go_on:
                rows = conn.execute(_filled(_DELETE_FEW, leaf, self.cutoff, few=FEW_ROWS)).rowcount
                self.deleted += rows
                if rows < FEW_ROWS:
                    end = self.deleted
            if self.deleted < end:
                return "ceiling_reached"
        return None

    def _walk(self, conn: psycopg.Connection, leaf: sql.Identifier, pages: range, end: int) -> None:
        with progress(f"retention-{self.cutoff.table}".replace("_", "-"), end - self.deleted) as advance:
            for rows in _delete_stretches(conn, leaf, self.cutoff, pages):
                self.deleted += rows
                advance(rows)
                if self.deleted >= end - FEW_ROWS or not self.may_go_on:
                    break  # the last few may be anywhere: looking them up is quicker than walking on


def _leaves(conn: psycopg.Connection, table: str) -> list[sql.Identifier]:
    found = [sql.Identifier(*names) for names in conn.execute(_LEAVES, {"table": table})]
    if not found:
        raise Refused("missing_tables", "re-run the migrations (runbook 001, db_verify fail)")
    return found


def _delete_stretches(conn: psycopg.Connection, leaf: sql.Identifier, cutoff: Cutoff, pages: range) -> Iterator[int]:
    """Delete stretch after stretch; their length follows how long the last one took."""
    start, length = pages.start, FIRST_PAGES
    while start < pages.stop:
        began = monotonic()
        rows = _delete_stretch(conn, leaf, cutoff, start, start + length)
        took = monotonic() - began
        start += length
        if took < STRETCH_S / 2:
            length = min(length * 2, MOST_PAGES)
        elif took > STRETCH_S:
            length = max(length // 2, 1)
        yield rows


def _delete_stretch(conn: psycopg.Connection, leaf: sql.Identifier, cutoff: Cutoff, start: int, end: int) -> int:
    pages = {"start": f"({start},0)", "end": f"({end},0)"}
    try:
        return conn.execute(_filled(_DELETE, leaf, cutoff, **pages)).rowcount
    except errors.LockNotAvailable:
        return conn.execute(_filled(_DELETE_UNLOCKED, leaf, cutoff, **pages)).rowcount
