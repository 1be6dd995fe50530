"""The evaluation table, the caps and the ladder of runbook 004."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.soak import (
    CAPS,
    Action,
    Caps,
    Code,
    Facts,
    Phase,
    PhaseSoFar,
    Thresholds,
    Verdict,
    evaluate,
    fails_after,
    next_action,
    next_phase,
    recommend,
    what_keeps,
)

GOOD = Facts(readiness_pct=92.0, net_bps=3.0, taker_ratio=0.12, p95_ms=300.0, p99_ms=400.0, fills=120.0)
CANARY = CAPS[Phase.CANARY]
LIMITS = Thresholds()


def judged(caps: Caps = CANARY, **changed: object):
    return evaluate(replace(GOOD, **changed), caps, LIMITS)  # type: ignore[arg-type]


def test_a_good_tick_continues():
    decision = judged()
    assert (decision.verdict, decision.reason, decision.code) == (Verdict.CONTINUE, "ok", Code.OK)
    assert recommend(decision) == ""


@pytest.mark.parametrize(
    ("changed", "verdict", "reason", "code"),
    [
        ({"p95_ms": 350.1}, Verdict.FAIL, "p95_gt_350ms", Code.P95_SPIKE),
        ({"p99_ms": 450.1}, Verdict.FAIL, "p99_gt_1.5x_p95", Code.P95_SPIKE),
        ({"p95_ms": 0.0, "p99_ms": 1.6}, Verdict.FAIL, "p99_gt_1.5x_p95", Code.P95_SPIKE),
        ({"readiness_pct": 84.999}, Verdict.FAIL, "readiness_lt_85", Code.READINESS_LOW),
        ({"net_bps": 1.999}, Verdict.FAIL, "net_bps_below_2.0", Code.GEN_FAIL),
        ({"net_bps": 2.0}, Verdict.WARN, "net_bps_in_[2.0,2.5)", Code.NET_BPS_LOW),
        ({"net_bps": 2.499}, Verdict.WARN, "net_bps_in_[2.0,2.5)", Code.NET_BPS_LOW),
        ({"taker_ratio": 0.1501}, Verdict.FAIL, "phase_taker_ceiling_exceeded", Code.TAKER_CEIL),
        ({"missing": ("KPI_GATE.json",)}, Verdict.FAIL, "input_missing:KPI_GATE.json", Code.GEN_FAIL),
        ({"fills": 0.0}, Verdict.INCONCLUSIVE, "no_traffic", Code.GEN),
    ],
)
def test_each_row_of_the_table_has_its_reason_and_code(changed, verdict, reason, code):
    decision = judged(**changed)
    assert (decision.verdict, decision.reason, decision.code) == (verdict, reason, code)
    assert recommend(decision)


@pytest.mark.parametrize(
    "exact",
    [
        {"taker_ratio": 0.15},
        {"p95_ms": 350.0},
        {"p95_ms": 300.0, "p99_ms": 450.0},
        {"readiness_pct": 85.0},
        {"net_bps": 2.5},
    ],
)
def test_a_value_at_its_limit_passes(exact):
    assert judged(**exact).verdict is Verdict.CONTINUE


def test_the_taker_limit_decides_where_the_phase_allows_more():
    decision = judged(replace(CANARY, taker_ceiling=0.5), taker_ratio=0.2)
    assert (decision.reason, decision.violations) == ("taker_ratio_gt_0.15", ("taker_ratio_gt_0.15",))


def test_the_ceiling_of_the_phase_overrides_every_other_reason():
    decision = judged(replace(CANARY, taker_ceiling=0.05), taker_ratio=0.1, p95_ms=900.0, net_bps=2.1)
    assert decision.verdict is Verdict.FAIL
    assert decision.reason == "phase_taker_ceiling_exceeded"


def test_every_violation_is_told_and_the_first_of_the_table_decides():
    decision = judged(p95_ms=400.0, p99_ms=900.0, readiness_pct=10.0, net_bps=1.0)
    assert decision.reason == "p95_gt_350ms"
    assert decision.violations == ("p95_gt_350ms", "p99_gt_1.5x_p95", "readiness_lt_85", "net_bps_below_2.0")


def test_a_missing_input_decides_before_the_table_and_the_other_input_is_still_judged():
    decision = judged(missing=("KPI_GATE.json",), readiness_pct=None, taker_ratio=0.9)
    assert decision.reason == "input_missing:KPI_GATE.json"
    assert "phase_taker_ceiling_exceeded" in decision.violations


def test_no_traffic_never_hides_a_low_readiness():
    assert judged(fills=0.0, readiness_pct=20.0).reason == "readiness_lt_85"


def test_the_caps_are_those_of_the_runbook():
    assert [(caps.share, caps.capital_usd, caps.taker_ceiling) for caps in CAPS.values()] == [
        (0.0, 0, 0.15),
        (0.05, 500, 0.15),
        (0.15, 2_000, 0.15),
    ]


@pytest.mark.parametrize(
    ("fails_so_far", "action"),
    [
        (0, Action.ROLLBACK_STEP),
        (1, Action.DISABLE_STRAT),
        (2, Action.REGION_STEP_DOWN),
        (9, Action.REGION_STEP_DOWN),
    ],
)
def test_each_failure_climbs_one_rung_and_stays_on_the_last(fails_so_far, action):
    assert next_action(Verdict.FAIL, fails_so_far) is action


def test_every_action_is_plain_ascii_although_the_runbook_writes_one_with_foreign_letters():
    assert all(action.isascii() for action in Action)


@pytest.mark.parametrize(
    ("verdict", "left"), [(Verdict.CONTINUE, 0), (Verdict.WARN, 2), (Verdict.INCONCLUSIVE, 2), (Verdict.FAIL, 3)]
)
def test_only_a_good_tick_brings_the_ladder_down(verdict, left):
    assert fails_after(verdict, 2) == left


@given(st.lists(st.sampled_from(list(Verdict)), max_size=40))
def test_the_rung_is_the_number_of_failures_since_the_last_good_tick(verdicts):
    fails = 0
    for done, verdict in enumerate(verdicts, 1):
        fails = fails_after(verdict, fails)
        since = verdicts[:done][::-1]
        good = since.index(Verdict.CONTINUE) if Verdict.CONTINUE in since else len(since)
        assert fails == since[:good].count(Verdict.FAIL)


_DONE = PhaseSoFar(hours_planned=6, hours_done=6, conclusive=6, fails=0, fails_on_ladder=0, last=Verdict.CONTINUE)


@pytest.mark.parametrize(
    ("phase", "changed", "blocks"),
    [
        (Phase.CANARY, {}, ()),
        (Phase.SHADOW, {"hours_done": 5.0}, ("hours_left",)),
        (Phase.SHADOW, {"conclusive": 0, "last": None}, ("no_conclusive_tick",)),
        (Phase.SHADOW, {"last": Verdict.INCONCLUSIVE}, ("last_tick_inconclusive",)),
        (Phase.SHADOW, {"fails": 2}, ()),
        (Phase.SHADOW, {"fails": 2, "fails_on_ladder": 1}, ("ladder_raised",)),
        (Phase.CANARY, {"fails": 1}, ("canary_failed",)),
        (Phase.CANARY, {"fails": 1, "hours_done": 1.0}, ("hours_left", "canary_failed")),
    ],
)
def test_a_phase_is_left_only_when_nothing_keeps_it_and_all_that_does_is_told(phase, changed, blocks):
    assert what_keeps(phase, replace(_DONE, **changed)) == blocks


def test_the_phases_follow_one_another():
    assert [next_phase(phase) for phase in Phase] == [Phase.CANARY, Phase.LIVE_ECON, None]
