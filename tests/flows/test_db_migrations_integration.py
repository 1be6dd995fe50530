"""Runbook 001, Incident playbooks, the db_migrations_integration gate."""

import psycopg
import pytest

from flows.production.db_migrations_integration import db_migrations_integration
from tasks.rules.faults import Refused
from tasks.scratch_databases import drop_scratch_database
from tests.tasks.plan_folders import OUR_OWN

pytestmark = pytest.mark.usefixtures("prefect_server")
DSN = "POSTGRES_DSN_TEST"


@pytest.fixture
def server(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


def scratches(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as conn:
        found = conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'watchkeeper_scratch%'").fetchall()
    return [row[0] for row in found]


def said(capsys: pytest.CaptureFixture[str], **parameters: str) -> str:
    db_migrations_integration(return_state=True, **parameters)
    return capsys.readouterr().out


@pytest.mark.row("P001-22")
def test_our_own_plan_passes_and_nothing_is_left_behind(capsys, server):
    assert said(capsys) == f"db_migrations_integration status=ok applied={OUR_OWN} skipped={OUR_OWN}\n"
    assert scratches(server) == []
    with psycopg.connect(server) as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_without_a_dsn_it_is_not_configured(capsys, monkeypatch):
    monkeypatch.delenv(DSN, raising=False)
    assert (
        said(capsys) == "db_migrations_integration status=not_configured reason=missing_dsn env=POSTGRES_DSN_TEST\n"
    )


@pytest.mark.row("P001-22")
def test_a_file_that_does_not_apply_is_named(capsys, server, tmp_path):
    (tmp_path / "0001_a.sql").write_text("CREATE TABEL a (b int)")
    assert said(capsys, plan=str(tmp_path)) == (
        "db_migrations_integration status=fail reason=apply_failed subreason=migration_apply_failed"
        " migration=0001_a.sql sqlstate=42601 applied=0 skipped=0\n"
    )
    assert scratches(server) == []


def test_a_plan_without_the_required_tables_does_not_verify(capsys, server, tmp_path):
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (b int)")
    assert said(capsys, plan=str(tmp_path)) == (
        "db_migrations_integration status=fail reason=verify_failed subreason=missing_tables\n"
    )


@pytest.mark.row("P001-22")
def test_a_file_that_keeps_its_row_out_of_the_ledger_does_not_verify(capsys, server, tmp_path):
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (b int)")
    (tmp_path / "0002_b.sql").write_text(
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER forget BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION forget();"
    )
    assert "reason=verify_failed subreason=ledger_behind" in said(capsys, plan=str(tmp_path), tables="a")


def test_a_plan_that_cannot_be_applied_twice_fails(capsys, server, tmp_path):
    """The plan brings a trigger that lets the look at the schema pass and undoes a row at the next login."""
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (b int); CREATE TABLE logins (at timestamptz)")
    (tmp_path / "0002_b.sql").write_text(
        "CREATE FUNCTION forget() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " DELETE FROM public.schema_migrations WHERE id = '0002' AND EXISTS (SELECT FROM public.logins);"
        " INSERT INTO public.logins VALUES (now()); END $$;"
        "CREATE EVENT TRIGGER forget ON login EXECUTE FUNCTION forget();"
    )
    assert said(capsys, plan=str(tmp_path), tables="a") == (
        "db_migrations_integration status=fail reason=idempotency_failed subreason=migration_apply_failed"
        " migration=0002_b.sql sqlstate=42723 applied=0 skipped=1\n"
    )
    assert scratches(server) == []


def test_a_database_that_is_not_ours_is_never_dropped(server, monkeypatch):
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("CREATE DATABASE watchkeeper_scratch_0123456789ab")
        for name in (conn.info.dbname, "watchkeeper_scratch_0123456789ab"):
            with pytest.raises(Refused) as caught:
                drop_scratch_database(DSN, name)
            assert caught.value.reason == "not_disposable"
        assert scratches(server) == ["watchkeeper_scratch_0123456789ab"]
        conn.execute("DROP DATABASE watchkeeper_scratch_0123456789ab")


def test_what_a_killed_run_left_behind_is_dropped_an_hour_later(capsys, server):
    with psycopg.connect(server, autocommit=True) as conn:
        for name, made in (
            ("watchkeeper_scratch_00000000000a", "1000"),
            ("watchkeeper_scratch_00000000000b", "9999999999"),
        ):
            conn.execute(f"CREATE DATABASE {name}")
            conn.execute(
                f"COMMENT ON DATABASE {name} IS 'Watchkeeper scratch database, may be dropped; made at {made}'"
            )
        said(capsys)
        assert scratches(server) == ["watchkeeper_scratch_00000000000b"]
        conn.execute("DROP DATABASE watchkeeper_scratch_00000000000b")
