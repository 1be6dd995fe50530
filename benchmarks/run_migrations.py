"""What it costs to bring an empty SQLite database to the head of a plan of small files, beside the usual ways.

    python -m benchmarks.run_migrations [files] [rounds]

Each side starts from no database in every round and makes each file one transaction that waits for the disk. Ours
reads and checks the plan, tries it in memory, takes the lock, and compares the schema after every file; Alembic reads
its scripts and upgrades; the script is what the earlier program did: `executescript` and a row in a ledger.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

from alembic import command
from alembic.config import Config

from benchmarks.measuring import interleaved, report
from tasks.plans import read_plan
from tasks.rules.services.migrations import Role
from tasks.services.migrating import Place, migrate

ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
LEDGER = "CREATE TABLE _schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL)"


def main(files: int = 200, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        folder = Path(name)
        plan, revisions = _write_plans(folder, files)
        sides: dict[str, Callable[[Path], object]] = {
            "ours": lambda path: _ours(path, plan),
            "alembic upgrade, transaction per migration": lambda path: _alembic(path, revisions),
            "executescript and a ledger row for each file": lambda path: _script(path, plan),
        }
        report(f"{files} small files, from nothing", "ours", interleaved(_on_new_paths(folder, sides), rounds))
        done = {side: folder / f"done-{place}.db" for place, side in enumerate(sides)}
        for side, run in sides.items():
            run(done[side])
        again = {side: partial(run, done[side]) for side, run in sides.items()}
        report(f"{files} small files, all applied before", "ours", interleaved(again, rounds))


def _on_new_paths(folder: Path, sides: dict[str, Callable[[Path], object]]) -> dict[str, Callable[[], object]]:
    paths = (folder / f"{number}.db" for number in count())
    return {side: partial(_on_next, run, paths) for side, run in sides.items()}


def _on_next(run: Callable[[Path], object], paths: Iterator[Path]) -> object:
    return run(next(paths))


def _ours(path: Path, plan: Path) -> None:
    migrate.fn(Place(Role.RUNTIME, path, may_create=True), read_plan.fn(str(plan)), keep_copies=1, lock_wait_s=0)


def _alembic(path: Path, revisions: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(revisions))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    command.upgrade(config, "head")


def _script(path: Path, plan: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = '_schema_migrations'").fetchone():
            conn.execute(LEDGER)
        applied = {name for (name,) in conn.execute("SELECT id FROM _schema_migrations")}
        for file in sorted(plan.iterdir()):
            if file.name not in applied:
                conn.executescript(f"BEGIN;{file.read_text()}")
                conn.execute("INSERT INTO _schema_migrations VALUES (?, 'now')", (file.name,))
                conn.commit()


def _write_plans(folder: Path, files: int) -> tuple[Path, Path]:
    """The same statements as numbered SQL files and as Alembic revisions."""
    plan, revisions = folder / "plan", folder / "revisions"
    plan.mkdir()
    (revisions / "versions").mkdir(parents=True)
    (revisions / "env.py").write_text(ENVIRONMENT)
    for number in range(1, files + 1):
        table = f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT)"
        index = f"CREATE INDEX t{number}_at ON t{number} (at)"
        (plan / f"{number:04d}_table.sql").write_text(f"{table};\n{index};\n")
        before = repr(f"{number - 1:04d}") if number > 1 else None
        (revisions / "versions" / f"{number:04d}_table.py").write_text(
            f'from alembic import op\n\nrevision = "{number:04d}"\ndown_revision = {before}\n\n\n'
            f'def upgrade():\n    op.execute("{table}")\n    op.execute("{index}")\n'
        )
    return plan, revisions


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
