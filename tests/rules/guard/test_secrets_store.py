"""What is wrong in a store of secrets, said by slots and never by values (spec 002, 8)."""

from datetime import UTC, datetime

import pytest

from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.secrets_store import SLOTS, store_problems

NOW = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = {slot: f"value-of-{slot}" for slot in SLOTS} | {
    "approve_token": "approve-value",
    "operator_tokens": {
        "ann": {"token": "ann-value", "role": "operator"},
        "eve": {"token": "eve-value", "role": "viewer"},
    },
    "meta": {"binance_key_last_rotated": "2026-11-01T00:00:00Z", "okx_key_last_rotated": "2026-10-22"},
}


def codes(profile=Profile.LIVE, tokens=("api-value", "approve-value"), **changed):
    return [code for code, _ in store_problems(profile, GOOD | changed, tokens, NOW)]


@pytest.mark.row("P002-461")
def test_a_store_in_order_has_no_problem():
    assert codes() == []
    assert store_problems(Profile.LIVE, None, (), NOW)[0][0] == "store_missing"


@pytest.mark.row("P002-461")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"okx_passphrase": " "}, "missing"),
        ({"binance_key": "PLACEHOLDER"}, "placeholder"),
        ({"operator_tokens": {name: {"token": "same", "role": "operator"} for name in "ab"}}, "key_reuse"),
        ({"operator_tokens": {"ann": {"token": "api-value", "role": "operator"}}}, "key_reuse"),
        ({"operator_tokens": {"ann": {"token": "approve-value", "role": "operator"}}}, "key_reuse"),
        ({"operator_tokens": {"ann": {"token": "x", "role": "boss"}}}, "bad_operator"),
        (
            {"meta": {"binance_key_last_rotated": "2026-10-21T00:00:00Z", "okx_key_last_rotated": "2026-11-20"}},
            "rotation_due",
        ),
        ({"meta": {"binance_key_last_rotated": "2026-11-01"}}, "rotation_unknown"),
        ({"meta": {"binance_key_last_rotated": "soon", "okx_key_last_rotated": "2026-11-20"}}, "rotation_unknown"),
        (
            {"meta": {"binance_key_last_rotated": "2027-01-01", "okx_key_last_rotated": "2026-11-20"}},
            "rotation_unknown",
        ),
    ],
)
def test_each_problem_has_its_code_and_never_a_value(changed, code):
    assert codes(**changed) == [code]
    hints = " ".join(hint for _, hint in store_problems(Profile.LIVE, GOOD | changed, (), NOW))
    assert "-value" not in hints


def test_outside_of_live_a_store_may_lack_keys():
    assert codes(Profile.TESTNET, okx_key="") == []
