"""How a soak moves through its phases and how it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.soak import Phase, Verdict
from tasks.rules.soak_progress import (
    FOURTEEN_DAYS,
    Move,
    Seen,
    State,
    first_phase,
    hours_left,
    move_by_hand,
    next_move,
    phase_after,
    plan_complaint,
    ticks_planned,
)

HOUR = 3_600.0
SHORT = {Phase.SHADOW: 2.0, Phase.CANARY: 2.0, Phase.LIVE_ECON: 1.0}


def seen(*verdicts, gaps=0, ladder=0):
    words = [verdict.value for verdict in verdicts]
    return Seen({word: words.count(word) for word in words}, gaps, ladder, verdicts[-1] if verdicts else None)


GOOD, BAD, IDLE = Verdict.CONTINUE, Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.mark.row("P004-307")
def test_fourteen_days_are_336_ticks():
    assert sum(ticks_planned(hours, HOUR) for hours in FOURTEEN_DAYS.values()) == 336
    assert hours_left(Phase.SHADOW, Seen(), FOURTEEN_DAYS, HOUR) == 336


@pytest.mark.parametrize(
    ("hours", "every_s", "ticks"), [(0.01, 3.0, 12), (0.02, 3.0, 24), (0, 3.0, 0), (0.1, HOUR, 1)]
)
def test_a_phase_has_as_many_slots_as_fit(hours, every_s, ticks):
    assert ticks_planned(hours, every_s) == ticks


@pytest.mark.row("P004-309")
@pytest.mark.parametrize(
    ("phase", "so_far", "move"),
    [
        (Phase.SHADOW, seen(GOOD), None),
        (Phase.SHADOW, seen(GOOD, GOOD), Move(State.ACTIVE, Phase.CANARY)),
        (Phase.SHADOW, seen(GOOD, IDLE, IDLE, IDLE), None),
        (Phase.SHADOW, seen(BAD, BAD, ladder=2), None),
        (Phase.SHADOW, seen(BAD, GOOD), Move(State.ACTIVE, Phase.CANARY)),
        (Phase.CANARY, seen(GOOD, GOOD), Move(State.ACTIVE, Phase.LIVE_ECON)),
        (Phase.CANARY, seen(BAD, GOOD), Move(State.FAILED, reason="canary_failed")),
        (Phase.CANARY, seen(BAD), None),
        (Phase.LIVE_ECON, seen(GOOD), Move(State.PASSED)),
        (Phase.LIVE_ECON, seen(BAD, ladder=1), None),
    ],
)
def test_a_soak_moves_on_when_its_hours_are_done_and_nothing_keeps_it(phase, so_far, move):
    assert next_move(phase, so_far, SHORT, HOUR) == move


@pytest.mark.row("P004-309")
def test_by_hand_the_shadow_may_be_cut_short_and_the_canary_may_not():
    assert move_by_hand(Phase.SHADOW, seen(GOOD), SHORT, HOUR) == Move(State.ACTIVE, Phase.CANARY)
    assert move_by_hand(Phase.SHADOW, seen(), SHORT, HOUR) == ("no_conclusive_tick",)
    assert move_by_hand(Phase.CANARY, seen(GOOD), SHORT, HOUR) == ("hours_left",)
    assert move_by_hand(Phase.CANARY, seen(BAD, GOOD, GOOD), SHORT, HOUR) == ("canary_failed",)


@given(
    st.lists(st.sampled_from(list(Verdict)), max_size=400),
    st.integers(0, 400),
    st.integers(0, 3),
    st.floats(0.001, 500),
)
@pytest.mark.row("P004-309")
def test_no_capital_goes_live_after_a_canary_that_failed_or_was_never_seen(verdicts, gaps, ladder, hours):
    so_far = seen(*verdicts, gaps=gaps, ladder=ladder)
    plan = SHORT | {Phase.CANARY: hours}
    for move in (next_move(Phase.CANARY, so_far, plan, HOUR), move_by_hand(Phase.CANARY, so_far, plan, HOUR)):
        if isinstance(move, Move) and move.phase is Phase.LIVE_ECON:
            assert Verdict.FAIL not in verdicts
            assert so_far.conclusive >= ticks_planned(hours, HOUR) >= 1


def test_a_phase_without_hours_is_left_out_but_never_the_canary_before_capital():
    assert first_phase({Phase.CANARY: 24.0}) is Phase.CANARY
    assert phase_after(Phase.SHADOW, {Phase.LIVE_ECON: 1.0}) is Phase.LIVE_ECON
    assert plan_complaint({Phase.SHADOW: 1.0, Phase.LIVE_ECON: 1.0}) == "canary_required"
    assert plan_complaint({}) == "no_hours"
    assert plan_complaint(SHORT) is None
