"""Matching follows health, a step a day, each one written down (runbook 001)."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest

from flows.production.matching_tuning import matching_tuning
from tasks.rules.faults import Misconfigured, Refused
from tasks.rules.tuning import Change, judge
from tasks.tuning import apply_tuning, bounds_from_settings, read_tuning
from tests.production_database import TODAY, add_day, days_ago

FROZEN = " frozen_now=2026-11-21T03:00:00Z"
DSN_ENV = "POSTGRES_DSN_PROD"
NARROWER = (
    "day=2026-11-21 ratio=0.10 delivered=100 low_intensity_band=0 high_intensity_band=1"
    " pool_multiplier_low=-0.60 pool_multiplier_high=0.50 allow_theme_relax_high=false"
)


@pytest.fixture
def bad_week(service_database):
    add_day(service_database, TODAY, 60, 6)
    add_day(service_database, days_ago(6), 40, 4)
    add_day(service_database, days_ago(7), 900, 900)
    return service_database


@pytest.fixture
def run(prefect_server, capsys):
    def once(**parameters):
        state = matching_tuning(return_state=True, **parameters)
        (line,) = capsys.readouterr().out.splitlines()
        return state, line.removesuffix(FROZEN)

    return once


def stored(dsn):
    with psycopg.connect(dsn) as conn:
        tuning = conn.execute("SELECT high_intensity_band, pool_multiplier_low FROM matching_tuning").fetchall()
        history = conn.execute("SELECT utc_day, ratio, before, after FROM matching_tuning_history").fetchall()
        return tuning, history


@pytest.mark.row("P001-29", "W001-8")
def test_the_dry_run_is_the_default_and_changes_nothing(bad_week, run):
    assert run()[1] == f"matching_tuning status=planned {NARROWER}"
    assert stored(bad_week) == ([(2, -0.5)], [])


@pytest.mark.row("W001-8")
def test_a_step_is_made_and_written_down_with_before_and_after(bad_week, run):
    assert run(execute=True)[1] == f"matching_tuning status=ok {NARROWER}"
    tuning, history = stored(bad_week)
    assert tuning == [(1, -0.6)]
    ((day, ratio, before, after),) = history
    assert (day, ratio) == (TODAY, 0.1)
    assert (before["pool_multiplier_low"], after["pool_multiplier_low"]) == (-0.5, -0.6)


@pytest.mark.row("W001-8")
def test_a_second_start_on_the_same_day_is_skipped(bad_week, run):
    run(execute=True)
    state, line = run(execute=True)
    assert line == "matching_tuning status=skipped reason=already_tuned_today day=2026-11-21"
    assert state.name == "Skipped"
    assert len(stored(bad_week)[1]) == 1


def test_a_missing_row_starts_from_the_variables(bad_week, run, monkeypatch):
    with psycopg.connect(bad_week) as conn:
        conn.execute("DELETE FROM matching_tuning")
    monkeypatch.setenv("MATCH_TUNING_POOL_MULTIPLIER_LOW", "-0.3")
    run(execute=True)
    assert stored(bad_week)[0] == [(1, -0.4)]


@pytest.mark.row("D001-1")
def test_without_a_dsn_it_is_not_configured(run):
    assert run()[1] == "matching_tuning status=not_configured reason=missing_dsn env=POSTGRES_DSN_PROD"


def test_too_little_traffic_moves_nothing(service_database, run):
    add_day(service_database, TODAY, 49, 0)
    state, line = run(execute=True)
    assert line == "matching_tuning status=insufficient_data reason=insufficient_volume day=2026-11-21"
    assert state.name == "InsufficientData"


def plan_of(days=7):
    bounds = bounds_from_settings()
    plan = judge(read_tuning.fn(DSN_ENV, TODAY, days, bounds.start), TODAY, bounds)
    assert isinstance(plan, Change)
    return plan


@pytest.mark.row("W001-8")
def test_runs_at_the_same_moment_make_one_step_together(bad_week):
    plan, made = plan_of(), []
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    runs = [threading.Thread(target=lambda: made.append(apply_tuning.fn(DSN_ENV, plan, now))) for _ in range(6)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert sorted(made) == [False] * 5 + [True]
    assert stored(bad_week)[0] == [(1, -0.6)]


def test_numbers_that_moved_since_the_plan_are_not_overwritten(bad_week):
    plan = plan_of()
    with psycopg.connect(bad_week) as conn:
        conn.execute("UPDATE matching_tuning SET pool_multiplier_low = 0.2")
    with pytest.raises(Refused) as refused:
        apply_tuning.fn(DSN_ENV, plan, datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert refused.value.reason == "tuning_moved"
    assert stored(bad_week) == ([(2, 0.2)], [])


@pytest.mark.row("D001-19")
@pytest.mark.parametrize(
    ("name", "value"),
    [("MATCH_TUNING_POOL_STEP", "nan"), ("MATCH_TUNING_INTENSITY_MAX", "3"), ("MATCH_TUNING_POOL_MIN", "0.9")],
)
def test_bounds_that_make_no_sense_are_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        bounds_from_settings()
    assert name in str(refused.value.fields["env"])
