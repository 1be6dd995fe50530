"""A database with the service's tables, and the few rows a test wants to see judged."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import psycopg

PLAN = Path(__file__).parent.parent / "migrations" / "production"
TODAY = date(2026, 11, 21)


def create_tables(dsn: str) -> None:
    """The production plan, file by file; how it is applied properly is the subject of other tests."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        for file in sorted(PLAN.glob("*.sql")):
            conn.execute(file.read_bytes())


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def add_day(dsn: str, day: date, delivered: int, positive: int, theme: str = "unknown") -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "INSERT INTO daily_ack_aggregates (utc_day, theme_id, delivered_count, positive_ack_count)"
            " VALUES (%s, %s, %s, %s)",
            (day, theme, delivered, positive),
        )


def add_counters(dsn: str, day: date, **counters: int) -> None:
    with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO second_touch_daily_aggregates (utc_day, counter_key, count) VALUES (%s, %s, %s)",
            [(day, key, count) for key, count in counters.items()],
        )


def add_delivery(
    dsn: str, day: date, *, latency_s: float = 1.0, reactions: Iterable[str] = (), theme: str | None = None
) -> None:
    """One message that was due at noon of the day, and what its recipients answered."""
    due = datetime.combine(day, time(12), UTC)
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "INSERT INTO messages (valence, intensity, created_at, deliver_at, theme_tags)"
            " VALUES ('neutral', 'low', %s, %s, %s) RETURNING id",
            (due - timedelta(hours=8), due, [theme] if theme else []),
        ).fetchone()
        assert row
        received = due + timedelta(seconds=latency_s)
        conn.execute(
            "INSERT INTO inbox_items (message_id, recipient_device_id, received_at) VALUES (%s, 'r', %s)",
            (row[0], received),
        )
        for number, reaction in enumerate(reactions):
            conn.execute(
                "INSERT INTO acknowledgements (message_id, recipient_device_id, reaction, created_at)"
                " VALUES (%s, %s, %s, %s)",
                (row[0], f"r{number}", reaction, received),
            )
