"""Runbook 001, Production bootstrap, step 1."""

import pytest

from flows.production.prod_config import prod_config

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.row("P001-3", "P001-14", "P001-17")
def test_a_missing_variable_is_named_and_fails(capsys, monkeypatch):
    state = prod_config(return_state=True)
    assert capsys.readouterr().out == "prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD\n"
    assert state.is_failed()
    assert state.message == "prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD"


@pytest.mark.row("W001-28", "D001-2")
def test_a_value_that_is_no_dsn_is_named_and_never_shown(capsys, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "hunter2 is not a dsn")
    prod_config(return_state=True)
    printed = capsys.readouterr()
    assert printed.out == "prod_config status=fail reason=invalid_env invalid=POSTGRES_DSN_PROD\n"
    assert "hunter2" not in printed.out + printed.err


@pytest.mark.row("P001-3")
def test_a_good_variable_is_enough(capsys, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "postgresql://ops:s3cret@db.internal/app")
    state = prod_config(return_state=True)
    assert capsys.readouterr().out == "prod_config status=ok required=1\n"
    assert state.is_completed()
