"""The figures of a phase: exact shares, percentiles that say what they rest on (runbook 003)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.load.figures import figures_of, needed, spread_of
from tasks.rules.load.measured import Answer, answer_of, measured_from
from tests.rules.load.measures import MS, measured


@pytest.mark.row("W003-500")
@pytest.mark.parametrize(("good", "bad", "percent"), [(90, 10, 10.0), (80, 20, 20.0), (0, 100, 100.0), (7, 0, 0.0)])
def test_the_error_rate_is_failures_of_all_attempts(good, bad, percent):
    figures = figures_of(measured([1.0] * good, server_error=bad))
    assert (figures.attempts, figures.failures, figures.error_rate_percent) == (good + bad, bad, percent)


@pytest.mark.row("W003-502")
def test_the_maximum_is_seen_and_the_percentile_is_the_nearest_rank():
    spread = spread_of([number * MS for number in range(1, 101)])
    assert (spread.at(50), spread.at(95), spread.at(99), spread.most) == (50.0, 95.0, 99.0, 100.0)
    assert spread.mean == 50.5


@pytest.mark.row("W003-502")
@given(st.lists(st.integers(0, 10**12), min_size=100, max_size=300))
def test_percentiles_are_those_of_numpy(times):
    spread = spread_of(times)
    for percent in (50, 95, 99):
        exact = np.percentile(times, percent, method="inverted_cdf") / MS
        assert spread.at(percent) == pytest.approx(float(exact), rel=1e-12)


def test_the_bounds_of_a_percentile_are_the_ranks_around_it():
    spread = spread_of([number * MS for number in range(1, 101)])
    assert spread.bounds == {50: (40.0, 61.0), 95: (90.0, 100.0), 99: (97.0, 100.0)}
    assert spread_of([MS] * 3).bounds.keys() == {50}


@pytest.mark.row("P003-506")
@pytest.mark.parametrize(("count", "known"), [(1, []), (2, [50]), (19, [50]), (20, [50, 95]), (100, [50, 95, 99])])
def test_a_percentile_that_the_samples_are_too_few_for_is_not_made_up(count, known):
    spread = spread_of([MS] * count)
    assert [percent for percent in (50, 95, 99) if spread.at(percent) is not None] == known
    assert (needed(50), needed(95), needed(99)) == (2, 20, 100)


@pytest.mark.row("W003-503")
def test_the_time_of_a_failure_is_in_no_percentile():
    slow_and_refused = figures_of(measured([20.0] * 100, unauthorised=100))
    assert slow_and_refused.latency.at(50) == 20.0
    assert slow_and_refused.latency.samples == 100
    assert (slow_and_refused.failed.samples, slow_and_refused.failed.most) == (100, 1.0)


def test_rates_are_asked_and_offered():
    figures = figures_of(measured([1.0] * 101))
    assert (figures.rate_asked, figures.rate_offered) == (100.0, 100.0)
    assert figures.answered_per_s == pytest.approx(100.0)


def test_nothing_at_all_has_no_figures():
    figures = figures_of(measured())
    assert (figures.attempts, figures.error_rate_percent, figures.rate_offered) == (0, 0.0, None)
    assert figures.latency.most is None


@pytest.mark.row("P003-507")
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer.OK),
        (429, Answer.RATE_LIMITED),
        (401, Answer.UNAUTHORISED),
        (403, Answer.UNAUTHORISED),
        (404, Answer.CLIENT_ERROR),
        (500, Answer.SERVER_ERROR),
        (503, Answer.SERVER_ERROR),
        (201, Answer.UNEXPECTED),
        (302, Answer.UNEXPECTED),
    ],
)
def test_each_status_has_its_class(status, answer):
    assert answer_of(status) is answer


@given(st.lists(st.integers(-(2**62), 2**62), max_size=50))
def test_what_was_measured_comes_whole_from_one_process_to_the_other(times):
    import json
    from dataclasses import replace

    before = replace(measured([1.0], server_error=2), latencies=times)
    after = measured_from(json.loads(json.dumps(before.as_data())))
    assert list(after.latencies) == times
    assert (after.name, after.answers, after.attempts) == (before.name, before.answers, 3)
