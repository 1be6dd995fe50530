"""What a canary has shown, by what its counters grew by (runbook 002, Profiles & Modes)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.guard.canary import LATENCY, Limits, Seen, Verdict, Window, counts, judged, window
from tasks.rules.guard.textfile import Sample, Series, Textfile, quantile

BOUNDS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, math.inf)
GOOD = Seen(is_canary=True, limits_active=True, notional=100.0)


def orders(*latencies, blocked=None, rejected=0):
    """A window of submitted orders with these latencies, and blocked ones that took 2 ms each."""
    blocked = blocked or {}
    everything = [*latencies, *[2.0] * int(sum(blocked.values()))]
    buckets = tuple((bound, float(sum(one <= bound for one in everything))) for bound in BOUNDS)
    return Window(float(len(latencies)), float(rejected), blocked, buckets)


def verdict_of(canary, paper=None, ends=(GOOD, GOOD), alerts=()):
    return judged(canary, paper or orders(*[40.0] * 50), ends, alerts, Limits())


@pytest.mark.row("P002-140", "P002-142")
def test_a_canary_like_paper_is_promoted_and_a_slow_one_rolled_back():
    assert verdict_of(orders(*[45.0] * 40)).verdict is Verdict.PROMOTE
    slow = verdict_of(orders(*[450.0] * 40))
    assert (slow.verdict, slow.reasons) == (Verdict.ROLL_BACK, ("latency_p95",))
    assert verdict_of(orders(*[9000.0] * 40)).reasons == ("latency_p95",)


@pytest.mark.row("W002-134")
def test_a_canary_whose_orders_are_all_blocked_is_no_fast_one():
    finding = verdict_of(orders(blocked={"safe-mode": 500.0}))
    assert (finding.verdict, finding.p95_ms) == (Verdict.HOLD, None)
    assert finding.reasons == ("too_few_orders", "no_latency")


@pytest.mark.row("W002-134")
def test_a_slow_canary_does_not_hide_behind_blocked_orders():
    slow = orders(*[900.0] * 40, blocked={"safe-mode": 1500.0})
    assert (quantile(list(slow.buckets), 0.95) or 0) < 5  # what a look at the whole histogram would have said
    assert verdict_of(slow).reasons == ("latency_p95",)


@pytest.mark.row("W002-134")
@given(st.lists(st.sampled_from([40.0, 90.0, 400.0]), min_size=1, max_size=60), st.integers(0, 500))
def test_blocked_orders_never_make_it_look_faster(latencies, blocked):
    alone, mixed = orders(*latencies), orders(*latencies, blocked={"safe-mode": float(blocked)})
    assert mixed.p95_ms >= alone.p95_ms * 0.999


@pytest.mark.row("P002-140")
def test_every_reason_is_named_those_against_it_first():
    finding = verdict_of(
        orders(*[40.0] * 10, blocked={"risk": 3.0, "cooldown": 2.0}, rejected=1),
        ends=(GOOD, Seen(is_canary=False, limits_active=False, notional=None)),
        alerts=["watchdog", "watchdog"],
    )
    assert finding.reasons == (
        "blocked:risk",
        "blocked_share",
        "rejected_share",
        "no_canary",
        "limits_not_active",
        "order_too_large",
        "alert:watchdog",
        "too_few_orders",
    )


@pytest.mark.row("P002-141")
@pytest.mark.parametrize(
    ("end", "why"),
    [
        (Seen(is_canary=True, limits_active=False, notional=100.0), "limits_not_active"),
        (Seen(is_canary=True, limits_active=True, notional=200.5), "order_too_large"),
    ],
)
def test_limits_that_are_off_or_orders_too_large_at_either_end_roll_it_back(end, why):
    for ends in ((GOOD, end), (end, GOOD)):
        assert verdict_of(orders(*[40.0] * 40), ends=ends).reasons == (why,)


def test_too_few_orders_of_paper_are_no_verdict_either():
    assert verdict_of(orders(*[900.0] * 40), paper=orders(*[40.0] * 5)).reasons == ("too_few_paper_orders",)


def file_of(submitted, quick, slow):
    values = {"propbot_orders_submitted_total": submitted, f"{LATENCY}_count": quick + slow}
    samples = [Sample(Series(name), float(value), 1) for name, value in values.items()]
    for bound in BOUNDS:
        count = (quick if bound >= 50 else 0) + (slow if bound >= 500 else 0)
        le = "+Inf" if math.isinf(bound) else f"{bound:g}"
        samples.append(Sample(Series(f"{LATENCY}_bucket", (("le", le),)), float(count), 1))
    return Textfile(0.0, "", (), tuple(samples), ())


@pytest.mark.row("P002-142")
def test_lifetimes_do_not_count_and_a_restart_begins_at_zero():
    grown = window(counts(file_of(1000, 1000, 0)), file_of(1040, 1000, 40))
    assert (grown.submitted, (grown.p95_ms or 0) > 200) == (40.0, True)
    again = window(counts(file_of(1000, 1000, 0)), file_of(35, 35, 0))
    assert (again.submitted, 0 < (again.p95_ms or 0) <= 50) == (35.0, True)
    assert window({}, None).p95_ms is None


@pytest.mark.row("P002-195")
def test_what_went_wrong_lately_does_not_drown_in_what_went_well_before():
    whole, paper = orders(*[40.0] * 5000, *[900.0] * 40), orders(*[40.0] * 50)
    assert verdict_of(whole).verdict is Verdict.PROMOTE
    slow, few = orders(*[900.0] * 40), orders(*[900.0] * 5)
    finding = judged(whole, paper, (GOOD,), (), Limits(), slow)
    assert (finding.verdict, finding.reasons) == (Verdict.ROLL_BACK, ("latency_p95",))
    assert judged(whole, paper, (GOOD,), (), Limits(), few).verdict is Verdict.PROMOTE
    assert judged(slow, paper, (GOOD,), (), Limits(), slow).reasons == ("latency_p95",)
