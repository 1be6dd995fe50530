"""The tables of the tests come from the models, those of an operator from the plan: they are the same tables."""

import importlib
from pathlib import Path

import psycopg
import pytest

from tasks import operations
from tasks.plans import read_plan
from tasks.settings import OPERATIONS_DSN
from tests.tasks.plan_folders import DSN, apply

TASKS = Path(operations.__file__).parent
LEDGERS = "('alembic_version', 'schema_migrations')"
COLUMNS = f"""SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, identity_generation
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN {LEDGERS} ORDER BY 1, 2"""
INDEXES = f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT IN {LEDGERS} ORDER BY 1"
CONSTRAINTS = f"""SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT IN {LEDGERS}
    ORDER BY 1, 2"""


@pytest.fixture
def models():
    """Every module that has a model is imported, whichever tests run beside this one."""
    for path in TASKS.rglob("*.py"):
        if "operations import Base" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(("tasks", *path.relative_to(TASKS).with_suffix("").parts)))
    return operations.Base.metadata


def test_the_operations_plan_builds_from_nothing_what_the_models_say(database, models, monkeypatch):
    monkeypatch.setenv(DSN, database)
    monkeypatch.setenv(OPERATIONS_DSN, database)
    apply(read_plan.fn("migrations/operations"))
    with psycopg.connect(database, autocommit=True) as connection:
        planned = {query: connection.execute(query).fetchall() for query in (COLUMNS, INDEXES, CONSTRAINTS)}
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        with operations.session() as active:
            models.create_all(active.connection())
        for query, rows in planned.items():
            assert rows == connection.execute(query).fetchall()
    assert {row[0] for row in planned[COLUMNS]} == set(models.tables)
