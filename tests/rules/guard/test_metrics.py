"""What is believed of a metrics file, and what its numbers come to (runbook 002, "Metrics & Monitoring")."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.guard.growth import (
    Expectation,
    Remembered,
    expectations_of,
    increase,
    judge_growth,
    remember,
    staleness,
)
from tasks.rules.guard.metrics_verdict import judge_metrics, metrics_lines, metrics_said
from tasks.rules.guard.textfile import Sample, Series, Textfile, TypeLine, faults_of, quantile, quantile_text

A = Series("a_total")


def file_of(*samples, types=(), written_at=1000.0, digest="d"):
    lines = tuple(Sample(series, value, number) for number, (series, value) in enumerate(samples, 10))
    named = tuple(TypeLine(name, kind, number) for number, (name, kind) in enumerate(types, 1))
    return Textfile(written_at, digest, named, lines)


def histogram(counts, *, count=None, bounds=("5", "10", "+Inf"), total=True):
    samples = [(Series("h_bucket", (("le", bound),)), value) for bound, value in zip(bounds, counts, strict=False)]
    samples += [(Series("h_sum"), 1.0)] if total else []
    return file_of(*samples, (Series("h_count"), counts[-1] if count is None else count), types=[("h", "histogram")])


@pytest.mark.row("D002-300", "P002-300")
@pytest.mark.parametrize(
    ("file", "code", "line"),
    [
        (file_of((A, 1), (A, 1), types=[("a_total", "counter")]), "duplicate", 11),
        (file_of(types=[("a", "gauge"), ("a", "gauge")]), "duplicate", 2),
        (file_of(types=[("a", "countre")]), "unknown_type", 1),
        (file_of((A, math.nan), types=[("a_total", "gauge")]), "not_finite", 10),
        (file_of((A, math.inf), types=[("a_total", "gauge")]), "not_finite", 10),
        (file_of((A, -1), types=[("a_total", "counter")]), "negative", 10),
        (file_of((A, 1)), "no_type", 10),
        (histogram([3, 2, 3]), "not_cumulative", 12),
        (histogram([1, 2, 3], count=4), "inf_is_not_count", 12),
        (histogram([1, 2], bounds=("5", "10")), "inf_is_not_count", 11),
        (histogram([1, 2, 3], total=False), "incomplete", 12),
    ],
)
def test_each_contradiction_has_its_code_and_its_line(file, code, line):
    assert [(fault.code, fault.line) for fault in faults_of(file)] == [(code, line)]


def test_a_good_file_has_no_fault_a_gauge_may_be_negative_and_a_type_may_stand_alone():
    assert faults_of(histogram([1, 2, 3])) == ()
    assert faults_of(file_of((A, -1), types=[("a_total", "gauge"), ("b", "counter")])) == ()


@pytest.mark.row("P002-304")
@pytest.mark.parametrize(
    ("buckets", "share", "text"),
    [
        ([(5, 0), (10, 10), (math.inf, 10)], 0.5, "7.5 ms"),
        ([(5, 10), (10, 10), (math.inf, 10)], 0.5, "2.5 ms"),
        ([(1000, 1), (2000, 1), (math.inf, 100)], 0.95, "> 2000 ms"),
        ([(5, 95), (10, 100), (math.inf, 100)], 0.95, "5 ms"),
        ([(5, 0), (math.inf, 0)], 0.5, None),
        ([], 0.5, None),
    ],
)
def test_a_quantile_is_linear_in_its_bucket_and_honest_beyond_the_last(buckets, share, text):
    assert quantile_text(buckets, share) == text


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 50), min_size=3, max_size=3), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_higher_share_never_has_a_lower_quantile(steps, one, other):
    counts = [sum(steps[: n + 1]) for n in range(3)]
    buckets = [(5.0, counts[0]), (10.0, counts[1]), (math.inf, counts[2])]
    low, high = quantile(buckets, min(one, other)), quantile(buckets, max(one, other))
    assert (low is None) == (counts[2] == 0)
    assert low is None or high is None or low <= high


@pytest.mark.row("P002-303")
@pytest.mark.parametrize(("before", "now", "grown"), [(3, 10, (7, False)), (10, 3, (3, True)), (3, 3, (0, False))])
def test_a_counter_that_is_lower_than_before_was_started_anew(before, now, grown):
    assert increase(before, now) == grown


@pytest.mark.row("P002-303", "W002-301", "W002-302")
@pytest.mark.parametrize(
    ("bounds", "before", "now", "verdict"),
    [
        ((1, None), {"a_total": 1}, {A: 2}, "ok"),
        ((1, None), {"a_total": 2}, {A: 2}, "too_little"),
        ((1, None), {"a_total": 9}, {A: 2}, "ok"),
        ((None, 0), {}, {}, "ok"),
        ((None, 0), {}, {A: 1}, "too_much"),
        ((0, 0), {"a_total": 5}, {A: 6}, "too_much"),
        ((1, None), {"a_total": 1_234_560}, {A: 1_234_560}, "too_coarse"),
        ((0, 0), {"a_total": 1_234_560}, {A: 1_234_560}, "too_coarse"),
        ((100, None), {"a_total": 1_234_000}, {A: 1_234_560}, "ok"),
    ],
)
def test_a_growth_is_judged_by_its_bounds_and_never_by_rounding(bounds, before, now, verdict):
    (growth,) = judge_growth([Expectation(A, *bounds)], before, now)
    assert growth.verdict == verdict


@pytest.mark.row("W002-464")
@pytest.mark.parametrize(
    ("bounds", "before", "now", "verdict"),
    [
        ((1, None), 5, 9, "not_a_counter"),
        ((0, 0), 5, 5, "ok"),
        ((0, 0), 5, 4, "too_much"),
        ((0, 9), 5, 5, "not_a_counter"),
    ],
)
def test_a_gauge_is_no_counter_whatever_it_is_called(bounds, before, now, verdict):
    (growth,) = judge_growth([Expectation(A, *bounds)], {"a_total": before}, {A: now}, {"a_total"})
    assert (growth.verdict, growth.reset) == (verdict, False)
    file = file_of((A, 9), types=[("a_total", "gauge")])
    seen = judge_metrics(file, Remembered(990, "e", 990, {"a_total": 9}), [Expectation(A, 1)], 1000, 60)
    assert seen.reasons == ("expectation_failed",)


@pytest.mark.row("P002-302", "D002-301")
@pytest.mark.parametrize(
    ("written_at", "last", "why"),
    [
        (990, None, None),
        (939, None, "stale"),
        (940, None, None),
        (1006, None, "from_the_future"),
        (1005, None, None),
        (999, Remembered(950, "d", 939, {}), "content_unchanged"),
        (999, Remembered(950, "d", 941, {}), None),
        (999, Remembered(950, "e", 0, {}), None),
    ],
)
def test_fresh_is_what_was_written_and_what_changed_within_the_limit(written_at, last, why):
    assert staleness(written_at, "d", last, 1000, 60) == why


def test_how_long_a_content_has_been_the_same_is_carried_from_read_to_read():
    first = remember({A: 1}, "d", None, 10)
    assert remember({A: 1}, "d", first, 20).since == 10
    assert remember({A: 2}, "e", first, 20).since == 20


@pytest.mark.row("P002-300", "P002-301")
def test_the_verdict_names_every_reason_and_no_data_is_neither_green_nor_red():
    bad = judge_metrics(file_of((A, 1), written_at=0), None, [], 1000, 60)
    assert (bad.reasons, bad.may_be_remembered) == (("invalid_metrics", "stale"), False)
    line = "metrics_check status=fail reason=invalid_metrics families=0 samples=1 problems=1 age_s=1000 unchanged_s=0"
    assert metrics_said(bad).line == f"{line} reasons=invalid_metrics,stale"
    assert [one.line for one in metrics_lines(bad)] == [
        "metrics_problem status=fail code=no_type line=10 metric=a_total"
    ]
    empty = metrics_said(judge_metrics(file_of(types=[("a", "counter")]), None, [], 1000, 60))
    assert empty.line.startswith("metrics_check status=insufficient_data reason=no_samples ")
    first = judge_metrics(file_of((A, 1), types=[("a_total", "counter")]), None, [Expectation(A, 1)], 1000, 60)
    assert metrics_said(first).line.startswith("metrics_check status=insufficient_data reason=no_snapshot ")


def test_the_lines_of_a_good_read_are_its_growths_and_its_quantiles():
    last = Remembered(990, "e", 990, {"h_count": 1})
    verdict = judge_metrics(histogram([0, 4, 4]), last, [Expectation(Series("h_count"), 2)], 1000, 60)
    assert [one.line for one in metrics_lines(verdict)] == [
        "metrics_growth status=ok series=h_count verdict=ok increase=3 reset=false",
        "metrics_quantiles status=ok series=h count=4 p50=7.5_ms p95=9.75_ms p99=9.95_ms",
    ]


@pytest.mark.row("D002-302")
@pytest.mark.parametrize(
    "row",
    [
        {"series": "a_total"},
        {"series": "b", "unchanged": True},
        {"series": "a_total", "unchanged": False},
        {"series": "a_total", "unchanged": True, "min_increase": 1},
        {"series": "a_total", "min_increase": -1},
        {"series": "a_total", "min_increase": "1"},
        {"series": "a_total", "min_increase": True},
        {"series": "a_total", "min_increase": 1, "more": 1},
        "a_total",
    ],
)
def test_an_expectation_that_says_nothing_clear_is_refused(row):
    with pytest.raises(ValueError, match=r"series|unchanged|number"):
        expectations_of({"expect": [row]}, {"a_total": A})
    with pytest.raises(ValueError, match="list"):
        expectations_of({"other": [row]}, {"a_total": A})
