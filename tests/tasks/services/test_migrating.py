"""Plans brought to real SQLite databases (runbook 003, Database Migrations)."""

import sqlite3
from contextlib import closing

import pytest

from tasks.rules.faults import Fault
from tasks.rules.services.migrations import Role
from tasks.services.migrating import Place, check_places
from tests.service_databases import (
    FILES,
    INDEXES,
    bring_up,
    checksums,
    contents,
    copies,
    dry_run,
    ledger,
    made_by_the_old_program,
    make_by_hand,
    names,
    our_plan,
    plan_of,
    rows,
)

TABLE = "CREATE TABLE a (b INTEGER)"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "service.db"


def refused(path, plan=None, **options):
    with pytest.raises(Fault) as caught:
        bring_up(path, plan, **options)
    return caught.value


@pytest.mark.row("P003-401", "P003-407", "P003-408", "W003-402")
@pytest.mark.parametrize("role", Role)
def test_a_fresh_database_gets_base_indexes_and_ledger_and_a_second_run_does_nothing(path, role):
    done = bring_up(path, role=role)
    assert (done.applied, done.adopted, done.skipped, done.created, done.copy) == (2, 0, 0, True, None)
    assert ledger(path) == FILES[role]
    assert names(path, "index") >= INDEXES[role]
    before = path.read_bytes()
    again = bring_up(path, role=role)
    assert (again.applied, again.adopted, again.skipped, again.created, again.copy) == (0, 0, 2, False, None)
    assert path.read_bytes() == before
    assert copies(path) == []


@pytest.mark.row("P003-403")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("with_ledger", "with_indexes"), [(True, True), (False, False), (False, True)])
def test_a_database_of_the_old_program_is_taken_over_and_nothing_is_made_twice(path, role, with_ledger, with_indexes):
    made_by_the_old_program(path, role, ledger=with_ledger, indexes=with_indexes)
    tables = {(n, sql) for n, sql in rows(path, "SELECT name, sql FROM sqlite_master WHERE type = 'table'")}
    done = bring_up(path, role=role)
    assert (done.applied, done.adopted, done.skipped) == ((0, 2, 0) if with_indexes else (1, 1, 0))
    assert {(n, sql) for n, sql in rows(path, "SELECT name, sql FROM sqlite_master WHERE type = 'table'")} >= tables
    assert any("'kept'" in line for line in contents(path))
    assert ledger(path) == FILES[role]
    assert set(checksums(path)) == set(FILES[role])
    if with_ledger:  # what the old program wrote down stays as it was
        assert ("2026-02-12T08:00:00+00:00",) in rows(path, "SELECT applied_at FROM _schema_migrations")
    assert bring_up(path, role=role).skipped == 2


@pytest.mark.row("P003-403")
def test_what_the_old_program_called_otherwise_is_taken_over_by_number_and_target_and_stays_in_its_ledger(path):
    made_by_the_old_program(path, Role.RUNTIME)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE _schema_migrations SET id = '001_runtime_lookups.sql'")
        conn.commit()
    assert bring_up(path).adopted == 2
    assert ledger(path) == sorted([*FILES[Role.RUNTIME], "001_runtime_lookups.sql"])
    assert (bring_up(path).skipped, len(copies(path))) == (2, 1)


@pytest.mark.row("P003-403")
def test_the_old_program_still_reads_and_writes_the_ledger(path):
    bring_up(path)
    columns = [row[1:3] for row in rows(path, "PRAGMA table_info(_schema_migrations)")]
    assert columns == [("id", "TEXT"), ("applied_at", "TEXT")]
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("INSERT INTO _schema_migrations VALUES (?, ?)", ("003_later.sql", "now"))
        conn.commit()
    assert refused(path).reason == "ledger_unknown_migration"


@pytest.mark.row("P003-403", "W003-402")
def test_the_half_made_database_that_the_old_program_left_behind_becomes_a_whole_one(path):
    make_by_hand(path, "CREATE TABLE _schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
    assert bring_up(path).applied == 2
    assert names(path, "index") >= INDEXES[Role.RUNTIME]


def test_tables_that_are_missing_are_made_beside_those_that_are_there(path):
    made_by_the_old_program(path, Role.WEBHOOK)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP TABLE bug_fix_phases")
    done = bring_up(path, role=Role.WEBHOOK)
    assert (done.applied, done.adopted) == (1, 1)
    assert "bug_fix_phases" in names(path, "table")
    assert bring_up(path, role=Role.WEBHOOK).skipped == 2


@pytest.mark.row("W003-411")
def test_a_table_of_another_shape_or_a_dropped_index_is_refused_and_named(path):
    make_by_hand(path, "CREATE TABLE issues (id TEXT PRIMARY KEY)")
    before = contents(path)
    fault = refused(path)
    assert (fault.reason, fault.fields["migration"]) == ("schema_differs", "000_runtime_base.sql")
    assert "issues.build_id" in fault.fields["missing"]
    assert contents(path) == before
    path.unlink()
    bring_up(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP INDEX idx_issues_session_id")
    assert refused(path).fields["missing"] == ("idx_issues_session_id",)


@pytest.mark.row("W003-411")
def test_an_index_of_the_right_name_over_the_wrong_columns_is_not_taken_for_the_right_one(path):
    made_by_the_old_program(path, Role.RUNTIME, ledger=False, indexes=False)
    make_by_hand(path, "CREATE INDEX idx_comments_issue_id ON comments (author)")
    assert refused(path).fields["missing"] == ("idx_comments_issue_id",)
    assert ledger(path) == ["000_runtime_base.sql"]


@pytest.mark.row("W003-411")
def test_a_column_that_a_later_file_added_and_somebody_dropped_is_named(path, tmp_path):
    plan = plan_of(tmp_path / "plan", TABLE, "ALTER TABLE a ADD COLUMN c TEXT", "CREATE UNIQUE INDEX one ON a (c)")
    assert bring_up(path, plan).applied == 3
    make_by_hand(path, "DROP INDEX one; CREATE INDEX one ON a (c)")
    assert refused(path, plan).fields["missing"] == ("one",)
    make_by_hand(path, "DROP INDEX one; ALTER TABLE a DROP COLUMN c")
    assert refused(path, plan).fields["missing"] == ("a.c", "one")


@pytest.mark.row("W003-403", "D003-407")
def test_a_file_that_fails_in_the_middle_leaves_nothing_and_names_itself(path, tmp_path):
    plan = plan_of(tmp_path / "plan", TABLE, "CREATE TABLE c (d); INSERT INTO a VALUES (1); SELECT nothing FROM c;")
    assert refused(path, plan).fields == {
        "migration": "002_runtime_step.sql",
        "sqlite": "SQLITE_ERROR",
        "applied": 0,
        "skipped": 0,
    }
    assert not path.exists()  # a plan that cannot work is met in memory, before any database
    data = plan_of(tmp_path / "plan", TABLE, "CREATE TABLE c (d); CREATE UNIQUE INDEX one ON a (b);")
    bring_up(path, plan_of(tmp_path / "first", TABLE))
    make_by_hand(path, "INSERT INTO a VALUES (7), (7)")
    fault = refused(path, data)
    assert fault.reason == "migration_apply_failed"
    assert fault.fields["sqlite"] == "SQLITE_CONSTRAINT_UNIQUE"
    assert (names(path, "table") & {"a", "c"}, ledger(path)) == ({"a"}, ["001_runtime_step.sql"])
    make_by_hand(path, "DELETE FROM a")
    assert bring_up(path, data).applied == 1


@pytest.mark.row("W003-403", "D003-407")
@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE c (d); ROLLBACK TO x;",
        "CREATE TABLE c (d); /* */ COMMIT; SELECT 1/0;",
        "ATTACH 'elsewhere.db' AS other; CREATE TABLE other.c (d);",
        "PRAGMA writable_schema = 1;",
        "SAVEPOINT x;",
        "SELECT 'open",
    ],
)
def test_no_file_ends_its_transaction_reaches_another_file_or_bends_sqlite(path, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    plan = plan_of(tmp_path / "plan", TABLE, text)
    if not plan.problems:  # the plain ones are found when the plan is read
        assert refused(path, plan).fields["migration"] == "002_runtime_step.sql"
    else:
        assert plan.reasons == ("transaction_control",)
    assert not (tmp_path / "elsewhere.db").exists()


def test_triggers_quoted_semicolons_and_comments_are_one_statement_each(path, tmp_path):
    text = (
        "CREATE TABLE log (t TEXT); -- a; b\n"
        "INSERT INTO log VALUES ('x;y;');\n"
        "CREATE TRIGGER tr AFTER INSERT ON a BEGIN INSERT INTO log VALUES ('1;');\n"
        "INSERT INTO log VALUES ('2'); END;\n"
        "/* the end; */"
    )
    assert bring_up(path, plan_of(tmp_path / "plan", TABLE, text)).applied == 2
    make_by_hand(path, "INSERT INTO a VALUES (1)")
    assert rows(path, "SELECT t FROM log") == [("x;y;",), ("1;",), ("2",)]


@pytest.mark.row("W003-405", "W003-406")
def test_an_edited_a_removed_and_a_slipped_in_file_are_refused(path, tmp_path):
    bring_up(path, plan_of(tmp_path / "plan", TABLE, "CREATE TABLE c (d)"))
    edited = plan_of(tmp_path / "edited", TABLE, "CREATE TABLE c (d, e)")
    assert refused(path, edited).reason == "migration_checksum_mismatch"
    assert refused(path, plan_of(tmp_path / "removed", TABLE)).reason == "ledger_unknown_migration"
    make_by_hand(path, "DELETE FROM _schema_migrations WHERE id = '001_runtime_step.sql'")
    assert refused(path, plan_of(tmp_path / "plan", TABLE, "CREATE TABLE c (d)")).reason == "out_of_order_migration"


@pytest.mark.row("W003-410", "D003-405")
def test_a_path_that_leads_to_nothing_makes_nothing_unless_that_is_said(tmp_path):
    assert refused(tmp_path / "typo.db", may_create=False).reason == "database_missing"
    assert refused(tmp_path / "no" / "such" / "folder.db").reason == "folder_missing"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "dangling.db").symlink_to(tmp_path / "gone.db")
    assert refused(tmp_path / "dangling.db", may_create=False).reason == "database_missing"


def test_one_file_is_not_both_databases(tmp_path):
    make_by_hand(tmp_path / "a.db", TABLE)
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    for one, other in (("a.db", "link.db"), ("new.db", "./new.db")):
        with pytest.raises(Fault, match="same_database"):
            check_places(Place(Role.RUNTIME, tmp_path / one), Place(Role.WEBHOOK, tmp_path / other))


@pytest.mark.row("P003-404", "W003-408")
def test_a_dry_run_tells_what_would_be_done_and_writes_nothing(path):
    assert dry_run(path).files == ("000_runtime_base.sql", "001_runtime_indexes.sql")
    assert list(path.parent.iterdir()) == []
    made_by_the_old_program(path, Role.RUNTIME, ledger=False, indexes=False)
    before = path.read_bytes()
    told = dry_run(path)
    assert (told.applied, told.adopted, told.skipped, told.files) == (1, 1, 0, ("001_runtime_indexes.sql",))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    bring_up(path)
    assert (dry_run(path).applied, dry_run(path).skipped) == (0, 2)


def test_our_own_plans_are_sound():
    assert [our_plan(role).problems for role in Role] == [(), ()]
