"""What a plan still has to do in a database, whoever made it (runbook 003, Database Migrations)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.outcome import Status
from tasks.rules.plan import LedgerRow, plan_from_files
from tasks.rules.services.migration_lines import done, plan_invalid, summed
from tasks.rules.services.migrations import Found, Item, Migrated, Role, check_stage, decide, stages_of

NAMES = ("001_runtime_base.sql", "002_runtime_indexes.sql", "003_runtime_more.sql")
PLAN = plan_from_files({name: f"-- {name}\nSELECT 1;".encode() for name in NAMES})
TABLE, COLUMN, INDEX, MORE = Item("t"), Item("t.a"), Item("i", "t(a)"), Item("j", "t(a)")
SCHEMAS = (frozenset({TABLE, COLUMN}), frozenset({TABLE, COLUMN, INDEX}), frozenset({TABLE, COLUMN, INDEX, MORE}))
STAGES = stages_of(PLAN, SCHEMAS)
ROWS = tuple(LedgerRow(one.name, one.name, one.checksum) for one in PLAN.migrations)


def ours(count, schema=None):
    """A database in which we have applied the first files."""
    there = schema if schema is not None else (frozenset(), *SCHEMAS)[count]
    return Found(there, NAMES[:count], ROWS[:count], is_ours=True)


def todo(found):
    """The numbers of the files to adopt, to catch up with, to run, and how many are done."""
    decided = decide(PLAN, STAGES, found)
    parts = (decided.adopt, decided.catch_up, decided.run)
    return *("".join(stage.migration.id[-1] for stage in part) for part in parts), decided.done


def reasons(found):
    with pytest.raises(Refused) as caught:
        decide(PLAN, STAGES, found)
    return caught.value.fields.get("reasons") or (caught.value.reason,)


@pytest.mark.row("P003-401")
def test_an_empty_database_gets_all_and_one_at_the_head_nothing():
    assert todo(Found()) == ("", "", "123", 0)
    assert todo(ours(1)) == ("", "", "23", 1)
    assert todo(ours(3)) == ("", "", "", 3)
    assert decide(PLAN, STAGES, ours(3)).is_nothing


@pytest.mark.row("P003-403")
def test_what_the_old_program_did_is_adopted_and_the_rest_is_run():
    assert todo(Found(SCHEMAS[0])) == ("1", "", "23", 0)
    assert todo(Found(SCHEMAS[1], (NAMES[1],))) == ("12", "", "3", 0)
    assert todo(Found(SCHEMAS[2], NAMES)) == ("123", "", "", 0)
    assert todo(Found(frozenset({TABLE}))) == ("", "", "123", 0)
    assert todo(Found(frozenset(), ())) == ("", "", "123", 0)


@pytest.mark.row("P003-403")
def test_the_old_program_knows_our_files_by_number_and_target_whatever_else_it_called_them():
    other = "2_runtime_issue_lookups.sql"
    assert todo(Found(SCHEMAS[1], (other,))) == ("12", "", "3", 0)
    assert todo(Found(SCHEMAS[2], (other, *NAMES), ROWS, is_ours=True)) == ("", "", "", 3)
    assert reasons(Found(SCHEMAS[0], (other,))) == ("schema_differs",)


@pytest.mark.row("P003-403")
@pytest.mark.parametrize(
    "names", [("002_webhook_indexes.sql",), ("002_indexes.sql",), ("002_runtime_one.sql", "002_runtime_other.sql")]
)
def test_a_file_of_the_old_program_that_is_none_of_ours_or_one_of_two_is_a_stranger(names):
    assert reasons(Found(SCHEMAS[2], names)) == ("ledger_unknown_migration",)


@pytest.mark.row("P003-403")
def test_what_is_missing_before_an_adopted_file_is_run_together_with_the_adoption():
    without_the_column = SCHEMAS[1] - {COLUMN}
    assert todo(Found(without_the_column, (NAMES[1],))) == ("2", "1", "3", 0)


def test_a_file_that_the_old_program_applied_after_us_is_adopted_too():
    assert todo(Found(SCHEMAS[1], NAMES[:2], ROWS[:1], is_ours=True)) == ("2", "", "3", 1)


@pytest.mark.row("W003-411")
def test_an_index_that_the_ledger_has_and_the_database_has_not_is_named():
    for found in (ours(3, SCHEMAS[2] - {INDEX}), Found(SCHEMAS[0], (NAMES[1],))):
        with pytest.raises(Refused) as caught:
            decide(PLAN, STAGES, found)
        assert (caught.value.reason, caught.value.fields["missing"]) == ("schema_differs", ("i",))


@pytest.mark.row("W003-405", "W003-406")
def test_edited_unknown_and_slipped_in_files_are_refused_and_all_of_them_are_said():
    edited = (LedgerRow(NAMES[0], NAMES[0], "edited"), *ROWS[1:])
    assert reasons(Found(SCHEMAS[2], NAMES, edited, is_ours=True)) == ("migration_checksum_mismatch",)
    assert reasons(Found(SCHEMAS[2], (NAMES[0], NAMES[2]), (ROWS[0], ROWS[2]), is_ours=True)) == (
        "out_of_order_migration",
    )
    assert reasons(Found(SCHEMAS[0], ("009_theirs.sql",))) == ("ledger_unknown_migration",)
    worst = Found(SCHEMAS[2], (NAMES[1], "009_theirs.sql"), (LedgerRow("", NAMES[1], "edited"),), is_ours=True)
    assert reasons(worst) == (
        "migration_checksum_mismatch",
        "ledger_unknown_migration",
        "out_of_order_migration",
    )


def test_a_number_that_another_file_of_ours_has_in_the_ledger_is_unknown_and_not_that_file():
    other = "001_runtime_other.sql"
    renamed = Found(SCHEMAS[0], (other,), (LedgerRow("001", other, ROWS[0].checksum),), is_ours=True)
    assert "ledger_unknown_migration" in reasons(renamed)


def test_a_file_that_left_a_table_of_another_shape_is_refused():
    with pytest.raises(Refused) as caught:
        check_stage(STAGES[1], SCHEMAS[1] - {COLUMN}, applied=1, skipped=0)
    assert caught.value.fields["missing"] == ("t.a",)
    check_stage(STAGES[1], SCHEMAS[2], applied=1, skipped=0)


@given(st.sets(st.sampled_from([TABLE, COLUMN, INDEX, MORE])), st.sets(st.sampled_from(NAMES)), st.booleans())
def test_every_file_is_in_exactly_one_place_or_all_of_it_is_refused(schema, known, is_ours):
    rows_of_ours = tuple(row for row in ROWS if row.filename in known) if is_ours else ()
    try:
        decided = decide(PLAN, STAGES, Found(frozenset(schema), tuple(sorted(known)), rows_of_ours, is_ours))
    except Refused:
        return
    placed = [stage.migration for stage in (*decided.adopt, *decided.catch_up, *decided.run)]
    assert len(placed) == len(set(placed))
    assert len(placed) + decided.done == len(PLAN.migrations)
    assert list(decided.run) == [stage for stage in STAGES if stage in decided.run]


@pytest.mark.row("P003-402", "P003-405")
def test_the_lines_add_up_and_no_failure_hides_the_other_database():
    good = done(Role.RUNTIME, Migrated(2, 0, 0, copy="runtime-20261121T030000Z.db"), dry_run=False)
    bad = plan_invalid(Role.WEBHOOK, plan_from_files({"003_webhook_late.sql": b"SELECT 1;"}))
    assert good.line.endswith("applied=2 adopted=0 skipped=0 copy=runtime-20261121T030000Z.db")
    assert bad.line.endswith("reason=migrations_invalid database=webhook reasons=migration_gap files=0001-0002")
    assert summed({Role.RUNTIME: good, Role.WEBHOOK: bad}, dry_run=False).line == (
        "run_migrations status=fail reason=migrations_invalid mode=apply failed=webhook applied=2 adopted=0 skipped=0"
    )
    planned = done(Role.WEBHOOK, Migrated(1, 1, 0, ("a.sql",)), dry_run=True)
    nothing = done(Role.RUNTIME, Migrated(0, 0, 2), dry_run=True)
    assert (planned.status, nothing.status) == (Status.PLANNED, Status.OK)
    both = summed({Role.RUNTIME: nothing, Role.WEBHOOK: planned}, dry_run=True)
    assert both.line == "run_migrations status=planned mode=dry_run applied=1 adopted=1 skipped=2"
