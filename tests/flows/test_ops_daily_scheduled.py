"""Runbook 001, Routine operations, Daily: as the schedule runs it."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.flow_engine import run_flow
from prefect.states import Scheduled
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine

from flows.production.ops_daily import ops_daily
from tasks import operations
from tasks.databases import plain_dsn
from tests.production_database import TODAY, add_counters, add_day, days_ago

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def memory(service_database: str, monkeypatch, tmp_path) -> str:
    """The operations database, beside the service's tables."""
    engine = create_engine(plain_dsn(service_database).replace("postgresql://", "postgresql+psycopg://", 1))
    operations.Base.metadata.create_all(engine)
    engine.dispose()
    monkeypatch.setenv("WATCHKEEPER_DSN", service_database)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    return service_database


@pytest.fixture
def real_clock(memory: str, monkeypatch) -> str:
    monkeypatch.delenv("WATCHKEEPER_NOW")
    return memory


def lines_of(capsys, **parameters) -> list[str]:
    ops_daily(mode="prod", scheduled=True, return_state=True, **parameters)
    lines = capsys.readouterr().out.splitlines()
    return [line.removesuffix(" frozen_now=2026-11-21T03:00:00Z") for line in lines]


def line_with(lines: list[str], token: str) -> str:
    return next(line for line in lines if line.startswith(f"{token} "))


@pytest.mark.row("P001-16", "P001-31")
def test_a_quiet_day_is_normalised_and_ends_well(capsys, memory):
    lines = lines_of(capsys)
    assert line_with(lines, "ops_daily_watchdog").startswith(
        "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"
    )
    assert line_with(lines, "ops_ci_normalize") == (
        "ops_ci_normalize status=normalized reason=insufficient_data parts=ops_daily_watchdog:insufficient_data"
    )
    assert line_with(lines, "metrics_regression").startswith(
        "metrics_regression status=insufficient_data reason=delivered_total_lt_min_n"
    )
    assert lines[-1].startswith("ops_daily status=normalized reason=insufficient_data mode=prod")


@pytest.mark.row("P001-18", "W001-2")
def test_no_traffic_does_not_hide_a_leak(capsys, memory):
    add_counters(memory, TODAY, disables_identity_leak=1)
    lines = lines_of(capsys)
    assert line_with(lines, "ops_ci_normalize").startswith("ops_ci_normalize status=fail reason=unexpected_exit_2")
    assert lines[-1].startswith("ops_daily status=unhealthy reason=identity_leak_disable")


@pytest.mark.row("W001-3")
def test_old_data_goes_on_an_unhealthy_day_too(capsys, memory):
    add_day(memory, TODAY, 1000, 1)
    add_day(memory, days_ago(181), 10, 1)
    lines = lines_of(capsys)
    assert lines[-1].startswith("ops_daily status=unhealthy reason=matching_health_low")
    assert "retention_cleanup status=ok groups=4 deleted_total=1" in lines
    assert '"status":"ok"' in line_with(lines, "retention_report")


@pytest.mark.row("W001-35", "D001-23")
def test_a_day_is_covered_once(capsys, memory):
    add_day(memory, TODAY, 100, 50)
    assert lines_of(capsys)[-1].startswith("ops_daily status=healthy")
    assert lines_of(capsys)[1:] == ["ops_daily status=skipped reason=already_covered mode=prod day=2026-11-21"]


def test_a_run_by_hand_never_covers_a_day(capsys, memory):
    add_day(memory, TODAY, 100, 50)
    ops_daily(mode="prod", return_state=True)
    capsys.readouterr()
    assert lines_of(capsys)[-1].startswith("ops_daily status=healthy")


def test_a_rehearsal_under_a_frozen_clock_does_not_cover_the_real_day(capsys, memory, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    lines_of(capsys)
    monkeypatch.delenv("WATCHKEEPER_NOW")
    assert "status=skipped" not in lines_of(capsys)[-1]


def late_run(due: datetime):
    parameters = {"mode": "prod", "scheduled": True}
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(ops_daily, parameters=parameters, state=Scheduled(scheduled_time=due))
    return run, parameters


@pytest.mark.row("D001-23")
def test_five_late_runs_after_an_outage_make_one_real_run(capsys, real_clock):
    now = datetime.now(UTC)
    for ago in (5, 4, 3, 2, 1):
        run, parameters = late_run(now - timedelta(days=ago))
        run_flow(ops_daily, flow_run=run, parameters=parameters, return_type="state")
    last_lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ops_daily status")]
    assert last_lines[0].startswith("ops_daily status=normalized")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert last_lines[1:] == [f"ops_daily status=skipped reason=late mode=prod day={today}"] * 4


def test_the_retry_of_a_bad_run_judges_again_instead_of_ending_as_skipped(capsys, real_clock):
    add_counters(real_clock, datetime.now(UTC).date(), disables_identity_leak=1)
    run, parameters = late_run(datetime.now(UTC))
    run_flow(ops_daily, flow_run=run, parameters=parameters, return_type="state")
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, Scheduled(name="AwaitingRetry"), force=True)
        run = client.read_flow_run(run.id)
    run_flow(ops_daily, flow_run=run, parameters=parameters, return_type="state")
    last_lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ops_daily status")]
    assert [line.split()[1] for line in last_lines] == ["status=unhealthy", "status=unhealthy"]


@pytest.mark.row("D001-17")
def test_a_killed_run_has_covered_nothing_and_frees_the_lock(capsys, memory):
    program = (
        "from tasks.step import without_server\n"
        "from flows.production.ops_daily import ops_daily\n"
        "with without_server(): ops_daily.fn(mode='prod', scheduled=True)\n"
    )
    with psycopg.connect(memory) as blocker:
        blocker.execute("LOCK TABLE daily_ack_aggregates")
        child = subprocess.Popen([sys.executable, "-c", program], env=dict(os.environ), stdout=subprocess.DEVNULL)
        _await_waiting_child(memory, child)
        child.kill()
        child.wait(timeout=10)
    _await_free_lock(memory)
    assert lines_of(capsys)[-1].startswith("ops_daily status=normalized")


def _await_waiting_child(dsn: str, child: subprocess.Popen[bytes]) -> None:
    _await(dsn, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
    assert child.poll() is None


def _await_free_lock(dsn: str) -> None:
    _await(dsn, "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")


def _await(dsn: str, question: str) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(dsn, autocommit=True) as conn:
        while conn.execute(question).fetchone() != (True,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.row("D001-18")
def test_the_watch_goes_on_without_its_memory(capsys, service_database, monkeypatch, tmp_path):
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    monkeypatch.setenv("WATCHKEEPER_DSN", "postgresql://nobody@127.0.0.1:9/none")
    add_day(service_database, TODAY, 100, 50)
    assert line_with(lines_of(capsys), "ops_daily_watchdog").startswith("ops_daily_watchdog status=healthy")


def test_the_run_leaves_its_snapshot_and_its_picture(capsys, memory, tmp_path):
    add_day(memory, TODAY, 100, 50)
    lines_of(capsys)
    with psycopg.connect(memory) as conn:
        row = conn.execute("SELECT procedure, window_days, metrics FROM metric_snapshots").fetchone()
    assert row is not None
    assert row[:2] == ("ops-daily (frozen)", 7)
    assert (row[2]["delivered_total"], row[2]["matching_health_h"]) == (100, 0.5)
    assert (tmp_path / "health_trend.png").read_bytes().startswith(b"\x89PNG")


def store_baseline(dsn: str, name: str, created: str, h: object) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "INSERT INTO baselines (baseline_id, created_at, source_commit, schema_version, metrics)"
            " VALUES (%s, %s, 'unknown', 1, %s)",
            (name, created, Jsonb({"matching_health_h": h})),
        )


@pytest.mark.row("W001-16", "W001-20")
def test_the_newest_baseline_is_really_compared_with(capsys, memory):
    add_day(memory, TODAY, 100, 50)
    store_baseline(memory, "older", "2026-11-01", 0.5)
    store_baseline(memory, "newer", "2026-11-10", 0.9)
    lines = lines_of(capsys)
    assert line_with(lines, "metrics_regression") == (
        "metrics_regression status=fail reason=matching_health_regressed baseline_id=newer h=0.50 baseline_h=0.90"
    )
    assert lines[-1].startswith("ops_daily status=fail reason=metrics_regression")


def test_a_day_level_with_its_baseline_is_healthy_in_every_part(capsys, memory):
    add_day(memory, TODAY, 100, 50)
    add_counters(memory, TODAY, offers_generated=30)
    store_baseline(memory, "good", "2026-11-10", 0.5)
    lines = lines_of(capsys)
    assert line_with(lines, "metrics_regression").startswith("metrics_regression status=ok baseline_id=good")
    assert lines[-1] == "ops_daily status=healthy mode=prod day=2026-11-21"


@pytest.mark.row("P001-28", "W001-17")
def test_the_table_in_the_ui_has_a_small_day_without_its_numbers(capsys, memory):
    add_day(memory, TODAY, 777, 333)
    add_day(memory, days_ago(1), 4, 3)
    state = ops_daily(mode="prod", return_state=True)
    with get_client(sync_client=True) as client:
        run_id = state.state_details.flow_run_id
        shown = client.read_artifacts(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
    found = {artifact.key: str(artifact.data) for artifact in shown}
    assert {"ops-daily-metrics", "ops-daily-health-trend", "ops-daily-lines"} <= found.keys()
    rows = json.loads(found["ops-daily-metrics"])
    assert [(row["delivered"], row["h"]) for row in rows] == [(777, "0.43"), ("", "")]
    assert rows[1]["reason"] == "small_count"
    assert "data:image/png;base64," in found["ops-daily-health-trend"]
