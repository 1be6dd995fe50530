"""The law of a promotion (runbook 002, Live Guard & Confirm)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.guard.promotion import OPEN, Stage, Standing, Way, may_follow, stage_of, way_to
from tasks.rules.guard.promotion_checklist import (
    Evidence,
    Papers,
    Waiver,
    blocking,
    checklist_hash,
    gates_for,
    judged,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
UPWARDS = (Stage.TESTNET, Stage.LIVE_CANARY, Stage.LIVE)


def items_of(target, hours=1.0, status="ok", commit="", waivers=None, runtime=None, said=""):
    at = NOW - timedelta(hours=hours)
    gates = gates_for(target)
    outcomes = {one.procedure: [Evidence(status, at, one.profile, said)] for one in gates if one.procedure}
    documents = {one.name: Evidence("ok", at) for one in gates}
    facts = {one.name: None for one in gates} if runtime is None else runtime
    papers = Papers(documents, waivers or {})
    return judged(target, commit, NOW, outcomes=outcomes, papers=papers, runtime=facts)


@pytest.mark.row("W002-130")
@given(st.lists(st.sampled_from(list(Standing)), max_size=8))
def test_no_walk_through_the_machine_applies_before_it_waited_for_approval(walk):
    stands, seen = Standing.CHECKLIST_OPEN, [Standing.CHECKLIST_OPEN]
    for wanted in walk:
        if may_follow(wanted, stands):
            stands = wanted
            seen.append(wanted)
    if Standing.APPLYING in seen:
        assert Standing.AWAITING_APPROVAL in seen[: seen.index(Standing.APPLYING)]
    assert all(one in OPEN for one in seen[:-1])


@given(st.sampled_from(list(Stage)), st.sampled_from(list(Stage)), st.booleans())
def test_down_is_always_allowed_and_up_is_one_stage(target, here, is_open):
    try:
        way = way_to(target, here, guard_open=is_open)
    except Refused:
        assert target.rank > here.rank + 1
        return
    assert (way is Way.DOWN) == (target.rank < here.rank)
    assert way is not Way.UP or target.rank == here.rank + 1


def test_an_unknown_profile_is_no_stage():
    assert stage_of("live", canary=True) is Stage.LIVE_CANARY
    with pytest.raises(Refused, match="profile_unknown"):
        stage_of("unknown", canary=False)


@pytest.mark.parametrize("target", UPWARDS)
def test_good_and_fresh_evidence_blocks_nothing_and_silence_blocks_everything(target):
    assert blocking(items_of(target)) == ()
    nothing = judged(target, "", NOW, outcomes={}, papers=Papers({}, {}), runtime={})
    assert len(blocking(nothing)) == len(gates_for(target))


@pytest.mark.row("P002-132")
def test_evidence_that_is_old_bad_or_of_another_commit_or_profile_blocks():
    assert {why.partition(":")[2] for why in blocking(items_of(Stage.TESTNET, hours=25))} == {"too_old"}
    assert {why.partition(":")[2] for why in blocking(items_of(Stage.TESTNET, status="fail"))} == {"status:fail"}
    other = items_of(Stage.TESTNET, commit="a" * 40, said="b" * 7)
    assert {why.partition(":")[2] for why in blocking(other)} == {"other_commit"}
    assert blocking(items_of(Stage.TESTNET, commit="a" * 40, said="a" * 7)) == ()


def test_a_good_outcome_does_not_cover_a_bad_one_after_it():
    found = [Evidence("ok", NOW - timedelta(hours=2)), Evidence("fail", NOW - timedelta(hours=1))]
    items = judged(Stage.TESTNET, "", NOW, outcomes={"smoke-guard": found}, papers=Papers({}, {}), runtime={})
    assert "smoke_guard:status:fail" in blocking(items)


@pytest.mark.row("P002-133")
@given(st.sampled_from(UPWARDS))
def test_what_must_not_be_waived_is_not(target):
    waivers = {gate.name: Waiver("because", "alice") for gate in gates_for(target)}
    bad = judged(target, "", NOW, outcomes={}, papers=Papers({}, waivers), runtime={})
    assert {one.partition(":")[0] for one in blocking(bad)} == {
        gate.name for gate in gates_for(target) if not gate.may_be_waived
    }


def test_the_hash_moves_with_a_word_or_a_waiver_and_not_with_the_clock():
    good = checklist_hash(items_of(Stage.LIVE))
    assert checklist_hash(items_of(Stage.LIVE, hours=2)) == good
    assert checklist_hash(items_of(Stage.LIVE, runtime={})) != good
    waived = [items_of(Stage.LIVE, status="fail", waivers={"metrics": Waiver(why, "alice")}) for why in ("a", "b")]
    assert len({checklist_hash(one) for one in waived}) == 2
