"""Runbook 001, Routine operations, Daily: by hand."""

import psycopg
import pytest

from flows.production.ops_daily import ops_daily
from tasks import locks
from tests.production_database import TODAY, add_counters, add_day, days_ago

pytestmark = pytest.mark.usefixtures("prefect_server")


def lines_of(capsys, **parameters) -> list[str]:
    ops_daily(return_state=True, **parameters)
    lines = capsys.readouterr().out.splitlines()
    return [line.removesuffix(" frozen_now=2026-11-21T03:00:00Z") for line in lines]


def line_with(lines: list[str], token: str) -> str:
    return next(line for line in lines if line.startswith(f"{token} "))


@pytest.mark.row("P001-1")
def test_ci_mode_touches_no_database(capsys):
    assert lines_of(capsys) == ["ops_daily status=ok mode=ci"]


@pytest.mark.row("P001-1", "W001-1", "D001-1")
def test_prod_mode_without_a_dsn_fails_and_is_never_a_smoke_run(capsys):
    assert lines_of(capsys, mode="prod") == [
        "prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD",
        "ops_daily status=fail reason=missing_env mode=prod parts=prod_config:fail",
    ]


@pytest.mark.row("P001-8")
def test_a_good_week_is_told_in_the_runbook_s_order(capsys, service_database):
    add_day(service_database, TODAY, 30, 10)
    add_day(service_database, days_ago(6), 20, 0)
    add_counters(service_database, TODAY, offers_generated=40, sends_attempted=30, sends_queued=30)
    lines = lines_of(capsys, mode="prod")
    assert [line.split()[0] for line in lines] == [
        "prod_config",
        "ops_daily_metrics",
        "ops_daily_metrics",
        "second_touch_summary",
        "second_touch_summary",
        "ops_metrics_snapshot",
        "ops_daily_watchdog",
        "second_touch_health",
        "ops_ci_normalize",
        "ops_daily",
    ]
    assert lines[1] == "ops_daily_metrics day=2026-11-21 delivered=30 positive=10 h=0.33 status=ok"
    assert line_with(lines, "ops_daily_watchdog") == (
        "ops_daily_watchdog status=healthy window_days=7 delivered_total=50 positive_total=10 h=0.20"
    )
    assert line_with(lines, "ops_ci_normalize") == "ops_ci_normalize status=skip reason=not_schedule"
    assert lines[-1] == "ops_daily status=healthy mode=prod day=2026-11-21"


@pytest.mark.row("P001-9", "P001-15")
def test_by_hand_no_traffic_is_exit_2(capsys, service_database):
    state = ops_daily(mode="prod", return_state=True)
    outcome = state.result()
    assert outcome.exit_code == 2
    assert (outcome.status, outcome.reason) == ("insufficient_data", "delivered_total_0")
    assert state.name == "InsufficientData"


@pytest.mark.row("P001-1", "P001-15")
def test_a_low_week_is_unhealthy_and_says_which_part(capsys, service_database):
    add_day(service_database, TODAY, 1000, 199)
    lines = lines_of(capsys, mode="prod")
    assert "status=unhealthy" in line_with(lines, "ops_daily_watchdog")
    assert "h=0.20" in line_with(lines, "ops_daily_watchdog")
    assert lines[-1] == (
        "ops_daily status=unhealthy reason=matching_health_low mode=prod"
        " parts=ops_daily_watchdog:unhealthy,second_touch_health:insufficient_data day=2026-11-21"
    )


@pytest.mark.row("W001-5")
def test_a_leak_is_not_hidden_by_a_quiet_service(capsys, service_database):
    add_counters(service_database, TODAY, disables_identity_leak=1)
    lines = lines_of(capsys, mode="prod")
    assert lines[-1].startswith("ops_daily status=unhealthy reason=identity_leak_disable")


def test_a_theme_narrows_the_metrics_and_not_the_verdict(capsys, service_database):
    add_day(service_database, TODAY, 10, 9, theme="hope")
    add_day(service_database, TODAY, 90, 0, theme="loss")
    lines = lines_of(capsys, mode="prod", theme="hope")
    assert lines[1] == "ops_daily_metrics day=2026-11-21 delivered=10 positive=9 h=0.90 status=ok"
    assert '"delivered_total":10,' in line_with(lines, "ops_metrics_snapshot")
    assert '"crisis_routed_total":null' in line_with(lines, "ops_metrics_snapshot")
    assert "delivered_total=100" in line_with(lines, "ops_daily_watchdog")
    assert "hope" not in "".join(lines)


@pytest.mark.row("D001-14")
def test_rows_in_the_future_are_said_and_not_counted(capsys, service_database):
    add_day(service_database, days_ago(-1), 100, 100)
    lines = lines_of(capsys, mode="prod")
    assert line_with(lines, "ops_daily_watchdog").endswith("delivered_total=0 positive_total=0 h=0.00 future_rows=1")


@pytest.mark.row("W001-18", "D001-15")
def test_an_unknown_counter_is_said(capsys, service_database):
    add_counters(service_database, TODAY, offers_generated=1, sends_teleported=5)
    lines = lines_of(capsys, mode="prod")
    summary = line_with(lines, "second_touch_summary")
    assert summary.startswith("second_touch_summary status=ok reason=unknown_counters second_touch_window_days=7 ")
    assert summary.endswith("unknown_counters=1")


@pytest.mark.row("W001-35")
def test_the_second_run_is_refused_with_the_first_one_s_name_and_age(capsys, service_database):
    with psycopg.connect(service_database, autocommit=True) as conn, locks.held(conn, "ops_daily"):
        lines = lines_of(capsys, mode="prod")
    assert lines[-1].startswith("ops_daily status=fail reason=lock_held held_by=ops_daily held_for_s=")
    assert lines_of(capsys, mode="prod")[-1].startswith("ops_daily status=insufficient_data")


@pytest.mark.row("P001-24")
def test_missing_tables_are_named_as_such(capsys, database, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", database)
    assert lines_of(capsys, mode="prod")[-1] == "ops_daily status=fail reason=missing_tables env=POSTGRES_DSN_PROD"


@pytest.mark.row("W001-6", "D001-3")
def test_a_database_that_is_down_ends_in_a_line_without_its_address(capsys, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "postgresql://ops:hunter2@127.0.0.1:9/app")
    ops_daily(mode="prod", return_state=True)
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "ops_daily status=fail reason=db_connect_failed env=POSTGRES_DSN_PROD"
    assert "hunter2" not in said.out + said.err


@pytest.mark.row("D001-12", "D001-13")
def test_parameters_outside_the_bounds_are_refused_before_anything_runs():
    for parameters in ({"days": 0}, {"days": 366}, {"min_ratio": 1.1}, {"min_ratio": -0.1}, {"theme": "a;b"}):
        with pytest.raises(Exception, match="invalid parameters"):
            ops_daily(**parameters)
