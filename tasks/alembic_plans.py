"""Migration plans that are Alembic script directories: read, checked and applied without their env.py.

Runbook 001, Production bootstrap, steps 2 and 3. What has been applied is Alembic's own to say (`alembic_version`);
the ledger beside it keeps the checksum of every revision file, so that an edited one is found.
"""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError

from tasks.databases import fault_of
from tasks.ledger import ALEMBIC_ID, read_ledger, record
from tasks.rules.plan import (
    LedgerRow,
    Migration,
    Plan,
    PlanKind,
    Problem,
    checksum_of,
    compare,
    failed_at,
    refusal,
)


@contextmanager
def _from_source() -> Iterator[None]:
    """No compiled files: one of a revision that was edited within the same second would be run in its place."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def is_alembic(folder: Path) -> bool:
    return (folder / "env.py").is_file() and (folder / "versions").is_dir()


@_from_source()
def read_alembic_plan(folder: Path) -> Plan:
    """The revisions in the order in which they are applied; reading them runs the files' own module code."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            scripts = ScriptDirectory(folder)
            revisions = list(scripts.walk_revisions("base", "heads"))
            heads = set(scripts.get_heads())
        except Exception as broken:  # noqa: BLE001  a revision file is foreign code and may raise anything
            return Plan(PlanKind.ALEMBIC, problems=(_why_unreadable(broken),), folder=str(folder))
    twice = tuple(str(said.message).split()[1] for said in caught if "more than once" in str(said.message))
    found = (
        Problem("duplicate_migration_id", twice),
        Problem("multiple_heads", tuple(sorted(heads)) if len(heads) > 1 else ()),
    )
    problems = tuple(problem for problem in found if problem.files) or (() if revisions else (Problem("empty_plan"),))
    migrations = tuple(_migration(script.revision, Path(script.path)) for script in reversed(revisions))
    return Plan(PlanKind.ALEMBIC, migrations, problems, str(folder))


def _why_unreadable(broken: Exception) -> Problem:
    """A revision that is referred to and not there, or a file that Python cannot load; only its name is told."""
    if isinstance(broken, KeyError):
        return Problem("missing_migration", (str(broken.args[0]),))
    name = Path(broken.filename or "").name if isinstance(broken, SyntaxError) else ""
    return Problem("unreadable_migration", (name,) if name else ())


def _migration(revision: str, path: Path) -> Migration:
    return Migration(ALEMBIC_ID + revision, path.name, checksum_of(path.read_text(encoding="utf-8")))


@_from_source()
def apply_revisions(conn: psycopg.Connection, plan: Plan, dsn_env: str) -> tuple[int, int]:
    """Upgrade to the head with one transaction for each revision; how many were applied, how many skipped."""
    comparison = compare(plan, applied_revisions(conn, plan))
    skipped = len(comparison.applied)
    if problems := comparison.refusals:
        raise refusal(problems, skipped, sqlstate="na")
    adopt(conn, comparison.applied)
    done: list[str] = []
    try:
        with _sqlalchemy(conn) as connection:
            _upgrade(conn, connection, plan, done)
    except Exception as error:  # noqa: BLE001  a revision may raise anything
        cause = error.orig if isinstance(error, DBAPIError) else error
        if conn.closed and isinstance(cause, psycopg.Error):
            raise cause from None
        sqlstate, reason = (
            (cause.sqlstate, fault_of(cause, dsn_env).reason)
            if isinstance(cause, psycopg.Error)
            else (None, "db_error")
        )
        failed = comparison.pending[min(len(done), len(comparison.pending) - 1)]
        raise failed_at(failed, reason, sqlstate, len(done), skipped) from None
    return len(done), skipped


def _upgrade(conn: psycopg.Connection, connection: Connection, plan: Plan, done: list[str]) -> None:
    """Alembic's own upgrade; each revision's ledger row is written in the revision's transaction."""
    scripts = ScriptDirectory(plan.folder)
    rows = {migration.id: migration for migration in plan.migrations}

    def note(ctx: Any, step: MigrationInfo, heads: Any, run_args: Any) -> None:  # noqa: ARG001  called by keyword
        revision = str(step.up_revision_id)
        conn.execute(record(conn, rows[ALEMBIC_ID + revision]).encode())
        done.append(revision)

    def steps(current: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", current)  # what alembic.command.upgrade calls; there is no public name

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, transaction_per_migration=True, on_version_apply=note)
        with environment.begin_transaction():
            environment.run_migrations()


@_from_source()
def applied_revisions(conn: psycopg.Connection, plan: Plan) -> tuple[LedgerRow, ...]:
    """The ledger as far as Alembic agrees with it.

    A revision that was taken back counts as not applied; one that was applied by hand is taken over as it is on disk;
    one that no file has is an unknown row.
    """
    scripts = ScriptDirectory(plan.folder)
    with _sqlalchemy(conn) as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    try:
        applied = {script.revision for script in scripts.iterate_revisions(heads, "base")} if heads else set()
    except RevisionError:
        return tuple(LedgerRow(ALEMBIC_ID + head, head, "") for head in heads)
    recorded = {row.id: row for row in read_ledger(conn, PlanKind.ALEMBIC)}
    there = [migration for migration in plan.migrations if migration.id.removeprefix(ALEMBIC_ID) in applied]
    return tuple(
        recorded.get(migration.id, LedgerRow(migration.id, migration.name, migration.checksum)) for migration in there
    )


def adopt(conn: psycopg.Connection, migrations: Sequence[Migration]) -> None:
    """Give revisions that somebody applied by hand their ledger rows."""
    recorded = {row.id for row in read_ledger(conn, PlanKind.ALEMBIC)}
    for migration in migrations:
        if migration.id not in recorded:
            conn.execute(record(conn, migration).encode())


@contextmanager
def _sqlalchemy(conn: psycopg.Connection) -> Iterator[Connection]:
    """The same session for SQLAlchemy, so that the lock that it holds is the lock under which Alembic works."""
    autocommit = conn.autocommit
    if autocommit:
        conn.autocommit = False
    engine = create_engine("postgresql+psycopg://", creator=lambda: conn, poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        if autocommit and not conn.closed:
            conn.rollback()
            conn.autocommit = True
