"""What is read of the service's database, against a real one."""

from datetime import date

import psycopg
import pytest

from tasks import production
from tasks.production import read_daily_facts
from tasks.rules.daily_health import DayCount
from tasks.rules.faults import Refused
from tasks.settings import PRODUCTION_DSN
from tasks.step import without_server
from tests.production_database import TODAY, add_counters, add_day, add_delivery, days_ago


@pytest.fixture(autouse=True)
def _by_hand():
    with without_server():
        yield


def facts(days: int = 7, theme: str | None = None):
    return read_daily_facts(PRODUCTION_DSN, TODAY, days, theme)


def test_the_themes_of_a_day_are_counted_together(service_database):
    add_day(service_database, TODAY, 10, 4, theme="hope")
    add_day(service_database, TODAY, 5, 1)
    add_day(service_database, days_ago(1), 7, 2)
    assert facts().everything.rows == (DayCount(TODAY, 15, 5), DayCount(days_ago(1), 7, 2))


def test_one_theme_can_be_looked_at_beside_the_whole(service_database):
    add_day(service_database, TODAY, 10, 4, theme="hope")
    add_day(service_database, TODAY, 5, 1)
    found = facts(theme="hope")
    assert found.one_theme is not None
    assert found.one_theme.rows == (DayCount(TODAY, 10, 4),)
    assert found.everything.rows == (DayCount(TODAY, 15, 5),)


@pytest.mark.row("D001-14")
def test_rows_dated_after_today_are_counted_apart(service_database):
    add_day(service_database, date(2026, 11, 22), 100, 100)
    found = facts()
    assert found.future_rows == 1
    assert found.everything.rows == ()


def test_counters_come_for_each_window(service_database):
    add_counters(service_database, TODAY, offers_generated=1)
    add_counters(service_database, days_ago(6), offers_generated=2)
    add_counters(service_database, days_ago(7), offers_generated=4)
    add_counters(service_database, days_ago(29), offers_generated=8)
    add_counters(service_database, days_ago(30), offers_generated=16)
    add_counters(service_database, days_ago(-1), offers_generated=32)
    counters = facts(days=1).counters
    assert {days: counts["offers_generated"] for days, counts in counters.items()} == {1: 1, 7: 3, 30: 15}


def test_acknowledgements_of_any_reaction_count_inside_the_window_alone(service_database):
    add_delivery(service_database, TODAY, reactions=("helpful", "seen"))
    add_delivery(service_database, days_ago(6), reactions=("not_helpful",))
    add_delivery(service_database, days_ago(7), reactions=("helpful",))
    assert facts().everything.ack_total == 3


@pytest.mark.row("W001-16")
def test_latency_runs_from_the_due_moment_to_the_inbox(service_database):
    for seconds in range(1, 101):
        add_delivery(service_database, TODAY, latency_s=seconds / 10, theme="hope")
    add_delivery(service_database, days_ago(7), latency_s=1000)
    found = facts(theme="hope")
    assert found.everything.p95_delivery_latency_s == pytest.approx(9.505)
    assert found.one_theme is not None
    assert found.one_theme.p95_delivery_latency_s == pytest.approx(9.505)


def test_without_a_delivery_there_is_no_latency(service_database):
    assert facts().everything.p95_delivery_latency_s is None


def test_untagged_messages_are_the_theme_unknown(service_database):
    add_delivery(service_database, TODAY, reactions=("helpful",))
    add_delivery(service_database, TODAY, reactions=("helpful", "thanks"), theme="hope")
    found = facts(theme="unknown")
    assert found.one_theme is not None
    assert found.one_theme.ack_total == 1


def test_a_missing_table_is_not_called_a_connection_failure(service_database):
    with psycopg.connect(service_database) as conn:
        conn.execute("DROP TABLE second_touch_daily_aggregates")
    with pytest.raises(Refused) as refused:
        facts()
    assert refused.value.reason == "missing_tables"


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (production.ACK_TOTAL, "acknowledgements_created_at"),
        (production.LATENCY_P95, "inbox_items_received_at"),
        (production.DAY_COUNTS, "daily_ack_aggregates_pkey"),
    ],
)
def test_a_window_is_found_by_index_however_long_the_history(service_database, query, index):
    with psycopg.connect(service_database) as conn:
        conn.execute(
            "INSERT INTO daily_ack_aggregates (utc_day, delivered_count)"
            " SELECT day, 1 FROM generate_series(date '2000-01-01', '2026-11-21', '1 day') day"
        )
        conn.execute(
            "INSERT INTO messages (valence, intensity, created_at) SELECT 'neutral', 'low', moment"
            " FROM generate_series(timestamptz '2020-01-01', '2026-11-21', '6 hours') moment"
        )
        for table, moment, column in (
            ("inbox_items", "received_at", "state"),
            ("acknowledgements", "created_at", "reaction"),
        ):
            conn.execute(
                f"INSERT INTO {table} (message_id, recipient_device_id, {column}, {moment})"
                " SELECT id, 'r', 'seen', created_at FROM messages"
            )
        conn.execute("ANALYZE")
        values = {
            "first": days_ago(6),
            "today": TODAY,
            "since": days_ago(6),
            "until": days_ago(-1),
            "theme": None,
        }
        plan = "\n".join(row[0] for row in conn.execute(f"EXPLAIN {query}", values))
    assert index in plan
