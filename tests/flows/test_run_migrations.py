"""The procedure over both databases (runbook 003, Database Migrations)."""

import json
import shutil

import pytest

from flows.services.run_migrations import run_migrations
from tasks.plans import PROJECT_ROOT
from tasks.procedure import part, telling
from tasks.rules.services.migrations import Role
from tasks.step import without_server
from tests.by_hand import lines_of
from tests.service_databases import FILES, INDEXES, copies, ledger, made_by_the_old_program, names

RUNTIME, WEBHOOK = "orket_persistence.db", ".orket/webhook.db"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORKET_RUNTIME_DB", raising=False)
    monkeypatch.delenv("ORKET_WEBHOOK_DB", raising=False)
    return tmp_path


def said(**options):
    return lines_of(run_migrations, **options)


@pytest.mark.row("P003-400", "P003-401", "P003-407", "W003-402")
def test_the_plain_command_works_on_a_fresh_machine_and_a_second_one_does_nothing(here, prefect_server, capsys):
    assert run_migrations(return_state=True).is_completed()
    assert capsys.readouterr().out.splitlines() == [
        "run_migrations_database status=ok database=runtime applied=2 adopted=0 skipped=0 created=true",
        "run_migrations_database status=ok database=webhook applied=2 adopted=0 skipped=0 created=true",
        "run_migrations status=ok mode=apply applied=4 adopted=0 skipped=0",
    ]
    assert said()[-1] == "run_migrations status=ok mode=apply applied=0 adopted=0 skipped=4"


@pytest.mark.row("P003-404", "W003-408")
def test_a_dry_run_says_what_would_be_done_and_touches_nothing(here):
    made_by_the_old_program(here / RUNTIME, Role.RUNTIME)
    assert said(dry_run=True) == [
        "run_migrations_database status=planned database=runtime applied=0 adopted=2 skipped=0",
        "run_migrations_database status=planned database=webhook files=001_webhook_base.sql,002_webhook_indexes.sql"
        " applied=2 adopted=0 skipped=0 created=true",
        "run_migrations status=planned mode=dry_run applied=2 adopted=2 skipped=0",
    ]
    assert [path.name for path in here.iterdir()] == [RUNTIME]
    said()
    assert said(dry_run=True)[-1] == "run_migrations status=ok mode=dry_run applied=0 adopted=0 skipped=4"


@pytest.mark.row("P003-402", "W003-410")
def test_one_database_that_fails_hides_not_the_other_and_a_typo_makes_nothing(here):
    made_by_the_old_program(here / "data" / "webhook.db", Role.WEBHOOK)
    lines = said(runtime_db="data/orket_persistance.db", webhook_db="data/webhook.db")
    assert lines[0] == "run_migrations_database status=fail reason=database_missing database=runtime"
    assert lines[1] == "run_migrations_database status=ok database=webhook applied=0 adopted=2 skipped=0 copy=" + (
        copies(here / "data" / "webhook.db")[0].name
    )
    assert lines[2] == (
        "run_migrations status=fail reason=database_missing mode=apply failed=runtime applied=0 adopted=2 skipped=0"
    )
    assert not (here / "data" / "orket_persistance.db").exists()
    both = said(runtime_db="no/where.db", webhook_db="data", create=True)[-1]
    assert "reason=folder_missing mode=apply reasons=folder_missing,database_is_folder failed=runtime,webhook" in both


@pytest.mark.row("P003-402")
def test_the_variables_say_where_the_databases_are_and_a_new_one_is_made_only_when_asked_for(here, monkeypatch):
    monkeypatch.setenv("ORKET_RUNTIME_DB", str(here / "r.db"))
    monkeypatch.setenv("ORKET_WEBHOOK_DB", str(here / "w.db"))
    assert "reason=database_missing" in said()[-1]
    assert "applied=4" in said(create=True)[-1]
    assert said(runtime_db="r.db", webhook_db="./r.db") == ["run_migrations status=fail reason=same_database"]


@pytest.mark.row("D003-409")
def test_a_plan_that_is_not_sound_touches_neither_database_and_lists_all_that_is_wrong(here):
    shutil.copytree(PROJECT_ROOT / "migrations" / "runtime", here / "plans" / "runtime")
    (here / "plans" / "runtime" / "003_runtime_late.sql").write_text("SELECT 1;")
    (here / "plans" / "runtime" / "notes.txt").write_text("")
    lines = said(migration_dir=str(here / "plans"))
    assert lines[0] == (
        "run_migrations_database status=fail reason=migrations_invalid database=runtime"
        " reasons=migration_gap,stray_file files=0002,notes.txt"
    )
    assert "reasons=missing_plan" in lines[1]
    assert sorted(path.name for path in here.iterdir()) == ["plans"]


@pytest.mark.row("P003-408", "W003-411")
def test_a_release_smoke_can_run_it_inside_itself_on_databases_of_its_own(here):
    asked = {"runtime_db": "smoke/r.db", "webhook_db": "smoke/w.db", "create": True}
    (here / "smoke").mkdir()
    with without_server(), telling(lambda _: None):
        first, second = (part(run_migrations, **asked) for _ in range(2))
    assert (first.fields["applied"], second.fields["applied"], second.fields["skipped"]) == (4, 0, 4)
    for role, name in ((Role.RUNTIME, "r.db"), (Role.WEBHOOK, "w.db")):
        assert ledger(here / "smoke" / name) == FILES[role]
        assert names(here / "smoke" / name, "index") >= INDEXES[role]


def test_no_path_reaches_a_line(here):
    (here / "secret-folder").mkdir()
    lines = said(runtime_db="secret-folder", webhook_db="secret-folder/w.db", create=True)
    assert "secret-folder" not in json.dumps(lines)
