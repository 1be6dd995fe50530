"""What a rung may be told to do."""

import pytest

from tasks.rules.soak import Action
from tasks.rules.soak_hooks import ANNOUNCE_ALL, RUNGS, Do, Hook, action_key, hooks_of

RUN = {"do": "deployment", "deployment": "matching-tuning/matching-tuning"}
CALL = {"do": "http", "url": "https://control.example/soak"}


@pytest.mark.row("P004-303")
def test_a_rung_that_is_not_declared_is_announced_only():
    assert hooks_of({}) == ANNOUNCE_ALL
    hooks = hooks_of({"DISABLE_STRAT": CALL})
    assert hooks[Action.DISABLE_STRAT].do is Do.HTTP
    assert all(hooks[rung] == Hook() for rung in RUNGS if rung is not Action.DISABLE_STRAT)


def test_a_deployment_is_not_waited_for_unless_the_file_says_so():
    assert hooks_of({"TUNE_DRY": RUN})[Action.TUNE_DRY].timeout_s == 0
    assert hooks_of({"TUNE_DRY": RUN | {"timeout_s": 30}})[Action.TUNE_DRY].timeout_s == 30


@pytest.mark.row("P004-303")
@pytest.mark.parametrize(
    "table",
    [
        {"NONE": {"do": "announce"}},
        {"TUNE_DRY": {"do": "explode"}},
        {"TUNE_DRY": "announce"},
        {"TUNE_DRY": {"do": "announce", "url": "https://control.example"}},
        {"TUNE_DRY": RUN | {"deployment": "matching-tuning"}},
        {"TUNE_DRY": RUN | {"parameters": "execute"}},
        {"TUNE_DRY": RUN | {"timeout_s": 61}},
        {"TUNE_DRY": CALL | {"timeout_s": 0}},
        {"TUNE_DRY": CALL | {"timeout_s": True}},
        {"TUNE_DRY": CALL | {"timeout_s": float("nan")}},
        {"TUNE_DRY": CALL | {"url": "ftp://control.example"}},
        {"TUNE_DRY": CALL | {"header": "X-Api-Key"}},
        {"TUNE_DRY": CALL | {"header": "X Api", "header_env": "SOAK_TOKEN"}},
        {"TUNE_DRY": CALL | {"header": "X-Api-Key", "header_env": "not a name"}},
        {"TUNE_DRY": CALL | {"header": "X-Api-Key", "header_env": "SOAK_CONTROL"}},
        {"TUNE_DRY": CALL | {"secret": "hunter2"}},
    ],
)
def test_what_is_no_hook_is_refused_in_words_of_ours(table):
    with pytest.raises(ValueError, match=r"[a-z]") as refusal:
        hooks_of(table)
    assert "hunter2" not in str(refusal.value)


def test_every_slot_has_a_key_of_its_own():
    keys = {
        action_key(soak, phase, region, slot)
        for soak in ("a", "b")
        for phase in ("shadow", "canary")
        for region in ("eu", "us")
        for slot in ("2026-11-21T03:00:00Z", "2026-11-21T04:00:00Z")
    }
    assert len(keys) == 16
