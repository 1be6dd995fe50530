"""What speaks against an environment, code by code (runbook 002, "ENV & Flags")."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.guard.environment import Assignment, Given, Severity, environment_said, finding_said, findings
from tasks.rules.guard.hints import CODES
from tasks.rules.guard.profiles import LIMITS, PROFILE_VARIABLES, Profile, profile_of
from tasks.rules.guard.sample import MARKER, sample_of, secrets_of
from tasks.rules.guard.values import problem_with
from tasks.rules.guard.variable import Holds
from tasks.rules.guard.variables import GUARDS, KNOWN, variables

TABLE = """
SAFE_MODE EXEC_PROFILE FF_PRETRADE_STRICT FF_RISK_LIMITS FF_IDEMPOTENCY_OUTBOX FF_ROUTER_COOLDOWN
FF_ORDER_TIMEOUTS FF_READINESS_AGG_GUARD IDEMPOTENCY_WINDOW_SEC IDEMPOTENCY_MAX_KEYS ORDER_TRACKER_TTL
ORDER_TRACKER_MAX ROUTER_COOLDOWN_SEC_DEFAULT ROUTER_COOLDOWN_REASON_MAP SUBMIT_ACK_TIMEOUT_SEC
FILL_TIMEOUT_SEC METRICS_PATH METRICS_BUCKETS_MS READINESS_TTL_SEC READINESS_REQUIRED
"""
FATAL = """
APPROVE_TOKEN API_TOKEN RUNTIME_STATE_PATH POSITIONS_STORE_PATH PNL_HISTORY_PATH HEDGE_LOG_PATH
OPS_ALERTS_FILE OPS_APPROVALS_FILE
"""
BEYOND = """
READINESS_OK ALLOW_LIVE_TRADING LIVE_TRADING_ALLOWED_VENUES LIVE_TRADING_ALLOWED_STRATEGIES PROMOTION_STAGE
PROMOTION_ALLOWED_NEXT MAX_TOTAL_NOTIONAL_USDT DAILY_LOSS_CAP_USDT MAX_OPEN_POSITIONS
MAX_NOTIONAL_PER_POSITION_USDT MAX_LEVERAGE DRY_RUN_MODE TELEGRAM_ENABLE TELEGRAM_BOT_TOKEN TELEGRAM_CHAT_ID
AUTO_HEDGE_ENABLED RISK_CAP_VENUE RISK_CAP_SYMBOL RISK_CAP_STRATEGY RISK_DAILY_LOSS RISK_DAILY_COOLOFF_SEC
RISK_MAX_CONSEC_REJECTS RISK_REJECTS_COOLOFF_SEC FF_DAILY_LOSS_CAP DAILY_LOSS_CAP_USD_GLOBAL
INTRADAY_DRAWDOWN_CAP_USD_GLOBAL PNL_CAPS_COOLOFF_MIN FF_MD_WATCHDOG STALE_P95_LIMIT_MS STALE_P95_WINDOW
STALE_GATE_COOLDOWN_S MD_TTL_SEC CANARY_MODE CANARY_MAX_ORDER_NOTIONAL_USD CANARY_MAX_DAILY_ORDERS
SAFE_MODE_GLOBAL SAFE_MODE_SCALE_NOTIONAL SAFE_MODE_SCALE_DAILY_LOSS API_RATE_PER_MIN API_BURST IDEM_TTL_SEC
INCIDENT_MODE_ENABLED FEATURE_LEADER_LOCK LEADER_LOCK_TTL_SEC LEADER_LOCK_STALE_SEC AUTO_HOLD_ON_SLO
SLO_LATENCY_P95_CRITICAL_MS SLO_MD_STALENESS_CRITICAL_S SLO_ORDER_ERROR_RATE_CRITICAL
HEALTH_MAX_ROUTER_IDLE_SEC HEALTH_MAX_RECON_IDLE_SEC HEALTH_MAX_LEDGER_LAG_SEC HEALTH_MAX_MARKETDATA_STALE_SEC
HEALTH_PROFILE_STRICT HEALTH_FAIL_ON_WARN PROFILE TRADING_PROFILE DEFAULT_PROFILE MODE AUTH_ENABLED
FEATURE_SLO HEALTH_GUARD_ENABLED RECON_ENABLED WATCHDOG_ENABLED HEDGE_ENABLED HEDGE_DRY_RUN
ENABLE_PLACE_TEST_ORDERS WAIT_FOR_LIVE_READINESS_ON_START DRY_RUN_ONLY
"""


def lines_of(profile, **changed):
    """The sample with every secret filled in, then changed: None takes a variable out."""
    values = dict(line.split("=", 1) for line in sample_of(profile).splitlines() if line and line[0] != "#")
    values |= {name: f"unlike-any-other-{name}" for name in secrets_of(profile)} | changed
    return tuple(Assignment(name, value) for name, value in values.items() if value is not None)


def found(profile=Profile.PAPER, *, more=(), **changed):
    given_ = Given((*lines_of(profile, **changed), *more))
    return {(one.code, one.variable) for one in findings(profile, given_)}


@pytest.mark.row("P002-150", "W002-152")
@pytest.mark.parametrize("profile", Profile)
def test_the_sample_of_each_profile_is_complete_and_finds_only_its_empty_secrets(profile):
    text = sample_of(profile)
    names = [line.split("=")[0] for line in text.splitlines() if line and line[0] != "#"]
    assert set((TABLE + FATAL + BEYOND).split()) <= set(names)
    assert len(names) == len(set(names))
    assert found(profile) == set()
    empty = Given(lines_of(profile, **dict.fromkeys(secrets_of(profile), "")))
    assert [(one.code, one.variable) for one in findings(profile, empty)] == [
        ("missing", name) for name in sorted(secrets_of(profile))
    ]


@pytest.mark.row("P002-151", "P002-152")
@pytest.mark.parametrize("profile", Profile)
def test_a_sample_starts_safe_marks_its_secrets_and_is_the_same_each_time(profile):
    lines = sample_of(profile).splitlines()
    assert {"SAFE_MODE=1", "DRY_RUN_MODE=1", "ALLOW_LIVE_TRADING=0", f"EXEC_PROFILE={profile}"} <= set(lines)
    assert not any(line.startswith("LIVE_CONFIRM") for line in lines)
    for before, line in pairwise(lines):
        name, _, value = line.partition("=")
        if name in KNOWN and KNOWN[name].holds is Holds.SECRET:
            assert (before, value) == (MARKER, "")
    assert sample_of(profile) == sample_of(profile)


@pytest.mark.row("W002-152")
def test_the_five_lines_of_the_old_sample_are_not_enough_and_every_missing_one_is_named():
    old = {"EXEC_PROFILE": "paper", "SAFE_MODE": "1", "FF_PRETRADE_STRICT": "1", "FF_READINESS_AGG_GUARD": "1"}
    old["METRICS_PATH"] = "data/metrics/metrics.prom"
    lines = tuple(Assignment(*pair) for pair in old.items())
    missing = {one.variable for one in findings(Profile.PAPER, Given(lines)) if one.code == "missing"}
    assert set(FATAL.split()) <= missing


@pytest.mark.row("P002-153", "W002-151")
@pytest.mark.parametrize(
    ("word", "profile"),
    [
        ("paper", Profile.PAPER),
        (" LIVE ", Profile.LIVE),
        ("testnet.okx", Profile.TESTNET),
        ("testnet-2", Profile.TESTNET),
        ("lvie", None),
        ("prod", None),
        ("", None),
    ],
)
def test_a_word_that_means_no_profile_is_none_and_never_paper(word, profile):
    assert profile_of(word) is profile
    if word and profile is None:
        assert ("unknown_profile", "EXEC_PROFILE") in found(EXEC_PROFILE=word)


@pytest.mark.row("W002-150")
@pytest.mark.parametrize("name", PROFILE_VARIABLES)
def test_each_of_the_four_profile_variables_must_mean_the_profile_that_is_asked_for(name):
    assert ("profile_mismatch", name) in found(Profile.LIVE, **{name: "paper"})
    assert ("missing", name) in found(Profile.LIVE, **{name: None})


@pytest.mark.row("W002-465")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"PROMOTION_STAGE": "paper_only"}, ("profile_mismatch", "PROMOTION_STAGE")),
        ({"PROMOTION_STAGE": "live_fully"}, ("unknown_profile", "PROMOTION_STAGE")),
        ({"PROMOTION_ALLOWED_NEXT": "live_canary,liv"}, ("bad_list", "PROMOTION_ALLOWED_NEXT")),
    ],
)
def test_a_stage_that_is_none_or_of_another_profile_is_an_error(changed, code):
    assert found(Profile.LIVE, **changed) == {code}
    assert (
        found(Profile.LIVE, PROMOTION_STAGE="live_canary", PROMOTION_ALLOWED_NEXT="live_full, live_canary") == set()
    )


@pytest.mark.row("W002-153")
@pytest.mark.parametrize("word", ["on", "true", "yes", "y", "True", "off", "no", "2", "1 ", " 1"])
def test_only_1_and_0_are_switches_because_safe_mode_on_leaves_the_router_open(word):
    assert ("bad_bool", "SAFE_MODE") in found(SAFE_MODE=word)


@pytest.mark.row("W002-154")
@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_off_or_unset_in_live_is_an_error(name):
    assert ("flag_off_in_live", name) in found(Profile.LIVE, **{name: "0"})
    assert ("flag_off_in_live", name) in found(Profile.LIVE, **{name: None})
    assert not any(code == "flag_off_in_live" for code, _ in found(Profile.PAPER, **{name: "0"}))


@pytest.mark.row("W002-155")
def test_the_readiness_ttl_has_two_defaults_so_it_must_be_written_down():
    assert ("missing", "READINESS_TTL_SEC") in found(READINESS_TTL_SEC=None)


@pytest.mark.row("P002-154")
@pytest.mark.parametrize(
    ("profile", "changed", "code"),
    [
        (Profile.PAPER, {"RUNTIME_STATE_PATH": None}, ("missing", "RUNTIME_STATE_PATH")),
        (Profile.PAPER, {"READINESS_TTL_SEC": " "}, ("missing", "READINESS_TTL_SEC")),
        (Profile.PAPER, {"TELEGRAM_ENABLE": "1"}, ("missing", "TELEGRAM_BOT_TOKEN")),
        (Profile.PAPER, {"AUTO_HEDGE_ENABLED": "1"}, ("missing", "OKX_API_PASSPHRASE_TESTNET")),
        (Profile.PAPER, {"SAEF_MODE": "1"}, ("unknown_variable", "SAEF_MODE")),
        (Profile.PAPER, {"FILL_TIMEOUT_SEC": "30s"}, ("not_a_number", "FILL_TIMEOUT_SEC")),
        (Profile.PAPER, {"FILL_TIMEOUT_SEC": "nan"}, ("not_a_number", "FILL_TIMEOUT_SEC")),
        (Profile.PAPER, {"FILL_TIMEOUT_SEC": "1_0"}, ("not_a_number", "FILL_TIMEOUT_SEC")),
        (Profile.LIVE, {"MAX_OPEN_POSITIONS": "0"}, ("not_positive", "MAX_OPEN_POSITIONS")),
        (Profile.LIVE, {"MAX_LEVERAGE": "-1"}, ("not_positive", "MAX_LEVERAGE")),
        (Profile.LIVE, {"API_TOKEN": "Change-Me-please"}, ("placeholder", "API_TOKEN")),
        (Profile.PAPER, {"ROUTER_COOLDOWN_REASON_MAP": "{'a': 1}"}, ("bad_json", "ROUTER_COOLDOWN_REASON_MAP")),
        (Profile.PAPER, {"ROUTER_COOLDOWN_REASON_MAP": '{"a": -1}'}, ("bad_json", "ROUTER_COOLDOWN_REASON_MAP")),
        (Profile.PAPER, {"ROUTER_COOLDOWN_REASON_MAP": "[1]"}, ("bad_json", "ROUTER_COOLDOWN_REASON_MAP")),
        (Profile.PAPER, {"READINESS_REQUIRED": " , "}, ("bad_list", "READINESS_REQUIRED")),
        (Profile.PAPER, {"METRICS_BUCKETS_MS": "5,x"}, ("not_a_number", "METRICS_BUCKETS_MS")),
        (Profile.PAPER, {"RISK_CAP_VENUE": "binance"}, ("bad_list", "RISK_CAP_VENUE")),
        (Profile.PAPER, {"RISK_CAP_VENUE": "binance:0"}, ("not_positive", "RISK_CAP_VENUE")),
        (Profile.PAPER, {"SAFE_MODE": "0"}, ("safe_mode_off", "SAFE_MODE")),
        (Profile.PAPER, {"SAFE_MODE": "0", "DRY_RUN_MODE": "0"}, ("unsafe_start", "DRY_RUN_MODE")),
        (Profile.LIVE, {"LIVE_CONFIRM": "x"}, ("confirm_in_file", "LIVE_CONFIRM")),
        (Profile.TESTNET, {"REST_URL": "https://FAPI.binance.com"}, ("endpoint_mismatch", "REST_URL")),
        (Profile.LIVE, {"REST_URL": "https://testnet.binancefuture.com"}, ("endpoint_mismatch", "REST_URL")),
        (Profile.LIVE, {"APPROVE_TOKEN": "unlike-any-other-API_TOKEN"}, ("key_reuse", "APPROVE_TOKEN")),
    ],
)
def test_each_way_to_be_wrong_has_its_code(profile, changed, code):
    assert code in found(profile, **changed)
    assert code[0] in CODES


def test_a_name_that_stands_twice_a_bad_line_a_path_and_a_file_for_all_are_findings():
    given_ = Given(
        (*lines_of(Profile.PAPER), Assignment("SAFE_MODE", "1")),
        bad_lines=(7,),
        unwritable=("METRICS_PATH",),
        exposed=("file",),
    )
    assert {(one.code, one.variable) for one in findings(Profile.PAPER, given_)} == {
        ("duplicate_variable", "SAFE_MODE"),
        ("bad_line", "line_7"),
        ("path_not_writable", "METRICS_PATH"),
        ("readable_by_others", "file"),
    }


@pytest.mark.row("P002-156", "W002-156")
@pytest.mark.parametrize("where", ["assignments", "stored", "other"])
@pytest.mark.parametrize("test_key", ["BINANCE_UM_API_KEY_TESTNET", "TESTNET_OKX_API_SECRET", "OKX_API_KEY_TESTNET"])
def test_a_test_key_that_is_any_live_key_is_found_wherever_the_live_key_stands(where, test_key):
    lines = (*lines_of(Profile.TESTNET, **{test_key: " s3cret "}),)
    live = (Assignment("LIVE_BINANCE_API_SECRET", "s3cret"),)
    places = {"assignments": Given((*lines, *live)), "stored": Given(lines, stored=live)}
    given_ = places.get(where, Given(lines, other=live))
    reused = [one for one in findings(Profile.TESTNET, given_) if one.code == "key_reuse"]
    assert [one.variable for one in reused] == [test_key]


def test_different_keys_are_not_called_the_same_and_test_keys_may_be_alike():
    lines = lines_of(Profile.TESTNET, OKX_API_KEY_TESTNET="a1", OKX_API_SECRET_TESTNET="a1")
    assert not findings(Profile.TESTNET, Given(lines, other=(Assignment("OKX_API_KEY", "b2"),)))


def test_live_keys_may_stand_in_the_store_alone():
    lines = lines_of(Profile.LIVE, OKX_API_KEY=None)
    assert ("missing", "OKX_API_KEY") in found(Profile.LIVE, OKX_API_KEY=None)
    assert not findings(Profile.LIVE, Given(lines, stored=(Assignment("OKX_API_KEY", "b2"),)))


@pytest.mark.row("P002-155")
@pytest.mark.parametrize("profile", Profile)
def test_a_limit_above_the_profiles_own_is_warned_about(profile):
    limit = LIMITS[profile].total_notional
    assert ("over_limit", "MAX_TOTAL_NOTIONAL_USDT") in found(profile, MAX_TOTAL_NOTIONAL_USDT=str(limit + 1))
    assert found(profile, MAX_TOTAL_NOTIONAL_USDT=str(limit)) == set()


def test_a_warning_alone_does_not_fail_and_a_typo_is_told_what_was_meant():
    given_ = Given((*lines_of(Profile.PAPER), Assignment("READINES_TTL_SEC", "1")))
    (one,) = findings(Profile.PAPER, given_)
    assert (one.severity, one.hint) == (Severity.WARNING, "did you mean READINESS_TTL_SEC?")
    said = environment_said(Profile.PAPER, "ab" * 32, given_, (one,)).line
    assert said.startswith(
        "env_check status=ok profile=paper file=abababababababab compared=false checked=99 errors=0 "
    )
    assert said.endswith(" codes=unknown_variable")


@pytest.mark.row("P002-157")
@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text("c4nary0123\"'{}:,=", min_size=9), max_size=6))
def test_no_finding_and_no_line_ever_holds_a_value(values):
    given_ = Given(tuple(Assignment(name, f"c4nary{value}") for name, value in values.items()))
    for one in findings(Profile.LIVE, given_):
        assert "c4nary" not in finding_said(one).line
        assert finding_said(one).line.startswith("env_finding severity=")
    assert "c4nary" not in repr(given_)


def test_every_value_of_the_table_is_good_for_what_it_holds():
    for variable in variables():
        for value in filter(None, variable.values):
            assert problem_with(variable.holds, value) is None
