"""The outcome contract: what may leave, in which form, with which exit code (design, "The outcome contract")."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.contracts import REGISTRY
from tasks.rules.contracts.database import DB_BOOTSTRAP, DB_VERIFY
from tasks.rules.contracts.health import OPS_DAILY_WATCHDOG
from tasks.rules.contracts.production import PROD_CONFIG, RETENTION_REPORT
from tasks.rules.outcome import COMMON_REASONS, Contract, Form, Key, Kind, Status, checked

MARK = Contract("QUICK_CMDS", (Status.OK,), "004", form=Form.MARK, words={Status.OK: "PLAN"})
RESULT = Contract(
    "RESULT",
    (Status.OK, Status.FAIL),
    "004",
    form=Form.RESULT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
    keys=(Key("missing", Kind.COUNT), Key("stale", Kind.COUNT)),
)
EVENT = Contract("full_accept", (Status.OK,), "004", form=Form.EVENT, keys=(Key("errors", Kind.COUNT),))


def test_keys_stand_in_the_order_of_the_token_whatever_order_they_came_in():
    said = DB_BOOTSTRAP.says(Status.OK, skipped=2, applied=15, mode="apply_migrations")
    assert said.line == "db_bootstrap status=ok mode=apply_migrations applied=15 skipped=2"


def test_an_absent_key_is_left_out():
    assert PROD_CONFIG.says(Status.OK, required=1, missing=None).line == "prod_config status=ok required=1"


@pytest.mark.row("W001-24")
def test_ratios_have_two_digits_and_numbers_stay_numbers_in_json():
    said = OPS_DAILY_WATCHDOG.says(
        Status.HEALTHY, window_days=7, delivered_total=1000, positive_total=450, h=0.4500001
    )
    assert said.line.endswith("window_days=7 delivered_total=1000 positive_total=450 h=0.45")
    assert json.loads(said.json) == {
        "tool": "ops_daily_watchdog",
        "schema_version": 1,
        "status": "healthy",
        "window_days": 7,
        "delivered_total": 1000,
        "positive_total": 450,
        "h": 0.4500001,
    }


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (MARK.says(Status.OK), "QUICK_CMDS=PLAN"),
        (RESULT.says(Status.FAIL, missing=1, stale=0), "RESULT=FAIL missing=1 stale=0"),
        (EVENT.says(Status.OK, errors=0), "event=full_accept status=ok errors=0"),
    ],
)
def test_each_runbook_form_has_its_own_head(said, line):
    assert said.line == line


def test_a_row_is_its_values_alone_until_something_is_wrong_with_it():
    row = Contract(
        "project", (Status.OK,), "003", form=Form.ROW, keys=(Key("name", Kind.ENCODED), Key("commit", Kind.DIGEST))
    )
    said = row.says(Status.OK, commit="1f2e3d4", name="a%20b", frozen_now="2026-11-21T03:00:00Z")
    assert said.line == "a%20b 1f2e3d4"
    assert json.loads(said.json)["status"] == "ok"
    assert row.says(Status.OK, name="a b\n", commit="no").line == "project status=error reason=invalid_output_value"
    assert row.shape == "<name> <commit>"


def test_two_procedures_may_end_in_the_same_word_and_keep_their_own_names():
    sentinel = Contract(
        "cron_sentinel", (Status.OK,), "004", form=Form.RESULT, words={Status.OK: "OK"}, head="RESULT"
    )
    assert sentinel.says(Status.OK).line == "RESULT=OK"
    assert json.loads(sentinel.says(Status.OK).json)["tool"] == "cron_sentinel"
    assert sentinel.shape == "RESULT=OK"


def test_a_json_form_carries_groups_of_counts():
    said = RETENTION_REPORT.says(
        Status.OK,
        "none",
        groups={"security_events": {"total_rows": 3, "expired_rows": 0}},
        ts_utc="2026-01-02T03:04:05Z",
    )
    name, _, payload = said.line.partition(" ")
    assert name == "retention_report"
    assert json.loads(payload)["groups"] == {"security_events": {"total_rows": 3, "expired_rows": 0}}


@pytest.mark.row("P001-31", "W001-23")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.OK, 0),
        (Status.HEALTHY, 0),
        (Status.SKIPPED, 0),
        (Status.NOT_CONFIGURED, 0),
        (Status.FAIL, 1),
        (Status.ERROR, 1),
        (Status.UNHEALTHY, 2),
        (Status.INSUFFICIENT_DATA, 2),
    ],
)
def test_the_exit_code_follows_from_the_status(status, code):
    assert Contract("t", (status,), "001").says(status).exit_code == code


@pytest.mark.row("W001-26")
def test_a_key_outside_the_contract_turns_the_line_into_a_failure():
    assert PROD_CONFIG.says(Status.OK, user="ann").line == "prod_config status=fail reason=invalid_output_key"


@pytest.mark.row("W001-26", "W001-29")
def test_a_status_or_reason_outside_the_contract_turns_the_line_into_a_failure():
    assert PROD_CONFIG.says(Status.HEALTHY).line == "prod_config status=fail reason=undeclared_outcome"
    assert PROD_CONFIG.says(Status.FAIL, "bad_mood").line == "prod_config status=fail reason=undeclared_outcome"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "12x"])
def test_a_value_of_the_wrong_kind_turns_the_line_into_a_failure(value):
    said = PROD_CONFIG.says(Status.OK, required=value)
    assert said.line == "prod_config status=fail reason=invalid_output_value"


@pytest.mark.row("P001-23", "W001-21")
@pytest.mark.parametrize(
    "secret",
    ["postgres://u:pw@h/d", "postgresql://h/d", "host=h password=hunter22", "sk-abcdefgh1234", "ann@example.org"],
)
def test_a_value_that_looks_like_a_secret_cannot_get_out(secret):
    wide = Contract("t", (Status.OK, Status.FAIL), "001", keys=(Key("note", Kind.TEXT),))
    assert wide.says(Status.OK, note=secret).line == "t status=fail reason=sensitive_value_detected"


def test_the_failure_that_takes_the_place_of_a_bad_line_has_the_exit_code_of_a_failure():
    assert checked(PROD_CONFIG.says(Status.OK, user="ann")).exit_code == 1


def test_a_crash_is_sayable_by_every_token():
    for contract in REGISTRY.values():
        assert checked(contract.says(Status.ERROR, "crash")).reason == "crash"


@given(st.text(), st.sampled_from([key.name for key in DB_BOOTSTRAP.keys[3:]]))
def test_whatever_the_value_the_line_is_one_line_of_printable_ascii(text, key):
    line = DB_BOOTSTRAP.says(Status.FAIL, "verify_failed", **{key: text}).line
    assert set(line) <= set(string.printable) - set("\n\r\t\x0b\x0c")
    assert line.startswith("db_bootstrap ")


@given(st.text(alphabet=" \t\nabc", min_size=1).filter(str.strip))
def test_blanks_inside_a_value_are_folded(text):
    wide = Contract("t", (Status.OK, Status.FAIL), "001", keys=(Key("note", Kind.TEXT),))
    assert wide.says(Status.OK, note=text).line == "t status=ok note=" + "_".join(text.split())


def test_tokens_reasons_and_keys_are_plain_words_and_unique():
    for token, contract in REGISTRY.items():
        assert contract.token == token
        assert len(set(contract.reasons)) == len(contract.reasons)
        # Common to all, but the runbook names this one for db_verify itself.
        assert set(contract.reasons) & set(COMMON_REASONS) <= {"missing_tables"}, token
        names = [key.name for key in contract.keys]
        assert len(set(names)) == len(names)


def test_db_verify_speaks_as_the_runbook_does():
    assert DB_VERIFY.says(Status.OK).line == "db_verify status=ok"
    assert (
        DB_VERIFY.says(Status.NOT_CONFIGURED, "missing_dsn").line
        == "db_verify status=not_configured reason=missing_dsn"
    )
