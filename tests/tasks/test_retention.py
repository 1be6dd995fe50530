"""Deleting by age on a real PostgreSQL: completely, in short stretches, beside writers (runbook 001)."""

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tasks.retention import count_rows, delete_expired, read_clocks, remember_cleanup
from tasks.rules.faults import Refused
from tasks.rules.retention import Deleted, cutoffs
from tasks.settings import retention_days

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
DSN_ENV = "POSTGRES_DSN_PROD"
PLENTY = 10**9


@pytest.fixture
def policies(service_database):
    return {cutoff.table: cutoff for cutoff in cutoffs(retention_days(), NOW)}


def add_events(dsn, table, ages, copies=1):
    columns = {"security_events": "(actor_hash, event_type, created_at)", "second_touch_events": None}[table]
    values = "'h', 'e'," if columns else "(%(now)s - age)::date, 'send_queued', NULL,"
    with psycopg.connect(dsn) as conn:
        conn.execute(
            f"INSERT INTO {table} {columns or ''} SELECT {values} %(now)s - age"
            " FROM unnest(%(ages)s::interval[]) AS age, generate_series(1, %(copies)s)",
            {"now": NOW, "ages": ages, "copies": copies},
        )


def count(dsn, table):
    with psycopg.connect(dsn) as conn:
        ((rows,),) = conn.execute(f"SELECT count(*) FROM {table}").fetchall()
        return rows


@pytest.mark.parametrize("table", ["security_events", "second_touch_events"])
def test_a_row_of_exactly_the_ttl_stays_and_an_older_one_goes(service_database, policies, table):
    ttl = timedelta(days=policies[table].days)
    add_events(service_database, table, [ttl - timedelta(days=1), ttl, ttl + timedelta(microseconds=1)])
    assert delete_expired.fn(DSN_ENV, policies[table], PLENTY) == Deleted(policies[table], 1)
    assert count(service_database, table) == 2


@pytest.mark.parametrize("table", ["second_touch_daily_aggregates", "daily_ack_aggregates"])
def test_a_day_of_exactly_the_ttl_stays_and_an_older_one_goes(service_database, policies, table):
    with psycopg.connect(service_database) as conn:
        conn.execute(
            f"INSERT INTO {table} SELECT day, key, 1 FROM"
            " generate_series(%s::date - 1, %s::date + 1, '1 day') day, unnest(ARRAY['a', 'b']) key",
            (policies[table].before, policies[table].before),
        )
    assert delete_expired.fn(DSN_ENV, policies[table], PLENTY).rows == 2
    assert count(service_database, table) == 4


def test_scattered_rows_go_in_many_stretches_and_a_second_run_finds_none(service_database, policies):
    cutoff = policies["security_events"]
    add_events(service_database, cutoff.table, [timedelta(days=day) for day in (1, 31, 2, 400)], copies=15_000)
    (before,) = count_rows.fn(DSN_ENV, (cutoff,))
    assert (before.total, before.expired) == (60_000, 30_000)
    assert delete_expired.fn(DSN_ENV, cutoff, PLENTY) == Deleted(cutoff, 30_000)
    assert delete_expired.fn(DSN_ENV, cutoff, PLENTY) == Deleted(cutoff, 0)
    (after,) = count_rows.fn(DSN_ENV, (cutoff,))
    assert (after.total, after.expired) == (30_000, 0)


@pytest.mark.row("W001-4")
def test_the_ceiling_stops_the_work_and_a_second_start_goes_on(service_database, policies):
    cutoff = policies["security_events"]
    add_events(service_database, cutoff.table, [timedelta(days=31)], copies=30_000)
    first = delete_expired.fn(DSN_ENV, cutoff, 100)
    assert first.stopped == "ceiling_reached"
    assert 100 <= first.rows < 30_000
    assert count(service_database, cutoff.table) == 30_000 - first.rows
    assert delete_expired.fn(DSN_ENV, cutoff, 30_000 - first.rows) == Deleted(cutoff, 30_000 - first.rows)


def test_a_row_that_somebody_holds_is_left_and_the_rest_of_its_page_goes(service_database, policies):
    cutoff = policies["security_events"]
    add_events(service_database, cutoff.table, [timedelta(days=31)], copies=200)
    with psycopg.connect(service_database) as holder:
        holder.execute("SELECT 1 FROM security_events ORDER BY id LIMIT 1 FOR UPDATE")
        assert delete_expired.fn(DSN_ENV, cutoff, PLENTY) == Deleted(cutoff, 199)
    assert delete_expired.fn(DSN_ENV, cutoff, PLENTY) == Deleted(cutoff, 1)


def test_rows_that_move_while_they_are_deleted_are_found_again(service_database, policies):
    cutoff = policies["security_events"]
    add_events(service_database, cutoff.table, [timedelta(days=31)], copies=60_000)
    stop = threading.Event()

    def move():
        with psycopg.connect(service_database, autocommit=True) as conn:
            while not stop.is_set():
                conn.execute(
                    "UPDATE security_events SET meta = '{}' WHERE id = (SELECT max(id) FROM security_events)"
                )

    writer = threading.Thread(target=move)
    writer.start()
    delete_expired.fn(DSN_ENV, cutoff, PLENTY)
    stop.set()
    writer.join()
    assert count(service_database, cutoff.table) <= 1


def test_a_partitioned_table_is_cleaned_leaf_by_leaf(service_database, policies):
    cutoff = policies["second_touch_events"]
    with psycopg.connect(service_database) as conn:
        conn.execute("DROP TABLE second_touch_events")
        conn.execute(
            "CREATE TABLE second_touch_events (event_day_utc date, event_type text, reason text,"
            " created_at timestamptz) PARTITION BY RANGE (created_at)"
        )
        for start, end in ((2020, 2025), (2025, 2030)):
            conn.execute(
                f"CREATE TABLE touches_{start} PARTITION OF second_touch_events"
                f" FOR VALUES FROM ('{start}-01-01') TO ('{end}-01-01')"
            )
    add_events(service_database, cutoff.table, [timedelta(days=day) for day in (1, 91, 800)])
    assert delete_expired.fn(DSN_ENV, cutoff, PLENTY) == Deleted(cutoff, 2)


def test_a_table_that_is_not_there_is_a_reason_and_no_success(service_database, policies):
    with psycopg.connect(service_database) as conn:
        conn.execute("DROP TABLE security_events")
    cutoff = policies["security_events"]
    assert delete_expired.fn(DSN_ENV, cutoff, PLENTY).stopped == "missing_tables"
    with pytest.raises(Refused) as refused:
        count_rows.fn(DSN_ENV, (cutoff,))
    assert refused.value.reason == "missing_tables"


@pytest.mark.row("W001-4", "D001-7")
def test_the_connection_dying_half_way_keeps_the_count_of_what_was_committed(service_database, policies):
    cutoff = policies["security_events"]
    add_events(service_database, cutoff.table, [timedelta(days=31)], copies=100_000)
    done = []

    def work():
        done.append(delete_expired.fn(DSN_ENV, cutoff, PLENTY))

    worker = threading.Thread(target=work)
    worker.start()
    with psycopg.connect(service_database, autocommit=True) as admin:
        while count(service_database, cutoff.table) == 100_000 and worker.is_alive():
            pass
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'watchkeeper%%' AND datname = current_database()"
        )
    worker.join()
    (deleted,) = done
    assert deleted.stopped == "db_connection_lost"
    assert 0 < deleted.rows <= 100_000 - count(service_database, cutoff.table)


def test_the_last_cleanup_is_remembered(service_database, operations_database):
    assert read_clocks.fn(DSN_ENV, NOW).last_cleanup is None
    remember_cleanup.fn(NOW)
    remember_cleanup.fn(NOW - timedelta(days=1))
    assert read_clocks.fn(DSN_ENV, NOW).last_cleanup == NOW


@pytest.mark.parametrize("memory", [None, "postgresql://nobody@127.0.0.1:1/none"])
def test_without_memory_the_servers_clock_still_stands_guard(service_database, monkeypatch, memory):
    if memory:
        monkeypatch.setenv("WATCHKEEPER_DSN", memory)
    remember_cleanup.fn(NOW)
    clocks = read_clocks.fn(DSN_ENV, NOW)
    assert (clocks.ours, clocks.last_cleanup) == (NOW, None)
    assert abs(clocks.server - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.row("W001-7", "D001-19")
@pytest.mark.parametrize("value", ["0", "366", "-5", "ten", "7.5"])
def test_a_ttl_out_of_bounds_is_refused_by_name_and_not_put_right(monkeypatch, value):
    from tasks.rules.faults import Misconfigured

    monkeypatch.setenv("SECURITY_EVENTS_RETENTION_DAYS", value)
    with pytest.raises(Misconfigured) as refused:
        retention_days()
    assert refused.value.fields["env"] == ("SECURITY_EVENTS_RETENTION_DAYS",)
    assert value not in refused.value.next_step.replace("SECURITY_EVENTS_RETENTION_DAYS", "")
