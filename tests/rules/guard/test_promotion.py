"""The law of a promotion (runbook 002, Live Guard & Confirm)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.guard.observation import OBSERVED_S, Start, started_it
from tasks.rules.guard.promotion import OPEN, Stage, Standing, Way, may_follow, stage_of, way_to
from tasks.rules.guard.promotion_checklist import (
    Evidence,
    Facts,
    Papers,
    Waiver,
    Word,
    blocking,
    checklist_hash,
    gates_for,
    judged,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
UPWARDS = (Stage.TESTNET, Stage.LIVE_CANARY, Stage.LIVE)


def facts_of(outcomes=None, documents=None, waivers=None, runtime=None, **more):
    return Facts(outcomes or {}, Papers(documents or {}, waivers or {}), runtime or {}, **more)


def items_of(target, hours=1.0, status="ok", commit="", waivers=None, runtime=None, said=""):
    at = NOW - timedelta(hours=hours)
    gates = gates_for(target)
    outcomes = {
        one.procedure: [
            Evidence(status, at, one.profile, said, codes=("key_reuse",) if status == "fail" else (), compared=True)
        ]
        for one in gates
        if one.procedure
    }
    facts = {one.name: None for one in gates} if runtime is None else runtime
    documents = {one.name: Evidence("ok", at) for one in gates}
    started = Start("docker-deploy", NOW - timedelta(hours=48))
    return judged(target, commit, NOW, facts_of(outcomes, documents, waivers, facts, started=started))


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
    nothing = judged(target, "", NOW, facts_of())
    assert len(blocking(nothing)) == len(gates_for(target))


@pytest.mark.row("P002-132")
def test_evidence_that_is_old_bad_or_of_another_commit_or_profile_blocks():
    assert {why.partition(":")[2] for why in blocking(items_of(Stage.TESTNET, hours=25))} == {"too_old"}
    assert {why.partition(":")[2] for why in blocking(items_of(Stage.TESTNET, status="fail"))} == {
        "status:fail",
        "key_reuse",
    }
    other = items_of(Stage.TESTNET, commit="a" * 40, said="b" * 7)
    assert {why.partition(":")[2] for why in blocking(other)} == {"other_commit"}
    assert blocking(items_of(Stage.TESTNET, commit="a" * 40, said="a" * 7)) == ()


def test_a_good_outcome_does_not_cover_a_bad_one_after_it():
    found = [Evidence("ok", NOW - timedelta(hours=2)), Evidence("fail", NOW - timedelta(hours=1))]
    items = judged(Stage.TESTNET, "", NOW, facts_of({"smoke-guard": found}))
    assert "smoke_guard:status:fail" in blocking(items)


def item_of(name, target=Stage.LIVE, commit="", **facts):
    return next(one for one in judged(target, commit, NOW, facts_of(**facts)) if one.gate.name == name)


def test_what_is_from_the_future_or_says_that_it_did_nothing_is_no_evidence():
    ahead = Evidence("ok", NOW + timedelta(minutes=1))
    assert item_of("golden", outcomes={"golden-check": [ahead]}).why == "from_the_future"
    good = Evidence("ok", NOW - timedelta(hours=1))
    for nothing in ("skipped", "planned", "not_configured"):
        said = [good, Evidence(nothing, NOW)]
        assert item_of("golden", outcomes={"golden-check": said}).word is Word.PASS
        assert item_of("golden", outcomes={"golden-check": said[1:]}).why == "no_outcome"


@pytest.mark.row("P002-190")
def test_before_anything_goes_live_it_was_observed_for_a_quarter_of_an_hour_since_its_last_start():
    def observed(seconds, target=Stage.LIVE_CANARY):
        started = Start("rollback", NOW - timedelta(seconds=seconds))
        return item_of("observation", target, started=started)

    early, enough = observed(OBSERVED_S - 1), observed(OBSERVED_S)
    assert (early.word, early.why, early.age_s, early.evidence) == (Word.FAIL, "too_early", 899, "rollback")
    assert enough.word is observed(OBSERVED_S, Stage.LIVE).word is Word.PASS
    assert observed(-60).why == "too_early"
    assert item_of("observation").why == "no_start_known"
    assert OBSERVED_S == 15 * 60
    assert "observation" not in {gate.name for gate in gates_for(Stage.TESTNET)}


@pytest.mark.row("P002-190")
def test_that_it_is_too_early_cannot_be_waived_and_that_nobody_knows_can():
    waivers = {"observation": Waiver("an operator starts it", "alice")}
    assert item_of("observation", waivers=waivers).word is Word.WAIVED
    assert item_of("observation", waivers=waivers, started=Start("rollback", NOW)).word is Word.FAIL


@pytest.mark.row("P002-190")
@pytest.mark.parametrize(
    ("status", "reason", "fields", "started"),
    [
        ("ok", None, {"service": "runtime", "healthy_s": 0.4}, True),
        ("ok", None, {"service": "api", "healthy_s": 0.4}, False),
        ("fail", "health_timeout", {"rolled_back": "yes"}, True),
        ("fail", "build_failed", {"service": "runtime"}, False),
        ("planned", None, {"service": "runtime"}, False),
        ("ok", None, {"profile": "paper", "started": True, "stopped": "kept"}, True),
        ("ok", None, {"profile": "paper", "started": False}, False),
        ("ok", None, {"way": "down"}, True),
        ("fail", "checklist_blocked", {"way": "up"}, False),
        ("fail", "stage_not_reached", {}, True),
        ("error", "crash", {}, True),
    ],
)
def test_what_started_it_or_may_have_is_known_by_its_outcome(status, reason, fields, started):
    assert started_it(status, reason, fields, "runtime") is started


@pytest.mark.row("P002-191")
def test_evidence_is_of_this_file_this_commit_and_this_process():
    checked = {"env-check": [Evidence("ok", NOW, "live", file="ab12", compared=True)]}
    assert item_of("environment", outcomes=checked, environment="ab12cd").word is Word.PASS
    assert item_of("environment", outcomes=checked, environment="ff").why == "other_file"
    assert item_of("secrets", outcomes=checked, environment="ff").why == "other_file"
    assert item_of("environment", outcomes={"env-check": [Evidence("ok", NOW, "live")]}, environment="ff").blocks
    assert (
        item_of("acceptance", commit="a" * 7, outcomes={"smoke-acceptance": [Evidence("ok", NOW)]}).why == "no_commit"
    )
    watched = {"canary": [Evidence("ok", NOW - timedelta(hours=1))]}
    started = Start("live-promotion", NOW - timedelta(minutes=30))
    assert item_of("canary", outcomes=watched, started=started).why == "before_start"
    assert item_of("canary", outcomes=watched).word is Word.PASS


@pytest.mark.row("P002-197")
def test_findings_about_secrets_have_an_item_of_their_own():
    found = {"env-check": [Evidence("fail", NOW, "live", codes=("bad_bool", "key_reuse"))]}
    assert item_of("secrets", outcomes=found).why == "key_reuse"
    unread = {"env-check": [Evidence("fail", NOW, "live")]}
    assert item_of("secrets", outcomes=unread).why == "status:fail"
    alone = {"env-check": [Evidence("ok", NOW, "live")]}
    assert (item_of("secrets", outcomes=alone).word, item_of("environment", outcomes=alone).word) == (
        Word.MISSING,
        Word.PASS,
    )
    other = {"env-check": [Evidence("fail", NOW, "live", codes=("bad_bool",), compared=True)]}
    assert (item_of("secrets", outcomes=other).word, item_of("environment", outcomes=other).why) == (
        Word.PASS,
        "status:fail",
    )


@pytest.mark.row("P002-133")
@given(st.sampled_from(UPWARDS))
def test_what_must_not_be_waived_is_not(target):
    waivers = {gate.name: Waiver("because", "alice") for gate in gates_for(target)}
    bad = judged(target, "", NOW, facts_of(waivers=waivers))
    assert {one.partition(":")[0] for one in blocking(bad)} == {
        gate.name for gate in gates_for(target) if not gate.waivable
    }


def test_the_hash_moves_with_a_word_or_a_waiver_and_not_with_the_clock():
    good = checklist_hash(items_of(Stage.LIVE))
    assert checklist_hash(items_of(Stage.LIVE, hours=2)) == good
    assert checklist_hash(items_of(Stage.LIVE, runtime={})) != good
    waived = [items_of(Stage.LIVE, status="fail", waivers={"metrics": Waiver(why, "alice")}) for why in ("a", "b")]
    assert len({checklist_hash(one) for one in waived}) == 2
