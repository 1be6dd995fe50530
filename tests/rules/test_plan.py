"""What a migration plan is, and what a ledger says about it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.outcome import checked
from tasks.rules.plan import (
    LedgerRow,
    Plan,
    PlanKind,
    Problem,
    checksum_of,
    compare,
    gaps,
    judge_plan,
    plan_from_files,
    refusal,
    shown,
)

SQL = b"SELECT 1;\n"
FIVE = {f"{number:04d}_step.sql": f"SELECT {number};".encode() for number in range(1, 6)}


def reasons(files: dict[str, bytes | None]) -> tuple[str, ...]:
    return plan_from_files(files).reasons


def ledger_of(plan: Plan) -> list[LedgerRow]:
    return [LedgerRow(migration.id, migration.name, migration.checksum) for migration in plan.migrations]


def test_a_sound_plan_has_its_migrations_in_order():
    plan = plan_from_files(FIVE)
    assert plan.problems == ()
    assert [migration.id for migration in plan.migrations] == ["0001", "0002", "0003", "0004", "0005"]
    assert judge_plan(plan).line == "db_bootstrap_dry_run status=ok migrations=5"


@pytest.mark.row("P001-12", "W001-9", "D001-9")
@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, ("empty_plan",)),
        ({"README.md": None}, ("empty_plan",)),
        ({"notes.txt": None}, ("empty_plan", "stray_file")),
        ({"0001_a.sql": None}, ("missing_migration",)),
        ({"0001_a.sql": SQL, "first.sql": SQL}, ("invalid_migration_name",)),
        ({"0001_a.sql": SQL, "0002.sql": SQL}, ("invalid_migration_name",)),
        ({"0001_a.sql": SQL, "0002_ä.sql": SQL}, ("invalid_migration_name",)),
        ({"0001_a.sql": SQL, "0001_b.sql": SQL}, ("duplicate_migration_id",)),
        ({"0001_a.sql": SQL, "1_b.sql": SQL}, ("duplicate_migration_id",)),
        ({"10_b.sql": SQL, "9_a.sql": SQL}, ("non_increasing_migration_id", "migration_gap")),
        ({"0001_a.sql": SQL, "0003_c.sql": SQL}, ("migration_gap",)),
        ({"0002_b.sql": SQL}, ("migration_gap",)),
        ({"0001_a.sql": SQL, "0002_b.sql~": None}, ("stray_file",)),
        ({"0001_a.sql": SQL, "old": None}, ("stray_file",)),
        ({"0001_a.sql": b"\xff\xfe"}, ("unreadable_migration",)),
        ({"0001_a.sql": b"SELECT '\0'"}, ("unreadable_migration",)),
        ({"0001_a.sql": b" \n"}, ("unreadable_migration",)),
    ],
)
def test_each_way_of_being_unsound_has_its_reason(files, found):
    assert reasons(files) == found


@pytest.mark.row("D001-9")
def test_all_problems_are_listed_and_the_first_decides():
    plan = plan_from_files({"0001_a.sql": SQL, "0001_b.sql": SQL, "0004_d.sql": SQL, "x.sql": SQL, "y.txt": None})
    assert judge_plan(plan).line == (
        "db_bootstrap_dry_run status=fail reason=invalid_migration_name"
        " reasons=invalid_migration_name,duplicate_migration_id,migration_gap,stray_file"
        " files=x.sql,0001_a.sql,0001_b.sql,0002-0003,y.txt"
    )


def test_hidden_files_and_companions_are_no_strays():
    assert reasons({"0001_a.sql": SQL, ".gitkeep": None, "README.md": None, "__init__.py": None}) == ()


def test_line_ends_do_not_change_a_checksum_and_anything_else_does():
    assert checksum_of("a\nb\n") == checksum_of("a\r\nb\r\n") == checksum_of("a\rb\r")
    assert checksum_of("a\nb\n") != checksum_of("a\nb")


def test_the_checksum_is_the_sha256_of_the_text():
    plan = plan_from_files({"0001_a.sql": b"SELECT 1;\r\n"})
    assert plan.migrations[0].checksum == "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd"


def test_a_fresh_ledger_leaves_all_to_do():
    compared = compare(plan_from_files(FIVE), [])
    assert (len(compared.applied), len(compared.pending), compared.refusals) == (0, 5, ())


def test_an_edited_applied_file_is_refused_by_name():
    plan = plan_from_files(FIVE)
    edited = plan_from_files({**FIVE, "0002_step.sql": b"SELECT 22;"})
    compared = compare(edited, ledger_of(plan))
    assert compared.refusals == (Problem("migration_checksum_mismatch", ("0002_step.sql",)),)
    fault = refusal(compared.refusals, len(compared.applied))
    assert (fault.reason, fault.fields["migration"], fault.fields["skipped"]) == (
        "migration_checksum_mismatch",
        "0002_step.sql",
        4,
    )


def test_a_row_that_no_file_has_is_refused_by_name():
    rows = [*ledger_of(plan_from_files(FIVE)), LedgerRow("0006", "0006_elsewhere.sql", "x")]
    assert compare(plan_from_files(FIVE), rows).refusals == (
        Problem("ledger_unknown_migration", ("0006_elsewhere.sql",)),
    )


def test_a_hole_below_the_newest_applied_migration_is_out_of_order():
    rows = [row for row in ledger_of(plan_from_files(FIVE)) if row.id not in ("0002", "0005")]
    compared = compare(plan_from_files(FIVE), rows)
    assert compared.refusals == (Problem("out_of_order_migration", ("0002_step.sql",)),)
    assert [migration.id for migration in compared.pending] == ["0002", "0005"]


def test_alembic_judges_the_order_of_its_own_graph():
    plan = plan_from_files(FIVE)
    graph = Plan(PlanKind.ALEMBIC, plan.migrations)
    assert compare(graph, ledger_of(plan)[3:]).refusals == ()


def test_every_objection_is_listed():
    rows = [LedgerRow("0003", "0003_step.sql", "edited"), LedgerRow("0009", "0009_x.sql", "x")]
    fault = refusal(compare(plan_from_files(FIVE), rows).refusals, 0)
    assert fault.fields["reasons"] == (
        "migration_checksum_mismatch",
        "ledger_unknown_migration",
        "out_of_order_migration",
    )


@given(st.sets(st.integers(0, 200), min_size=1))
def test_the_gaps_and_the_numbers_together_are_gapless(numbers):
    filled = set(numbers)
    for gap in gaps(numbers):
        first, _, last = gap.partition("-")
        missing = set(range(int(first), int(last or first) + 1))
        assert not missing & numbers
        filled |= missing
    assert filled == set(range(min(*numbers, 1), max(numbers) + 1))


@given(st.dictionaries(st.text(max_size=100), st.one_of(st.none(), st.binary(max_size=40)), max_size=20))
def test_whatever_lies_in_a_folder_ends_in_a_line_of_the_contract(files):
    outcome = judge_plan(plan_from_files(files))
    assert checked(outcome).reason not in ("invalid_output_value", "invalid_output_key", "undeclared_outcome")
    assert outcome.line.isascii()


@given(st.integers(1, 30), st.integers(0, 30), st.data())
def test_what_is_applied_and_what_is_pending_is_the_plan(length, applied, data):
    plan = plan_from_files({f"{number:04d}_s.sql": SQL for number in range(1, length + 1)})
    compared = compare(plan, ledger_of(plan)[:applied])
    assert compared.applied + compared.pending == plan.migrations
    assert compared.refusals == ()


@given(st.lists(st.text(string.printable, max_size=90), max_size=40))
def test_shown_names_are_few_and_harmless(names):
    words = shown(names)
    assert len(words) <= 13
    assert all(len(word) <= 80 and not set(word) & set(" \n=,@/") for word in words)
