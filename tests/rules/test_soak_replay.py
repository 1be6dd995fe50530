"""A journal holds all that its decisions were made from."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.soak import CAPS, Action, Facts, Phase, Thresholds, Verdict, evaluate, fails_after, next_action
from tasks.rules.soak_record import Slot, gap_record, tick_of, tick_record
from tasks.rules.soak_replay import limits_changed, replay
from tasks.rules.soak_report import canary_passed, gather
from tests.journals import tick

START = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = Facts(readiness_pct=92.0, net_bps=3.0, taker_ratio=0.12, p95_ms=300.0, p99_ms=400.0, fills=120.0)
BAD = Facts(readiness_pct=92.0, net_bps=3.0, taker_ratio=0.12, p95_ms=351.0, p99_ms=400.0)
POOR = Facts(readiness_pct=92.0, net_bps=2.2, taker_ratio=0.12, p95_ms=300.0, p99_ms=400.0)
EMPTY = Facts(readiness_pct=92.0, fills=0.0)
LOST = Facts(readiness_pct=92.0, missing=("EDGE_REPORT.json",))


def at(number: int) -> str:
    return (START + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def soaked(*facts: Facts, phase: Phase = Phase.CANARY, region: str = "eu-west-1", limits: Thresholds | None = None):
    """The records of a soak with one tick an hour, as the file gives them back."""
    limits, fails = limits or Thresholds(), 0
    records = []
    for number, one in enumerate(facts):
        decision = evaluate(one, CAPS[phase], limits)
        action = next_action(decision.verdict, fails)
        fails = fails_after(decision.verdict, fails)
        slot = Slot("soak-1", phase, region, at(number))
        why = dict.fromkeys(one.missing, "absent")
        records.append(tick_record(slot, decision, action, one, why, limits, at(number)))
    return [json.loads(json.dumps(record)) for record in records]


def test_unchanged_limits_reproduce_every_decision():
    seen = replay(soaked(GOOD, BAD, POOR, BAD, EMPTY, LOST, BAD, GOOD, BAD), {})
    assert (seen.ticks, seen.same, seen.different, seen.first_different) == (9, 9, 0, None)


_FACTS = st.builds(
    Facts,
    readiness_pct=st.floats(0, 100),
    net_bps=st.floats(-5, 5),
    taker_ratio=st.floats(0, 1),
    p95_ms=st.floats(0, 800),
    p99_ms=st.floats(0, 2_000),
    fills=st.none() | st.just(0.0) | st.floats(1, 100),
    missing=st.sampled_from([(), ("KPI_GATE.json",), ("KPI_GATE.json", "EDGE_REPORT.json")]),
)


@pytest.mark.row("P004-513")
@given(st.lists(_FACTS, max_size=20), st.sampled_from(list(Phase)))
def test_whatever_was_seen_its_decisions_come_out_again_through_the_file(facts, phase):
    seen = replay(soaked(*facts, phase=phase), {})
    assert seen.same == seen.ticks == len(facts)


def test_a_journal_made_under_other_limits_is_judged_by_those():
    assert replay(soaked(BAD, BAD, limits=Thresholds(p95_ms_max=500)), {}).same == 2


def test_stricter_limits_show_at_which_tick_the_soak_would_have_stopped():
    slower = Facts(readiness_pct=92.0, net_bps=3.0, taker_ratio=0.12, p95_ms=320.0, p99_ms=400.0)
    records = soaked(*[GOOD] * 29, slower, slower, GOOD)
    assert replay(records, {}).stopped_at is None
    seen = replay(records, {"p95_ms_max": 310.0})
    assert (seen.first_different, seen.stopped_at, seen.fails) == (30, 31, 2)
    assert replay(records, {"p95_ms_max": 310.0}, stop=Action.ROLLBACK_STEP).stopped_at == 30
    assert replay(records, {"p95_ms_max": 310.0}, stop=Action.REGION_STEP_DOWN).stopped_at is None


def test_each_phase_and_region_has_a_ladder_of_its_own():
    mixed = [*soaked(BAD), *soaked(BAD, region="us-east-1"), *soaked(BAD, phase=Phase.SHADOW)]
    assert replay(mixed, {}).stopped_at is None


def test_ticks_of_the_program_before_hold_no_facts_and_are_said_to_be_unjudged():
    seen = replay([tick(hash="x", prev_hash="GENESIS"), *soaked(GOOD)], {})
    assert (seen.ticks, seen.unjudged, seen.same) == (2, 1, 1)


def test_only_limits_that_were_given_are_changed():
    assert limits_changed({"p95_ms_max": None, "net_bps_warn": 2.7, "journal": 1.0}) == {"net_bps_warn": 2.7}


def test_what_is_no_tick_is_none():
    gap = gap_record(Slot("soak-1", Phase.CANARY, "eu-west-1", at(0)), at(1))
    assert tick_of(gap) is None
    assert tick_of({}) is None
    assert tick_of(tick(caps=None)) is None
    assert tick_of(tick()) is not None


def report(records):
    found = gather(records).chosen(None)
    return found.places if found else {}


def test_a_report_counts_per_phase_and_region_and_knows_gaps():
    records = [*soaked(GOOD, BAD, BAD, GOOD, POOR, EMPTY), *soaked(BAD, phase=Phase.SHADOW)]
    records.insert(1, gap_record(Slot("soak-1", Phase.CANARY, "eu-west-1", at(0)), at(1)))
    places = report(records)
    canary = places[Phase.CANARY, "eu-west-1"]
    assert (canary.ticks, canary.continues, canary.warns, canary.fails, canary.inconclusive, canary.gaps) == (
        6,
        2,
        1,
        2,
        1,
        1,
    )
    assert canary.mttr_s == 2 * 3_600
    assert canary.uptime_s == 3 * 3_600
    assert canary.rollback_steps == 2
    assert places[Phase.SHADOW, "eu-west-1"].mttr_s is None
    assert places[Phase.SHADOW, "eu-west-1"].failing_since is not None


@pytest.mark.parametrize(
    ("records", "passed"),
    [
        ([], False),
        (soaked(GOOD, phase=Phase.SHADOW), False),
        (soaked(EMPTY), False),
        (soaked(GOOD, POOR), True),
        (soaked(GOOD, BAD), False),
    ],
)
def test_a_canary_that_nobody_has_seen_has_not_passed(records, passed):
    assert canary_passed(report(records)) is passed


def test_the_verdicts_of_a_record_are_words_of_the_runbook():
    assert [record["status"] for record in soaked(GOOD, POOR, BAD)] == [
        Verdict.CONTINUE,
        Verdict.WARN,
        Verdict.FAIL,
    ]
