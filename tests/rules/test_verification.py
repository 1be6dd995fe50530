"""Whether a database is what its plan says it is."""

import pytest

from tasks.rules.plan import LedgerRow, Plan, PlanKind, Problem, compare, plan_from_files
from tasks.rules.verification import DatabaseFacts, judge_database

PLAN = plan_from_files({"0001_a.sql": b"SELECT 1", "0002_b.sql": b"SELECT 2"})
ROWS = tuple(LedgerRow(migration.id, migration.name, migration.checksum) for migration in PLAN.migrations)


def line(plan=PLAN, rows=ROWS, missing=(), invalid=(), drifted=(), has_ledger=True):
    comparison = compare(plan, rows) if has_ledger and not plan.problems else None
    return judge_database(plan, DatabaseFacts(missing, has_ledger, comparison, invalid, drifted)).line


def test_plan_and_database_that_agree_are_ok():
    assert line() == "db_verify status=ok"


def test_missing_tables_are_named():
    assert line(missing=("messages",)) == "db_verify status=fail reason=missing_tables tables=messages"


def test_an_empty_database_lacks_tables_and_ledger():
    assert line(missing=("messages",), has_ledger=False) == (
        "db_verify status=fail reason=missing_tables reasons=missing_tables,ledger_missing tables=messages"
    )


@pytest.mark.row("W001-13")
def test_a_ledger_behind_the_plan_names_what_is_not_applied():
    assert line(rows=ROWS[:1]) == "db_verify status=fail reason=ledger_behind migrations=0002_b.sql"


@pytest.mark.row("W001-9", "W001-13")
def test_a_foreign_row_is_named():
    rows = (*ROWS, LedgerRow("0003", "0003_foreign.sql", "x"))
    assert line(rows=rows) == ("db_verify status=fail reason=ledger_unknown_migration migrations=0003_foreign.sql")


@pytest.mark.row("W001-13")
def test_an_edited_file_is_named():
    rows = (ROWS[0], LedgerRow("0002", "0002_b.sql", "other"))
    assert line(rows=rows) == "db_verify status=fail reason=migration_checksum_mismatch migrations=0002_b.sql"


def test_an_unsound_plan_is_never_ok():
    plan = Plan(PlanKind.SQL, problems=(Problem("empty_plan"),))
    assert line(plan=plan) == "db_verify status=fail reason=migrations_invalid"


def test_every_difference_is_listed_and_the_first_decides():
    assert line(rows=ROWS[:1], missing=("a", "b"), invalid=("i",), drifted=("t",)) == (
        "db_verify status=fail reason=missing_tables reasons=missing_tables,ledger_behind,invalid_index,schema_drift"
        " tables=a,b migrations=0002_b.sql indexes=i drifted=t"
    )
