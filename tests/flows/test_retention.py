"""Runbook 001, Routine operations: what is past its TTL."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flows.production.retention import retention

pytestmark = pytest.mark.usefixtures("prefect_server")

FROZEN = " frozen_now=2026-11-21T03:00:00Z"


@pytest.fixture
def expired(service_database):
    """Two expired security events beside a fresh one, and an expired day."""
    with psycopg.connect(service_database) as conn:
        conn.execute(
            "INSERT INTO security_events (actor_hash, event_type, created_at)"
            " SELECT 'h', 'e', '2026-11-21'::timestamptz - make_interval(days => age)"
            " FROM unnest(ARRAY[1, 31, 32]) AS age"
        )
        conn.execute("INSERT INTO daily_ack_aggregates (utc_day) VALUES ('2026-01-01'), ('2026-11-20')")
    return service_database


def lines_of(capsys, **parameters):
    state = retention(return_state=True, **parameters)
    lines = [line.removesuffix(FROZEN) for line in capsys.readouterr().out.splitlines()]
    assert str(state.message).removesuffix(FROZEN) == lines[-1]
    return state, lines


def report_in(lines):
    (line,) = (line for line in lines if line.startswith("retention_report "))
    return json.loads(line.removeprefix("retention_report "))


@pytest.mark.row("P001-29")
def test_a_report_deletes_nothing_and_a_drift_is_red(capsys, expired):
    state, lines = lines_of(capsys)
    assert state.is_failed()
    assert lines[1:] == ["retention status=fail reason=ttl_drift mode=report expired_total=3"]
    assert report_in(lines)["groups"]["security_events"] == {"cutoff_days": 30, "expired_rows": 2, "total_rows": 3}


@pytest.mark.row("W001-31")
def test_a_cleanup_says_each_table_then_all_then_reports_by_the_same_moment(capsys, expired):
    state, lines = lines_of(capsys, mode="cleanup")
    assert state.is_completed()
    assert lines[:5] == [
        "retention_cleanup table=security_events status=ok deleted=2 cutoff_days=30",
        "retention_cleanup table=second_touch_events status=ok deleted=0 cutoff_days=90",
        "retention_cleanup table=second_touch_daily_aggregates status=ok deleted=0 cutoff_days=180",
        "retention_cleanup table=daily_ack_aggregates status=ok deleted=1 cutoff_days=180",
        "retention_cleanup status=ok groups=4 deleted_total=3",
    ]
    assert lines[6] == "retention status=ok mode=cleanup deleted_total=3 expired_total=0"
    report = report_in(lines)
    assert (report["status"], report["ts_utc"]) == ("ok", "2026-11-21T03:00:00Z")


def test_a_second_cleanup_finds_nothing_and_is_good(capsys, expired):
    retention(mode="cleanup", return_state=True)
    capsys.readouterr()
    assert lines_of(capsys, mode="cleanup")[1][-1] == (
        "retention status=ok mode=cleanup deleted_total=0 expired_total=0"
    )


@pytest.mark.row("W001-4")
def test_one_table_that_fails_leaves_the_others_their_turn_and_the_truth(capsys, expired):
    with psycopg.connect(expired) as conn:
        conn.execute("ALTER TABLE second_touch_events RENAME TO elsewhere")
    state, lines = lines_of(capsys, mode="cleanup")
    assert state.is_failed()
    assert lines[1] == (
        "retention_cleanup table=second_touch_events status=fail reason=missing_tables deleted=0 cutoff_days=90"
    )
    assert lines[4] == "retention_cleanup status=fail reason=cleanup_failed groups=3 deleted_total=3"
    assert lines[5].startswith('retention_report {"reason":"report_failed","status":"fail"')


def test_the_ceiling_is_said_and_the_rest_is_a_drift(capsys, expired):
    _, lines = lines_of(capsys, mode="cleanup", ceiling=1)
    assert "retention_cleanup table=security_events status=ok deleted=2 cutoff_days=30" in lines
    assert lines[4] == "retention_cleanup status=fail reason=ceiling_reached groups=3 deleted_total=2"
    assert lines[6] == "retention status=fail reason=ceiling_reached mode=cleanup deleted_total=2 expired_total=1"


@pytest.mark.row("D001-1")
def test_without_a_dsn_it_is_not_configured_and_green(capsys):
    state, lines = lines_of(capsys)
    assert state.name == "NotConfigured"
    assert lines == [
        'retention_report {"reason":"missing_dsn","status":"not_configured"}',
        "retention status=not_configured reason=missing_dsn env=POSTGRES_DSN_PROD",
    ]


@pytest.mark.row("W001-7", "D001-19")
def test_a_ttl_that_is_no_number_of_days_is_refused_by_name(capsys, expired, monkeypatch):
    monkeypatch.setenv("DAILY_ACK_RETENTION_DAYS", "-1")
    _, lines = lines_of(capsys, mode="cleanup")
    assert lines == [
        "retention_cleanup status=fail reason=invalid_setting",
        "retention status=fail reason=invalid_setting env=DAILY_ACK_RETENTION_DAYS",
    ]


def test_a_clock_behind_the_last_cleanup_deletes_nothing(capsys, expired, operations_database, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_NOW")
    later = datetime.now(UTC) + timedelta(days=2)
    with psycopg.connect(operations_database) as conn:
        conn.execute("INSERT INTO covered_periods VALUES ('retention-cleanup', 'p', %s)", (later,))
    _, lines = lines_of(capsys, mode="cleanup")
    assert lines[0] == "retention_cleanup status=fail reason=clock_went_back deleted_total=0"
    assert lines[-1].startswith("retention status=fail reason=clock_went_back mode=cleanup deleted_total=0")
    assert report_in(lines)["groups"]["security_events"]["total_rows"] == 3
