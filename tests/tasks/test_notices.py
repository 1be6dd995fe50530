"""Incidents on a real PostgreSQL, messages to a real HTTP server that misbehaves."""

import socket
import threading
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from tasks import notices
from tasks.notices import notify
from tasks.rules.contracts.production import OPS_DAILY, RETENTION
from tasks.rules.outcome import Status
from tests.webhook_server import webhook_server

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
BAD = OPS_DAILY.says(Status.UNHEALTHY, "held_rate_high", mode="prod")
WORSE = OPS_DAILY.says(Status.FAIL, "missing_env", mode="prod")
GOOD = OPS_DAILY.says(Status.HEALTHY, mode="prod")
SKIPPED = OPS_DAILY.says(Status.SKIPPED, "already_covered", mode="prod")


@pytest.fixture
def webhook(operations_database, monkeypatch):
    monkeypatch.setattr(notices, "PAUSE_S", 0.01)
    with webhook_server() as server:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", server.url)
        yield server


def incidents(dsn):
    with psycopg.connect(dsn) as conn:
        return conn.execute(
            "SELECT procedure, failures, closed_at IS NULL FROM incidents ORDER BY procedure, id"
        ).fetchall()


@pytest.mark.row("W001-34", "D001-26")
def test_one_message_when_it_opens_and_one_when_it_is_over(webhook, operations_database):
    for outcome in (BAD, WORSE, SKIPPED, BAD, GOOD, GOOD):
        notify("ops-daily", outcome, at=NOW)
    assert webhook.texts == [BAD.line, GOOD.line]
    assert incidents(operations_database) == [("ops-daily", 3, False)]


def test_good_news_without_an_incident_is_no_news(webhook, operations_database):
    notify("ops-daily", GOOD, at=NOW)
    notify("ops-daily", SKIPPED, at=NOW)
    assert (webhook.requests, incidents(operations_database)) == (0, [])


def test_each_procedure_has_an_incident_of_its_own(webhook, operations_database):
    drift = RETENTION.says(Status.FAIL, "ttl_drift")
    notify("ops-daily", BAD, at=NOW)
    notify("retention", drift, at=NOW)
    notify("retention", RETENTION.says(Status.OK, mode="report"), at=NOW)
    assert webhook.texts[:2] == [BAD.line, drift.line]
    assert incidents(operations_database) == [("ops-daily", 1, True), ("retention", 1, False)]


def test_a_second_incident_gets_its_own_messages(webhook, operations_database):
    for outcome in (BAD, GOOD, WORSE, GOOD):
        notify("ops-daily", outcome, at=NOW)
    assert webhook.texts == [BAD.line, GOOD.line, WORSE.line, GOOD.line]


def test_a_server_that_is_unwell_is_asked_again(webhook):
    webhook.answers = [500, 503]
    notify("ops-daily", BAD, at=NOW)
    assert (webhook.texts, webhook.requests) == ([BAD.line], 3)


@pytest.mark.parametrize("status", [302, 400, 404, 429])
def test_a_refusal_is_not_repeated_at_once_but_by_the_next_run(webhook, status):
    webhook.answers = [status]
    notify("ops-daily", BAD, at=NOW)
    assert (webhook.texts, webhook.requests) == ([], 1)
    notify("prod-verify", SKIPPED, at=NOW)
    assert webhook.texts == [BAD.line]


def test_a_server_that_stays_unwell_is_left_alone_after_three_tries(webhook):
    webhook.answers = [500] * 3
    notify("ops-daily", BAD, at=NOW)
    assert webhook.requests == 3
    notify("ops-daily", GOOD, at=NOW)
    assert webhook.texts == [BAD.line, GOOD.line]


def test_what_was_over_more_than_a_day_ago_is_no_news_any_more(webhook):
    webhook.answers = [400, 400]
    notify("ops-daily", BAD, at=NOW)
    notify("ops-daily", GOOD, at=NOW)
    notify("ops-daily", GOOD, at=NOW + timedelta(days=1, seconds=1))
    assert webhook.texts == []


def test_a_slow_server_ends_the_wait_and_the_message_stays_due(webhook, monkeypatch):
    monkeypatch.setattr(notices, "TIMEOUT", httpx.Timeout(0.1))
    webhook.delay_s = 0.3
    notify("ops-daily", BAD, at=NOW)
    assert webhook.requests == 1
    webhook.delay_s = 0
    notify("ops-daily", SKIPPED, at=NOW)
    assert BAD.line in webhook.texts


def test_nobody_listening_is_no_failure_of_the_run(operations_database, monkeypatch, caplog):
    monkeypatch.setattr(notices, "PAUSE_S", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"http://127.0.0.1:{free.getsockname()[1]}/s3cretpath")
        notify("ops-daily", BAD, at=NOW)
    assert incidents(operations_database) == [("ops-daily", 1, True)]
    assert "s3cretpath" not in caplog.text


def test_a_url_that_is_none_is_no_failure_of_the_run(operations_database, monkeypatch, caplog):
    monkeypatch.setenv("WATCHKEEPER_ALERT_WEBHOOK_URL", "s3cret nonsense")
    notify("ops-daily", BAD, at=NOW)
    assert "s3cret" not in caplog.text


def test_our_own_variable_goes_before_slacks(webhook, monkeypatch):
    with webhook_server() as other:
        monkeypatch.setenv("WATCHKEEPER_ALERT_WEBHOOK_URL", other.url)
        notify("ops-daily", BAD, at=NOW)
        assert (other.texts, webhook.texts) == ([BAD.line], [])


def test_without_a_memory_a_bad_outcome_still_reaches_somebody(webhook, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_DSN")
    notify("ops-daily", BAD, at=NOW)
    notify("ops-daily", GOOD, at=NOW)
    assert webhook.texts == [BAD.line]


@pytest.mark.row("W001-34", "D001-26")
def test_many_runs_that_fail_at_once_open_one_incident_and_send_one_message(webhook, operations_database):
    webhook.delay_s = 0.1
    runs = [threading.Thread(target=notify, args=("ops-daily", BAD), kwargs={"at": NOW}) for _ in range(8)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert incidents(operations_database) == [("ops-daily", 8, True)]
    assert webhook.texts == [BAD.line]
