"""May this be released? (Runbook 004, Release bundle.)"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.outcome import Status
from tasks.rules.ready_gate import judge_readiness, kpi_of

NOW = 1_700_000_000
DAY = 86_400


def said(content, minimum=85, now=NOW):
    return judge_readiness(kpi_of(content), minimum, now=now, max_age_s=DAY)


def kpi(readiness, **more):
    return json.dumps({"readiness": readiness, "timestamp": NOW, **more}).encode()


@pytest.mark.row("P004-514", "W004-521")
@pytest.mark.parametrize(
    ("readiness", "line"),
    [
        (85, "readiness=85 min=85 status=PASS age_sec=0"),
        (85.0, "readiness=85 min=85 status=PASS age_sec=0"),
        (100, "readiness=100 min=85 status=PASS age_sec=0"),
        (95.5, "readiness=95 min=85 status=PASS exact=95.500000 age_sec=0"),
        (84.999, "readiness=84 min=85 status=FAIL reason=readiness_low exact=84.999000 age_sec=0"),
        (0, "readiness=0 min=85 status=FAIL reason=readiness_low age_sec=0"),
        (0.95, "readiness=0 min=85 status=FAIL reason=readiness_low exact=0.950000 age_sec=0"),
        (150, "readiness=150 min=85 status=ERROR reason=readiness_out_of_range age_sec=0"),
        (100.1, "readiness=100 min=85 status=ERROR reason=readiness_out_of_range exact=100.100000 age_sec=0"),
        (-1, "readiness=-1 min=85 status=ERROR reason=readiness_out_of_range age_sec=0"),
        (float("nan"), "min=85 status=ERROR reason=readiness_not_finite age_sec=0"),
        (float("inf"), "min=85 status=ERROR reason=readiness_not_finite age_sec=0"),
        (10**400, "min=85 status=ERROR reason=readiness_out_of_range age_sec=0"),
        (True, "min=85 status=ERROR reason=readiness_type age_sec=0"),
        ("95", "min=85 status=ERROR reason=readiness_type age_sec=0"),
        ([95], "min=85 status=ERROR reason=readiness_type age_sec=0"),
        (None, "min=85 status=FAIL reason=readiness_missing age_sec=0"),
    ],
)
def test_the_gate_says(readiness, line):
    outcome = said(kpi(readiness))
    assert outcome.line == f"event=ready_gate {line}"
    assert outcome.exit_code == (0 if "PASS" in line else 1)


def test_a_ratio_counts_only_where_the_file_says_so():
    assert said(kpi(0.85, scale="ratio")).status is Status.OK
    assert said(kpi(1, scale="ratio")).line.startswith("event=ready_gate readiness=100 min=85 status=PASS")
    assert said(kpi(85, scale="ratio")).reason == "readiness_out_of_range"
    assert said(kpi(85, scale="stars")).reason == "scale_unknown"


@pytest.mark.row("W004-521", "D004-502")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "kpi_missing"),
        (b"", "kpi_bad_json"),
        (b"\xff", "kpi_bad_json"),
        (b"[" * 100_000, "kpi_bad_json"),
        (b"[95]", "kpi_not_object"),
        (b"null", "kpi_not_object"),
    ],
)
def test_a_file_that_is_no_kpi_never_passes(content, reason):
    assert said(content).reason == reason
    assert said(content).exit_code == 1


@pytest.mark.row("W004-523")
@pytest.mark.parametrize(
    ("age_s", "reason"), [(0, None), (DAY, None), (DAY + 1, "kpi_stale"), (-60, None), (-61, "kpi_from_the_future")]
)
def test_the_kpi_must_be_young_by_its_own_timestamp(age_s, reason):
    assert said(kpi(95), now=NOW + age_s).reason == reason


@pytest.mark.parametrize("timestamp", [None, "noon", True, float("nan"), 10**400, []])
def test_a_kpi_without_a_time_is_an_error(timestamp):
    assert said(kpi(95, timestamp=timestamp)).reason == "timestamp_invalid"


def test_every_reason_is_named_and_the_error_of_the_producer_first():
    assert "reason=readiness_low reasons=" not in said(kpi(10), now=NOW + 2 * DAY).line
    assert "reasons=kpi_stale,readiness_low" in said(kpi(10), now=NOW + 2 * DAY).line
    assert (
        "reason=readiness_out_of_range reasons=readiness_out_of_range,kpi_stale"
        in said(kpi(150), now=NOW + 2 * DAY).line
    )


@given(st.floats(), st.integers(0, 100), st.integers(-10 * DAY, 10 * DAY))
def test_it_passes_only_what_is_between_the_limit_and_a_hundred_and_young(readiness, minimum, age_s):
    passes = said(kpi(readiness), minimum, NOW + age_s).status is Status.OK
    assert passes == (minimum <= readiness <= 100 and -60 <= age_s <= DAY)


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_the_file_holds_there_is_one_line_and_no_pass(content):
    outcome = said(content)
    assert outcome.line.startswith("event=ready_gate min=85 status=")
    assert outcome.exit_code == 1
