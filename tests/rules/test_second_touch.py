"""The second touch: counters, rates and the rules in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.second_touch import HELD, KNOWN_COUNTERS, SUPPRESSED, SecondTouch, judge_second_touch, summary_of

counters = st.dictionaries(st.sampled_from(KNOWN_COUNTERS), st.integers(0, 10**6))


def judged(**counts: int) -> tuple[str, str | None]:
    outcome = judge_second_touch(SecondTouch(7, counts))
    return outcome.status, outcome.reason


def test_there_are_eighteen_counters():
    assert len(set(KNOWN_COUNTERS)) == 18


@pytest.mark.row("W001-5")
def test_one_identity_leak_is_unhealthy_at_any_volume():
    assert judged(disables_identity_leak=1) == ("unhealthy", "identity_leak_disable")


@pytest.mark.row("P001-32", "P001-19")
@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({}, ("insufficient_data", "insufficient_volume")),
        ({"sends_attempted": 19, "offers_generated": 19}, ("insufficient_data", "insufficient_volume")),
        ({"sends_attempted": 20}, ("healthy", "ok")),
        ({"offers_generated": 20}, ("healthy", "ok")),
        ({"sends_attempted": 100, "sends_held_disabled": 35}, ("healthy", "ok")),
        ({"sends_attempted": 100, "sends_held_disabled": 36}, ("unhealthy", "held_rate_high")),
        ({"offers_generated": 40, "offers_suppressed_cooldown_active": 60}, ("healthy", "ok")),
        ({"offers_generated": 40, "offers_suppressed_unknown": 61}, ("unhealthy", "suppressed_rate_high")),
        ({"offers_generated": 10, "offers_suppressed_unknown": 39}, ("healthy", "ok")),
        ({"offers_generated": 10, "offers_suppressed_unknown": 40}, ("unhealthy", "suppressed_rate_high")),
    ],
)
def test_limits_themselves_pass_and_one_more_does_not(counts, verdict):
    assert judged(**counts) == verdict


@pytest.mark.row("W001-5")
def test_a_service_that_suppresses_every_offer_is_seen():
    assert judged(offers_suppressed_rate_limited=500) == ("unhealthy", "suppressed_rate_high")


def test_every_broken_rule_is_named_and_the_first_decides():
    counts = {
        "disables_identity_leak": 1,
        "sends_attempted": 20,
        "sends_held_crisis_window": 20,
        "offers_suppressed_rate_limited": 60,
    }
    outcome = judge_second_touch(SecondTouch(7, counts))
    assert outcome.reason == "identity_leak_disable"
    assert outcome.line.endswith("reasons=identity_leak_disable,held_rate_high,suppressed_rate_high")


@pytest.mark.row("P001-32")
def test_a_quiet_second_touch_alone_is_exit_0_and_a_broken_one_exit_2():
    assert judge_second_touch(SecondTouch(7, {})).exit_code == 0
    assert judge_second_touch(SecondTouch(7, {"disables_identity_leak": 1})).exit_code == 2


@given(counters)
def test_totals_hold_every_reason_also_the_unknown_one(counts):
    window = SecondTouch(7, counts)
    assert window.suppressed == sum(counts.get(key, 0) for key in SUPPRESSED)
    assert window.held == sum(counts.get(key, 0) for key in HELD)
    assert 0 <= window.suppressed_rate <= 1


def test_the_summary_has_all_counters_in_the_order_of_the_contract():
    counts = {key: number for number, key in enumerate(KNOWN_COUNTERS, start=1)}
    assert summary_of(SecondTouch(30, counts)).line == (
        "second_touch_summary status=ok second_touch_window_days=30 offers_generated=1 offers_suppressed_total=27"
        " offers_suppressed_rate=0.96 offers_suppressed_rate_limited=2 offers_suppressed_cooldown_active=3"
        " offers_suppressed_disabled_until_active=4 offers_suppressed_disabled_permanent=5"
        " offers_suppressed_crisis_blocked=6 offers_suppressed_unknown=7 sends_attempted=8 sends_queued=9"
        " sends_held_total=91 sends_held_rate=11.38 sends_held_rate_limited=10 sends_held_cooldown_active=11"
        " sends_held_disabled=12 sends_held_crisis_window=13 sends_held_identity_leak=14"
        " sends_held_offer_unavailable=15 sends_held_risk_level_2=16 disables_negative_ack=17"
        " disables_identity_leak=18"
    )


@pytest.mark.row("W001-18", "D001-15")
def test_unknown_keys_are_counted_and_change_no_total():
    window = SecondTouch(7, {"offers_generated": 3, "offers_lost": 9, "sends_held_by_magic": 1})
    outcome = summary_of(window)
    assert (outcome.reason, outcome.fields["unknown_counters"]) == ("unknown_counters", 2)
    assert window.offers == 3
    assert window.held == 0


@given(counters)
def test_no_leak_is_ever_healthy(counts):
    assert (judge_second_touch(SecondTouch(7, counts)).reason == "identity_leak_disable") == (
        counts.get("disables_identity_leak", 0) > 0
    )


def test_a_blocked_leak_counts_once_although_two_counters_saw_it():
    assert SecondTouch(7, {"sends_held_identity_leak": 3, "disables_identity_leak": 2}).identity_leaks_blocked == 3
    assert SecondTouch(7, {"disables_identity_leak": 2}).identity_leaks_blocked == 2


def test_crisis_routing_counts_sends_and_offers():
    assert SecondTouch(7, {"sends_held_crisis_window": 3, "offers_suppressed_crisis_blocked": 2}).crisis_routed == 5
