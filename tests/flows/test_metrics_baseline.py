"""A good week becomes the measure, and the daily run really compares with it (runbook 001)."""

import json

import pytest

from flows.production.metrics_baseline import metrics_baseline
from flows.production.ops_daily import ops_daily
from tasks.daily_memory import read_baseline
from tasks.files import read_artifact
from tests.production_database import TODAY, add_counters, add_day, days_ago

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")

FROZEN = " frozen_now=2026-11-21T03:00:00Z"
ID = "unknown-20261121T030000Z"


@pytest.fixture
def good_week(service_database, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    add_day(service_database, days_ago(1), 100, 50)
    return service_database


def line_of(capsys, flow, **parameters):
    flow(return_state=True, **parameters)
    return [line.removesuffix(FROZEN) for line in capsys.readouterr().out.splitlines()]


def test_it_is_stored_written_and_pointed_to(capsys, good_week):
    assert line_of(capsys, metrics_baseline) == [
        f"metrics_baseline status=ok baseline_id={ID} file=regression_baseline_{ID}.json delivered_total=100 h=0.50"
    ]
    newest = read_baseline.fn()
    assert newest is not None
    pointer = json.loads(read_artifact("regression_baseline_latest.json") or b"")
    document = json.loads(read_artifact(pointer["baseline_filename"]) or b"")
    assert document["metrics"] == newest.metrics
    assert (newest.baseline_id, newest.metrics["matching_health_h"]) == (ID, 0.5)


def test_a_second_start_in_the_same_second_changes_nothing(capsys, good_week):
    metrics_baseline(return_state=True)
    capsys.readouterr()
    (line,) = line_of(capsys, metrics_baseline)
    assert line.startswith(f"metrics_baseline status=skipped reason=already_taken baseline_id={ID}")


@pytest.mark.row("W001-16")
def test_the_daily_run_compares_with_it(capsys, good_week):
    metrics_baseline(return_state=True)
    add_day(good_week, TODAY, 400, 90)
    lines = line_of(capsys, ops_daily, mode="prod", scheduled=True)
    assert (
        f"metrics_regression status=fail reason=matching_health_regressed baseline_id={ID} h=0.28 baseline_h=0.50"
    ) in lines


def test_a_week_that_leaks_identities_is_refused_and_nothing_is_written(capsys, good_week):
    add_counters(good_week, TODAY, disables_identity_leak=1)
    assert line_of(capsys, metrics_baseline) == ["metrics_baseline status=fail reason=unhealthy"]
    assert read_baseline.fn() is None
    assert read_artifact("regression_baseline_latest.json") is None


def test_a_baseline_from_the_future_is_not_compared_with(good_week, monkeypatch):
    metrics_baseline(return_state=True)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T02:59:59Z")
    assert read_baseline.fn() is None


def test_without_an_operations_database_it_is_not_configured(capsys, good_week, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_DSN")
    assert line_of(capsys, metrics_baseline) == [
        "metrics_baseline status=not_configured reason=missing_dsn env=WATCHKEEPER_DSN"
    ]
