"""Only OK may start, and nothing that was not looked at is OK (runbook 002, the quick starts)."""

from dataclasses import replace

import pytest

from tasks.rules.guard.answers import limit_pause_s
from tasks.rules.guard.environment import Finding, Severity
from tasks.rules.guard.limits import caps_in
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.start_check import (
    Check,
    LastRun,
    Level,
    authorisation_check,
    clock_check,
    confirm_check,
    environment_checks,
    limits_check,
    metrics_check,
    overall,
    profile_check,
    stands_since,
    status_of,
    suite_check,
    unread_environment,
)
from tasks.rules.guard.state import NotAState, RuntimeState, category_of, state_of
from tasks.rules.outcome import Status
from tasks.rules.records import Entry, Kept

HELD = RuntimeState("paper", "HOLD", True, True, "x", "y", False, True, True, True, False)


def level(*levels):
    return overall([Check(str(number), one) for number, one in enumerate(levels)])


@pytest.mark.row("W002-211")
def test_a_warning_is_no_pass():
    assert level(Level.OK, Level.WARN) is Level.WARN
    assert status_of(Level.WARN) is Status.UNHEALTHY
    assert level(Level.WARN, Level.FAIL) is Level.FAIL
    assert level(Level.OK, Level.OK) is Level.OK


@pytest.mark.row("P002-220")
def test_no_check_at_all_is_a_failure():
    assert level() is Level.FAIL


@pytest.mark.row("P002-221")
@pytest.mark.parametrize(
    ("last", "found"),
    [
        (None, "never_run"),
        (LastRun("fail", 10), "last_fail"),
        (LastRun("insufficient_data", 10), "last_insufficient_data"),
        (LastRun("ok", 86_401), "old_24h"),
        (LastRun("ok", 86_400), "green"),
    ],
)
def test_a_suite_counts_green_and_for_a_day(last, found):
    check = suite_check("smoke-guard", last)
    assert (check.found, check.level is Level.OK) == (found, found == "green")


@pytest.mark.row("P002-222")
def test_findings_stand_under_the_names_of_the_quick_start():
    found = [
        Finding("key_reuse", "A", Severity.ERROR, ""),
        Finding("endpoint_mismatch", "B", Severity.ERROR, ""),
        Finding("safe_mode_off", "SAFE_MODE", Severity.WARNING, ""),
        Finding("bad_bool", "C", Severity.ERROR, ""),
        Finding("missing", "D", Severity.ERROR, ""),
    ]
    said = {one.name: (one.level, one.found) for one in environment_checks(found)}
    assert said == {
        "environment": (Level.FAIL, "bad_bool+missing"),
        "keys": (Level.FAIL, "key_reuse"),
        "endpoints": (Level.FAIL, "endpoint_mismatch"),
        "safe_mode_at_start": (Level.WARN, "safe_mode_off"),
    }
    assert {one.level for one in environment_checks([])} == {Level.OK}


@pytest.mark.row("W002-201", "W002-202")
@pytest.mark.parametrize(
    ("asked", "runs", "good"),
    [
        (Profile.LIVE, "paper", False),
        (Profile.TESTNET, "testnet.okx", True),
        (Profile.TESTNET, "paper", False),
        (Profile.PAPER, "prod", False),
        (Profile.PAPER, "paper", True),
    ],
)
def test_the_profile_that_runs_has_to_be_the_one_that_was_asked_for(asked, runs, good):
    assert (profile_check(asked, runs).level is Level.OK) is good


def test_an_unknown_word_is_no_profile():
    assert category_of("lvie") == "unknown"
    assert category_of(" LIVE ") == "live"


@pytest.mark.row("P002-223")
@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("auth", True),
        ("HTTP 401 from venue", True),
        ("Signature for this request is not valid", True),
        ("order_error invalid api-key", True),
        ("author changed", False),
        ("latency 4012 ms", False),
    ],
)
def test_what_speaks_of_a_refused_key_is_an_authorisation_error(text, counts):
    assert (authorisation_check([text]).level is Level.FAIL) is counts


@pytest.mark.row("P002-224")
def test_limits_that_hold_nothing_fail_outside_paper():
    empty = RuntimeState("testnet", "HOLD", True, True, None, None, False, True, False, True, False)
    assert limits_check(Profile.TESTNET, empty).level is Level.FAIL
    assert limits_check(Profile.PAPER, empty).level is Level.WARN
    assert limits_check(Profile.LIVE, HELD).level is Level.OK


@pytest.mark.row("P002-224", "P002-460")
@pytest.mark.parametrize(
    ("said", "caps"),
    [
        ({}, {}),
        ({"daily_loss_used": 12.5, "rejects_recent": 2, "notional_remaining": {"okx": 5.0}}, {}),
        ({"daily_cooloff_sec": 3600.0, "max_consec_rejects": 3.0}, {}),
        ({"caps": {"venue": {"okx": 100.0}}}, {"caps.venue.okx": 100.0}),
        ({"per_symbol": {"okx:BTCUSDT": 5}}, {"per_symbol.okx:BTCUSDT": 5.0}),
        ({"daily_loss": 250.0}, {"daily_loss": 250.0}),
        ({"daily_loss": 0.0, "venue": {"okx": None, "binance": -1.0}}, {}),
        ({"daily_loss": True}, {}),
        ({"daily_loss": "250"}, {}),
        ({"daily_loss": float("inf"), "venue": float("nan")}, {}),
    ],
)
def test_limits_are_amounts_wherever_they_lie_and_not_what_was_used_of_them(said, caps):
    limits = {"enabled": True} | said
    data = {
        "router": {"profile": "paper", "mode": "HOLD", "safe_mode": True},
        "config": {
            "router": {"extra": {"hold_active": True, "resume_requested": False}},
            "risk_limits": limits,
        },
    }
    assert caps_in(limits) == caps
    assert state_of(data).has_caps is bool(caps)


@pytest.mark.parametrize("missing", ["profile", "mode", "safe_mode"])
def test_a_state_with_a_field_missing_is_none(missing):
    router = {"profile": "paper", "mode": "HOLD", "safe_mode": True}
    data = {
        "router": {name: value for name, value in router.items() if name != missing},
        "config": {"router": {"extra": {"hold_active": True, "resume_requested": False}}},
    }
    with pytest.raises(NotAState, match=missing):
        state_of(data)


def kept(seq, kind, key=None):
    return Kept(seq, "", "", Entry(kind, {}, None, key))


@pytest.mark.row("W002-461")
@pytest.mark.parametrize(
    ("profile", "canary", "confirmed", "found"),
    [
        ("live", True, "live-canary", "live-canary"),
        ("live", False, "live", "live"),
        ("live", False, None, "never_confirmed"),
        ("live", False, "live-canary", "for_live-canary"),
        ("paper", False, "live", "runs_paper"),
    ],
)
def test_live_needs_a_confirmation_of_the_very_stage_that_runs(profile, canary, confirmed, found):
    check = confirm_check(replace(HELD, profile=profile, canary=canary), confirmed)
    assert (check.found, check.level is Level.OK) == (found, found.startswith("live"))


@pytest.mark.row("W002-461")
@pytest.mark.parametrize(
    ("records", "stands"),
    [
        ([("promotion", "promotion-7:done")], True),
        ([("promotion", "promotion-7:verifying")], False),
        ([("promotion", "promotion-7:done"), ("promotion_down", None)], False),
        ([("promotion", "promotion-7:done"), ("canary_rolled_back", None)], False),
        ([("promotion_down", None), ("promotion", "promotion-7:done"), ("remark", None)], True),
        ([], False),
    ],
)
def test_a_confirmation_ends_when_somebody_goes_down(records, stands):
    assert stands_since("promotion-7", [kept(seq, *one) for seq, one in enumerate(records)]) is stands


@pytest.mark.row("W002-225")
@pytest.mark.parametrize(
    ("said", "seconds"),
    [("2", 2.0), ("0", 1.0), ("1.5", 1.5), ("", 2.0), ("soon", 2.0), ("30", 30.0), ("31", None), ("1795258619", 2.0)],
)
def test_a_limit_is_waited_out_though_it_says_nothing_sane(said, seconds):
    assert limit_pause_s({"x-ratelimit-reset": said} if said else {}) == seconds


def test_an_environment_that_cannot_be_read_is_good_in_no_part():
    names = [one.name for one in environment_checks([])]
    assert [(one.name, one.level) for one in unread_environment("env_file_missing")] == [
        (name, Level.FAIL) for name in names
    ]


def test_metrics_and_clock_that_say_nothing_are_no_pass():
    assert metrics_check(0, 1).level is Level.FAIL
    assert metrics_check(9, None).found == "no_textfile_yet"
    assert clock_check(None).level is Level.FAIL
    assert clock_check(-6).found == "skew_-6s"
