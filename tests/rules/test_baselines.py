"""Which day may become the measure of others, and how it is written (runbook 001)."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.artifacts import canonical_json, is_artifact_name
from tasks.rules.baselines import (
    Baseline,
    are_valid_metrics,
    document_of,
    pointer_to,
    refusal,
    taken,
)
from tasks.rules.contracts.health import OPS_DAILY_WATCHDOG
from tasks.rules.metrics_regression import Snapshot, StoredBaseline, judge_regression
from tasks.rules.outcome import Status

AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
GOOD = Snapshot(7, 100, 60, 50, 0.5, 0, 1, 0.4)
HEALTHY = OPS_DAILY_WATCHDOG.says(Status.HEALTHY)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_file_has_exactly_its_six_keys():
    assert document_of(Baseline(COMMIT, AT, GOOD.metrics), frozen=False) == {
        "schema_version": 1,
        "baseline_id": f"{COMMIT}-20261121T030000Z",
        "created_at": "2026-11-21T03:00:00Z",
        "source_commit": COMMIT,
        "metrics": GOOD.metrics,
        "status_tokens": ["metrics_regression_pending"],
    }


def test_the_pointer_has_exactly_its_four_keys():
    assert pointer_to(Baseline("unknown", AT, GOOD.metrics)) == {
        "baseline_id": "unknown-20261121T030000Z",
        "baseline_filename": "regression_baseline_unknown-20261121T030000Z.json",
        "created_at": "2026-11-21T03:00:00Z",
        "schema_version": 1,
    }


def test_a_rehearsal_says_so_without_a_seventh_key():
    document = document_of(Baseline("unknown", AT, GOOD.metrics), frozen=True)
    assert b"frozen_clock" in canonical_json(document)


@given(st.sampled_from(["unknown", COMMIT]), st.datetimes(datetime(2000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_every_baseline_has_a_good_id_and_a_good_file_name(commit, at):
    baseline = Baseline(commit, at, {})
    assert re.fullmatch(r"([0-9a-f]{40}|unknown)-\d{8}T\d{6}Z", baseline.id)
    assert is_artifact_name(baseline.filename)


@pytest.mark.parametrize(
    "metrics",
    [{}, {"h": 1.0}, {"delivered_total": "5"}, {"delivered_total": True}, {"delivered_total": -1}, {"ts_utc": 5}]
    + [{"matching_health_h": number} for number in (math.nan, math.inf, [0.5])],
)
def test_metrics_that_are_no_finite_numbers_under_known_names_are_invalid(metrics):
    assert not are_valid_metrics(metrics)


def test_a_measure_that_the_day_could_not_tell_is_valid():
    assert are_valid_metrics({"delivered_total": 5, "p95_delivery_latency_s": None, "ts_utc": "2026-11-21T03:00:00Z"})


@pytest.mark.parametrize(
    ("snapshot", "verdict", "reason"),
    [
        (replace(GOOD, delivered_total=49), HEALTHY, "insufficient_volume"),
        (replace(GOOD, matching_health_h=math.nan), HEALTHY, "invalid_baseline"),
        (replace(GOOD, p95_delivery_latency_s=9.0), HEALTHY, "unhealthy"),
        (GOOD, OPS_DAILY_WATCHDOG.says(Status.UNHEALTHY), "unhealthy"),
    ],
)
def test_a_day_that_is_not_good_is_refused(snapshot, verdict, reason):
    outcome = refusal(snapshot, [verdict])
    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (reason, 1)


def test_a_good_day_is_taken_and_compares_with_itself():
    baseline = Baseline("unknown", AT, GOOD.metrics)
    assert refusal(GOOD, [HEALTHY]) is None
    assert taken(baseline, GOOD, is_new=True).line == (
        "metrics_baseline status=ok baseline_id=unknown-20261121T030000Z"
        " file=regression_baseline_unknown-20261121T030000Z.json delivered_total=100 h=0.50"
    )
    assert judge_regression(GOOD, StoredBaseline(baseline.id, baseline.metrics)).status is Status.OK
