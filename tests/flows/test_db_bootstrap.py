"""Runbook 001, Production bootstrap, steps 2 to 4."""

import pytest

from flows.production.db_bootstrap import Mode, db_bootstrap
from flows.production.db_verify import db_verify
from tests.tasks.plan_folders import OUR_OWN

pytestmark = pytest.mark.usefixtures("prefect_server")
DSN = "POSTGRES_DSN_PROD"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.mark.row("P001-4", "P001-29")
def test_a_dry_run_needs_no_database_and_is_the_default(capsys):
    assert db_bootstrap(return_state=True).is_completed()
    assert said(capsys) == f"db_bootstrap_dry_run status=ok migrations={OUR_OWN}\n"


@pytest.mark.row("P001-5", "P001-6", "P001-7", "W001-26")
def test_apply_verify_and_apply_again_say_the_runbooks_lines(capsys, monkeypatch, database):
    monkeypatch.setenv(DSN, database)
    db_bootstrap(Mode.APPLY_MIGRATIONS, return_state=True)
    db_verify(return_state=True)
    db_bootstrap(Mode.ALL, return_state=True)
    db_bootstrap(Mode.VERIFY, return_state=True)
    assert said(capsys).splitlines() == [
        f"db_bootstrap status=ok mode=apply_migrations applied={OUR_OWN} skipped=0",
        "db_verify status=ok",
        f"db_bootstrap status=ok mode=all applied=0 skipped={OUR_OWN}",
        "db_bootstrap status=ok mode=verify",
    ]


@pytest.mark.row("W001-12", "P001-25", "D001-1")
@pytest.mark.parametrize("mode", [Mode.APPLY_MIGRATIONS, Mode.VERIFY, Mode.ALL])
@pytest.mark.parametrize("value", [None, "  "])
def test_without_a_dsn_nothing_but_a_dry_run_is_ok(capsys, monkeypatch, mode, value):
    if value is not None:
        monkeypatch.setenv(DSN, value)
    assert db_bootstrap(mode, return_state=True).is_failed()
    assert said(capsys) == f"db_bootstrap status=fail mode={mode} reason=dsn_missing env=POSTGRES_DSN_PROD\n"


@pytest.mark.row("P001-13", "D001-1")
def test_db_verify_without_a_dsn_is_not_configured_and_no_failure(capsys):
    state = db_verify(return_state=True)
    assert state.name == "NotConfigured"
    assert said(capsys) == "db_verify status=not_configured reason=missing_dsn\n"


@pytest.mark.row("P001-20", "P001-25", "W001-11", "D001-3")
def test_a_database_that_is_down_is_a_connect_failure_everywhere(capsys, monkeypatch):
    monkeypatch.setenv(DSN, "postgresql://ops:s3cret@127.0.0.1:9/app")
    db_verify(return_state=True)
    db_bootstrap(Mode.APPLY_MIGRATIONS, return_state=True)
    db_bootstrap(Mode.VERIFY, return_state=True)
    assert said(capsys).splitlines() == [
        "db_verify status=fail reason=db_connect_failed",
        "db_bootstrap status=fail mode=apply_migrations reason=db_connect_failed env=POSTGRES_DSN_PROD",
        "db_bootstrap status=fail mode=verify reason=verify_failed reasons=db_connect_failed",
    ]


@pytest.mark.row("W001-14", "D001-2")
def test_a_malformed_dsn_is_named_by_its_variable_and_never_shown(capsys, monkeypatch):
    monkeypatch.setenv(DSN, "hunter2 is not a dsn")
    db_verify(return_state=True)
    db_bootstrap(Mode.ALL, return_state=True)
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "db_verify status=fail reason=invalid_dsn",
        "db_bootstrap status=fail mode=all reason=invalid_dsn env=POSTGRES_DSN_PROD",
    ]
    assert "hunter2" not in printed.out + printed.err


@pytest.mark.row("W001-10", "P001-12", "D001-9")
def test_a_plan_with_problems_is_refused_before_the_database_is_touched(capsys, monkeypatch, database, tmp_path):
    monkeypatch.setenv(DSN, database)
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    (tmp_path / "0003_c.sql").write_text("SELECT 1")
    (tmp_path / "notes.txt").write_text("")
    db_bootstrap(plan=str(tmp_path), return_state=True)
    db_bootstrap(Mode.APPLY_MIGRATIONS, plan=str(tmp_path), return_state=True)
    assert said(capsys).splitlines() == [
        "db_bootstrap_dry_run status=fail reason=migration_gap reasons=migration_gap,stray_file files=0002,notes.txt",
        "db_bootstrap status=fail mode=apply_migrations reason=migrations_invalid reasons=migration_gap,stray_file"
        " migration=unknown sqlstate=na",
    ]


@pytest.mark.row("W001-26")
def test_all_ends_in_one_line_that_names_what_verify_found(capsys, monkeypatch, database, tmp_path):
    monkeypatch.setenv(DSN, database)
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (b int)")
    db_bootstrap(Mode.ALL, plan=str(tmp_path), return_state=True)
    assert said(capsys) == (
        "db_bootstrap status=fail mode=all reason=verify_failed reasons=missing_tables applied=1 skipped=0\n"
    )
