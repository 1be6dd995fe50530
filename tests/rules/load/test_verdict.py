"""What a load validation is worth: every broken limit, and what proves nothing (runbook 003)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.rules.load.comparison import Before, key_of, percentiles_to_keep
from tasks.rules.load.figures import figures_of
from tasks.rules.load.plan import Name
from tasks.rules.load.verdict import Limits, Verdict, judge_phase, judge_run
from tasks.rules.outcome import Status
from tests.rules.load.measures import measured

LIMITS = Limits()
GOOD = [20.0] * 100


def judged(one, limits=LIMITS, before=None):
    verdict = judge_phase(figures_of(one), limits, before)
    return verdict.status, verdict.reasons


def before(**percentiles):
    return Before(datetime(2026, 11, 20, tzinfo=UTC), "e.json", {"api_heartbeat": percentiles})


@pytest.mark.row("W003-501")
@pytest.mark.parametrize(
    ("one", "reasons"),
    [
        (measured(GOOD, server_error=2), ("error_rate_high",)),
        (measured([], timeout=10), ("error_rate_high", "samples_too_few")),
        (measured(GOOD, rate_limited=1), ("rate_limited",)),
        (measured([20.0] * 90 + [501.0] * 10), ("p95_high",)),
        (measured([20.0] * 98 + [1001.0] * 2), ("p99_high",)),
        (
            measured([1001.0] * 100, server_error=10, rate_limited=90),
            ("error_rate_high", "rate_limited", "p95_high", "p99_high"),
        ),
    ],
)
def test_each_limit_gates_and_every_reason_is_said(one, reasons):
    assert judged(one) == (Status.FAIL, reasons)


def test_limits_are_inclusive():
    exact = measured([500.0] * 95 + [1000.0] * 5 + [1.0] * 890, server_error=10)
    assert judged(exact) == (Status.OK, ())


@pytest.mark.row("P003-507")
def test_a_429_is_judged_by_its_own_limit_and_not_as_an_error():
    limited = measured(GOOD, rate_limited=100)
    assert judged(limited, replace(LIMITS, rate_limited_percent_max=50)) == (Status.OK, ())
    assert judged(limited, replace(LIMITS, error_rate_percent_max=100)) == (Status.FAIL, ("rate_limited",))


@pytest.mark.row("P003-506")
def test_too_few_samples_are_judged_by_their_maximum_or_not_at_all():
    assert judged(measured([499.0] * 10)) == (Status.OK, ())
    assert judged(measured([499.0] * 9 + [501.0])) == (Status.INSUFFICIENT_DATA, ("samples_too_few",))
    assert judged(measured([])) == (Status.INSUFFICIENT_DATA, ("samples_too_few",))


@pytest.mark.row("P003-504")
def test_a_generator_that_was_late_itself_has_proved_nothing():
    late = measured([900.0] * 100, lag_ms=51)
    assert judged(late, before=before(p95=1.0)) == (Status.INSUFFICIENT_DATA, ("generator_saturated",))
    assert judged(measured(GOOD, lag_ms=51, server_error=50)) == (
        Status.FAIL,
        ("error_rate_high", "generator_saturated"),
    )
    assert judged(measured(GOOD, lag_ms=50)) == (Status.OK, ())


@pytest.mark.row("P003-511")
def test_slower_than_the_last_accepted_run_is_more_than_noise_and_more_than_a_few_milliseconds():
    verdict = judge_phase(figures_of(measured([40.0] * 100)), LIMITS, before(p50=20.0, p95=29.0, p99=31.0))
    assert (verdict.status, verdict.reasons, verdict.slower) == (Status.WARN, ("slower_than_last",), ("p50", "p95"))
    assert judged(measured([51.0] * 100), before=before(p50=40.0)) == (Status.OK, ())  # inside the band
    assert judged(measured([11.0] * 100), before=before(p50=1.0)) == (Status.OK, ())  # a few milliseconds
    assert judged(measured([60.0] * 10), before=before(p99=20.0)) == (Status.OK, ())  # no p99 of ten


@pytest.mark.row("P003-511")
def test_a_few_slow_answers_of_few_prove_nothing_and_many_of_many_do():
    few, many = [20.0] * 94 + [100.0] * 6, [20.0] * 930 + [100.0] * 70
    assert judged(measured(few), before=before(p95=20.0)) == (Status.OK, ())
    assert judged(measured(many), before=before(p95=20.0))[1] == ("slower_than_last",)


def test_a_doubt_goes_before_slowness_and_a_broken_limit_before_both():
    assert judged(measured([600.0] * 10), before=before(p50=20.0)) == (
        Status.INSUFFICIENT_DATA,
        ("samples_too_few", "slower_than_last"),
    )
    assert judged(measured([600.0] * 20), before=before(p50=20.0)) == (
        Status.FAIL,
        ("p95_high", "slower_than_last"),
    )


def test_what_is_kept_for_the_next_comparison_are_the_percentiles_that_are_known():
    assert percentiles_to_keep([figures_of(measured([2.0] * 20))]) == {"api_heartbeat": {"p50": 2.0, "p95": 2.0}}


def test_only_the_same_load_is_compared():
    assert key_of({"api_total": 1, "b": 2.0}) == key_of({"b": 2.0, "api_total": 1})
    assert key_of({"api_total": 1}) != key_of({"api_total": 2})


@pytest.mark.row("P003-512")
def test_a_phase_that_was_left_out_was_not_passed():
    ok = Verdict(Status.OK)
    assert judge_run([ok, ok], ()) == Verdict(Status.OK)
    assert judge_run([ok], (Name.SIGNED,)) == Verdict(Status.PARTIAL, ("phase_left_out",))
    assert judge_run([], tuple(Name)).status is Status.INSUFFICIENT_DATA


def test_the_run_says_every_reason_and_failures_go_before_doubts():
    unsure = Verdict(Status.INSUFFICIENT_DATA, ("samples_too_few",))
    bad = Verdict(Status.FAIL, ("rate_limited", "samples_too_few"))
    assert judge_run([unsure, bad], (Name.EPIC,)) == Verdict(Status.FAIL, ("rate_limited", "samples_too_few"))
    assert judge_run([unsure], ()) == Verdict(Status.INSUFFICIENT_DATA, ("samples_too_few",))
