"""The database of the service under operation, read in aggregates only (runbook 001, Overview).

All numbers of a daily run come from one read-only snapshot, so they agree with each other. The server counts; each
query walks the index of the window's days or moments, so a run costs what the window costs, not what history weighs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import class_row

from tasks import locks
from tasks.databases import connection
from tasks.rules.daily_health import TREND_DAYS, DailyFacts, DayCount, Traffic, first_day
from tasks.rules.second_touch import HEALTH_WINDOW, SUMMARY_WINDOWS
from tasks.step import step

# The first theme tag is the one a delivery is counted under; a message without one counts as 'unknown'.
DAY_COUNTS = """
    SELECT utc_day AS day, sum(delivered_count)::bigint AS delivered, sum(positive_ack_count)::bigint AS positive
    FROM daily_ack_aggregates
    WHERE utc_day BETWEEN %(first)s AND %(today)s AND (%(theme)s::text IS NULL OR theme_id = %(theme)s)
    GROUP BY utc_day
    ORDER BY utc_day DESC
"""
FUTURE_ROWS = "SELECT count(*) FROM daily_ack_aggregates WHERE utc_day > %(today)s"
ACK_TOTAL = """
    SELECT count(*) FROM acknowledgements WHERE created_at >= %(since)s AND created_at < %(until)s
"""
ACK_TOTAL_OF_THEME = """
    SELECT count(*)
    FROM acknowledgements a
    CROSS JOIN LATERAL (
        SELECT coalesce(theme_tags[1], 'unknown') AS theme FROM messages WHERE id = a.message_id OFFSET 0
    ) m
    WHERE a.created_at >= %(since)s AND a.created_at < %(until)s AND m.theme = %(theme)s
"""
# From the moment a message was due (deliver_at; created_at where it was due at once) to its arrival in the inbox.
# OFFSET 0 keeps the look-up of a message a look-up: as a plain join the planner reads all messages there ever were.
LATENCY_P95 = """
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(extract(epoch FROM i.received_at - m.due), 0))
    FROM inbox_items i
    CROSS JOIN LATERAL (
        SELECT coalesce(deliver_at, created_at) AS due, coalesce(theme_tags[1], 'unknown') AS theme
        FROM messages WHERE id = i.message_id OFFSET 0
    ) m
    WHERE i.received_at >= %(since)s AND i.received_at < %(until)s
      AND (%(theme)s::text IS NULL OR m.theme = %(theme)s)
"""
COUNTERS = """
    SELECT w.days, c.counter_key, sum(c.count)::bigint
    FROM unnest(%(windows)s::int[]) AS w(days)
    JOIN second_touch_daily_aggregates c ON c.utc_day BETWEEN %(today)s::date - w.days + 1 AND %(today)s::date
    GROUP BY w.days, c.counter_key
"""


@dataclass(frozen=True, slots=True)
class _Reader:
    conn: psycopg.Connection
    today: date
    days: int

    def traffic(self, theme: str | None) -> Traffic:
        return Traffic(self.day_counts(theme), self.ack_total(theme), self.latency_p95(theme))

    def day_counts(self, theme: str | None) -> tuple[DayCount, ...]:
        first = first_day(self.today, max(self.days, TREND_DAYS))
        with self.conn.cursor(row_factory=class_row(DayCount)) as cursor:
            return tuple(cursor.execute(DAY_COUNTS, {"first": first, "today": self.today, "theme": theme}))

    def ack_total(self, theme: str | None) -> int:
        query = ACK_TOTAL if theme is None else ACK_TOTAL_OF_THEME
        return int(self._number(query, self._moments(theme)) or 0)

    def latency_p95(self, theme: str | None) -> float | None:
        seconds = self._number(LATENCY_P95, self._moments(theme))
        return None if seconds is None else float(seconds)

    def future_rows(self) -> int:
        return int(self._number(FUTURE_ROWS, {"today": self.today}) or 0)

    def counters(self) -> Mapping[int, Mapping[str, int]]:
        windows = sorted({*SUMMARY_WINDOWS, HEALTH_WINDOW, self.days})
        found: dict[int, dict[str, int]] = {days: {} for days in windows}
        for days, key, count in self.conn.execute(COUNTERS, {"windows": windows, "today": self.today}):
            found[days][key] = count
        return found

    def _moments(self, theme: str | None) -> dict[str, object]:
        """The window as moments: from its first day's midnight to the end of today, UTC."""
        since, until = first_day(self.today, self.days), self.today
        return {"since": f"{since} 00:00+00", "until": f"{until} 24:00+00", "theme": theme}

    def _number(self, query: str, values: Mapping[str, object]) -> float | None:
        row = self.conn.execute(query, values).fetchone()
        return row[0] if row else None


@step
def read_daily_facts(dsn_env: str, today: date, days: int, theme: str | None) -> DailyFacts:
    """Everything the daily run judges: the whole service, and the one theme if one is asked for.

    Read-only, in one REPEATABLE READ snapshot: lines of the same run never contradict each other.
    """
    with connection(dsn_env, read_only=True) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        reader = _Reader(conn, today, days)
        return DailyFacts(
            today=today,
            everything=reader.traffic(None),
            one_theme=None if theme is None else reader.traffic(theme),
            future_rows=reader.future_rows(),
            counters=reader.counters(),
        )


@contextmanager
def only_one(dsn_env: str, name: str) -> Iterator[None]:
    """One run of `name` at a time on this database; the second one is refused with the first one's name and age."""
    with connection(dsn_env, autocommit=True) as conn, locks.held(conn, name):
        yield
