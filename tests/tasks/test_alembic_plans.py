"""Applying Alembic script directories to a real PostgreSQL (runbook 001, Production bootstrap, steps 2 and 3)."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tasks.migrations import Applied
from tasks.plans import read_plan
from tasks.rules.faults import Fault
from tasks.rules.plan import Plan, judge_plan
from tests.tasks.plan_folders import DSN, apply, plan_of, verify


@pytest.fixture(autouse=True)
def production(database, monkeypatch):
    monkeypatch.setenv(DSN, database)
    return database


def revisions(folder: Path, **bodies: str) -> Plan:
    """A chain of revisions `a`, `b`, ... with these upgrade bodies."""
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "env.py").write_text("raise SystemExit('env.py is not needed')\n")
    before: str | None = None
    for name, body in bodies.items():
        revision(folder, name, before, body)
        before = name
    return read_plan.fn(str(folder))


def revision(folder: Path, name: str, down: Any, body: str = "pass") -> None:
    text = f"from alembic import op\nrevision = {name!r}\ndown_revision = {down!r}\n\n\ndef upgrade():\n    {body}\n"
    (folder / "versions" / f"{name}_step.py").write_text(text)


def refusal(plan: Plan) -> dict[str, Any]:
    with pytest.raises(Fault) as caught:
        apply(plan)
    return {"reason": caught.value.reason, **{k: v for k, v in caught.value.fields.items() if v is not None}}


MAKE = "op.execute('CREATE TABLE {} (b int)')"


def test_the_operations_plan_applies_once_and_is_skipped_from_then_on():
    plan = read_plan.fn("migrations/operations")
    assert plan.problems == ()
    assert apply(plan) == Applied(len(plan.migrations), 0)
    assert apply(plan) == Applied(0, len(plan.migrations))
    assert verify(plan, "outcomes") == "db_verify status=ok"


def test_a_broken_revision_is_named_with_its_sqlstate_and_those_before_it_stay(tmp_path):
    plan = revisions(tmp_path, a=MAKE.format("a"), b=MAKE.format("a"), c=MAKE.format("c"))
    assert refusal(plan) == {
        "reason": "migration_apply_failed",
        "migration": "b_step.py",
        "sqlstate": "42P07",
        "applied": 1,
        "skipped": 0,
    }
    assert apply(revisions(tmp_path, a=MAKE.format("a"), b=MAKE.format("b"), c=MAKE.format("c"))) == Applied(2, 1)


def test_a_revision_whose_python_fails_is_named_without_a_sqlstate(tmp_path):
    said = refusal(revisions(tmp_path, a=MAKE.format("a"), b="raise RuntimeError('s3cret')"))
    assert (said["reason"], said["migration"], said["sqlstate"]) == ("migration_apply_failed", "b_step.py", "na")


def test_an_edited_applied_revision_is_found(tmp_path):
    apply(revisions(tmp_path, a=MAKE.format("a"), b=MAKE.format("b")))
    edited = revisions(tmp_path, a=MAKE.format("other"), b=MAKE.format("b"))
    assert (refusal(edited)["reason"], refusal(edited)["migration"]) == ("migration_checksum_mismatch", "a_step.py")
    assert verify(edited) == "db_verify status=fail reason=migration_checksum_mismatch migrations=a_step.py"


def test_a_database_ahead_of_the_plan_is_refused(production, tmp_path):
    plan = revisions(tmp_path, a=MAKE.format("a"))
    apply(plan)
    with psycopg.connect(production) as conn:
        conn.execute("UPDATE alembic_version SET version_num = 'elsewhere'")
    assert refusal(plan)["reason"] == "ledger_unknown_migration"
    assert "reason=ledger_behind reasons=ledger_behind,ledger_unknown_migration" in verify(plan)


def test_a_revision_that_was_taken_back_by_hand_is_applied_again(production, tmp_path):
    plan = revisions(tmp_path, a=MAKE.format("a"), b=MAKE.format("b"))
    apply(plan)
    with psycopg.connect(production) as conn:
        conn.execute("UPDATE alembic_version SET version_num = 'a'; DROP TABLE b")
    assert "ledger_behind" in verify(plan)
    assert apply(plan) == Applied(1, 1)
    assert verify(plan, "b") == "db_verify status=ok"


def test_a_database_that_was_upgraded_by_hand_is_taken_over(production, tmp_path):
    plan = revisions(tmp_path, a=MAKE.format("a"))
    with psycopg.connect(production) as conn:
        conn.execute("CREATE TABLE a (b int); CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        conn.execute("INSERT INTO alembic_version VALUES ('a')")
    assert apply(plan) == Applied(0, 1)
    assert verify(plan, "a") == "db_verify status=ok"


def test_a_merged_branch_that_comes_late_is_applied(tmp_path):
    apply(revisions(tmp_path, a=MAKE.format("a"), b=MAKE.format("b")))
    revision(tmp_path, "a2", "a", MAKE.format("a2"))
    assert read_plan.fn(str(tmp_path)).reasons == ("multiple_heads",)
    revision(tmp_path, "m", ("b", "a2"))
    assert apply(read_plan.fn(str(tmp_path))) == Applied(2, 2)


def test_a_concurrent_index_in_an_autocommit_block_is_built_under_the_same_lock(tmp_path):
    body = "with op.get_context().autocommit_block():\n        op.execute('CREATE INDEX CONCURRENTLY a_b ON a (b)')"
    assert apply(revisions(tmp_path, a=MAKE.format("a"), b=body, c=MAKE.format("c"))) == Applied(3, 0)


def test_an_sql_plan_and_an_alembic_plan_in_one_database_do_not_disturb_each_other(tmp_path):
    (tmp_path / "sql").mkdir()
    (tmp_path / "alembic").mkdir()
    files, graph = (
        plan_of(tmp_path / "sql", "CREATE TABLE x (y int)"),
        revisions(tmp_path / "alembic", a=MAKE.format("a")),
    )
    assert (apply(files), apply(graph)) == (Applied(1, 0), Applied(1, 0))
    assert (apply(files), apply(graph)) == (Applied(0, 1), Applied(0, 1))
    assert verify(files, "x") == verify(graph, "a") == "db_verify status=ok"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({}, "reason=empty_plan"),
        ({"a": "def ("}, "reason=unreadable_migration files=a.py"),
        ({"a": "raise RuntimeError('s3cret')"}, "reason=unreadable_migration"),
        ({"a": "revision = '2'\ndown_revision = '1'"}, "reason=missing_migration files=1"),
        (
            {"a": "revision = '1'\ndown_revision = None", "b": "revision = '1'\ndown_revision = None"},
            "reason=duplicate_migration_id files=1",
        ),
        (
            {"a": "revision = '1'\ndown_revision = None", "b": "revision = '2'\ndown_revision = None"},
            "reason=multiple_heads files=1,2",
        ),
    ],
)
def test_each_way_of_being_unsound_has_its_reason(tmp_path, files, line):
    revisions(tmp_path)
    for name, text in files.items():
        (tmp_path / "versions" / f"{name}.py").write_text(text)
    assert judge_plan(read_plan.fn(str(tmp_path))).line == f"db_bootstrap_dry_run status=fail {line}"
