"""Runbook 004, Soak orchestration: how a soak has gone, slot by slot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.rules.journal import Head
from tasks.rules.soak import Phase, Verdict
from tasks.rules.soak_course import Band, gap_bands, phase_bands, placed, soak_page, step_of, width_of
from tasks.rules.soak_progress import FOURTEEN_DAYS, Seen, State
from tasks.rules.soak_standing import Point, Standing

START = datetime(2026, 11, 21, tzinfo=UTC)
SEEN = Seen({"CONTINUE": 9, "FAIL": 2}, gaps=1, fails_on_ladder=2, last=Verdict.FAIL)


def standing(**changed):
    asked: dict[str, Any] = {
        "state": State.ACTIVE,
        "seen": SEEN,
        "ticks": 131,
        "gaps": 1,
        "fails": 2,
        "head": Head(140, "ab" * 32),
    }
    return Standing(
        *("2026-11-21", "eu-west-1", Phase.CANARY),
        **(asked | changed),
        hours=dict(FOURTEEN_DAYS),
        every_s=3600.0,
        started_at=START + timedelta(minutes=20),
    )


def point(hour, status="CONTINUE", rung=0, phase=Phase.SHADOW):
    return Point(START + timedelta(hours=hour), phase, "eu-west-1", status, "NONE", "ok", rung)


def test_a_slot_stands_at_its_hour_since_the_soak_began():
    assert [place.at for place in placed(standing(), [point(0), point(1), point(7)])] == [0, 1, 7]


def test_a_gap_leaves_the_ladder_as_it_was_within_its_phase():
    points = [point(0, "FAIL", 1), point(1, "GAP"), point(2, "GAP"), point(3, "GAP", phase=Phase.CANARY)]
    assert [place.point.rung for place in placed(standing(), points)] == [1, 1, 1, 0]


def test_a_phase_is_one_band_and_a_run_of_gaps_another():
    points = [point(0), point(1, "GAP"), point(2, "GAP"), point(3), point(4, "GAP", phase=Phase.CANARY)]
    places = placed(standing(), points)
    assert phase_bands(places) == [Band(0, 3, "shadow"), Band(4, 4, "canary")]
    assert gap_bands(places) == [Band(1, 2, "GAP"), Band(4, 4, "GAP")]


def test_the_ladder_has_three_steps_however_many_failures_there_are():
    assert [step_of(rung) for rung in (0, 1, 2, 3, 4, 99)] == [0, 1, 2, 3, 3, 3]


@pytest.mark.parametrize(("state", "width"), [(State.ACTIVE, 132 + 85 + 120), (State.STOPPED, 132)])
def test_an_active_soak_is_as_wide_as_it_will_be_and_an_ended_one_as_it_was(state, width):
    one = standing(state=state)
    assert width_of(one, placed(one, [point(131, phase=Phase.CANARY)])) == width
    assert width_of(standing(state=State.STOPPED), []) == 1


@pytest.mark.row("P004-407")
def test_the_page_says_phase_ladder_head_and_hours_left():
    assert soak_page(standing(), [point(131, "FAIL", 2, Phase.CANARY)]) == [
        "## Soak 2026-11-21",
        "",
        "| | |",
        "|---|---|",
        "| region | eu-west-1 |",
        "| state | active |",
        "| phase | canary, 11 of 96 hours |",
        "| ladder | DISABLE_STRAT (2 failed without a good one between) |",
        "| last | 2026-11-26 11:00:00 UTC: FAIL, ok |",
        "| ticks | 131, 2 failed, 1 missed |",
        "| left | 205 hours |",
        "| keeps | hours_left, ladder_raised, canary_failed |",
        f"| journal | line 140, {'ab' * 32} |",
    ]


def test_the_page_of_a_soak_that_has_just_begun_or_ended_has_no_holes():
    begun = soak_page(standing(seen=Seen(), head=None), [])
    assert "| last | none yet |" in begun
    assert "| ladder | on the ground |" in begun
    assert "| journal | empty |" in begun
    ended = soak_page(standing(state=State.FAILED, ended="canary_failed"), [])
    assert "| state | failed (canary_failed) |" in ended
    assert "| left | none |" in ended
