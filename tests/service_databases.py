"""Databases as the programs of before left them, plans made for a test, and what stands in a database afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tasks.plans import PROJECT_ROOT, read_plan
from tasks.rules.plan import Plan
from tasks.rules.services.migrations import Migrated, Role
from tasks.services.migrating import Place, migrate, plan_migration

PLANS = {role: str(PROJECT_ROOT / "migrations" / role) for role in Role}
LEDGER = "CREATE TABLE _schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL)"
INDEXES = {
    Role.RUNTIME: {
        "idx_issues_build_status",
        "idx_issues_session_id",
        "idx_comments_issue_id",
        "idx_card_transactions_card_id",
    },
    Role.WEBHOOK: {
        "idx_pr_review_cycles_status",
        "idx_review_failures_cycle",
        "idx_webhook_events_type_created",
    },
}
FILES = {
    Role.RUNTIME: ["000_runtime_base.sql", "001_runtime_indexes.sql"],
    Role.WEBHOOK: ["001_webhook_base.sql", "002_webhook_indexes.sql"],
}


def our_plan(role: Role = Role.RUNTIME) -> Plan:
    return read_plan.fn(PLANS[role])


def plan_of(folder: Path, *texts: str) -> Plan:
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts, start=1):
        (folder / f"{number:03d}_runtime_step.sql").write_text(text, encoding="utf-8")
    return read_plan.fn(str(folder))


def bring_up(
    path: Path,
    plan: Plan | None = None,
    role: Role = Role.RUNTIME,
    *,
    may_create: bool = True,
    keep_copies: int = 5,
    lock_wait_s: float = 0,
) -> Migrated:
    """A run over one database, as the flow does it."""
    place = Place(role, path, may_create)
    return migrate.fn(place, plan or our_plan(role), keep_copies=keep_copies, lock_wait_s=lock_wait_s)


def dry_run(path: Path, plan: Plan | None = None, role: Role = Role.RUNTIME) -> Migrated:
    return plan_migration.fn(Place(role, path, may_create=True), plan or our_plan(role))


def make_by_hand(path: Path, *statements: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        for statement in statements:
            conn.executescript(statement)
        conn.commit()
    return path


def made_by_the_old_program(path: Path, role: Role, *, ledger: bool = True, indexes: bool = True) -> Path:
    """A database in use: tables with a row, and, if the old migration script ran, its indexes and its ledger."""
    base, index_file = (Path(PLANS[role]) / name for name in FILES[role])
    statements = [base.read_text("utf-8")]
    statements.append(
        "INSERT INTO issues (id, summary) VALUES ('I-1', 'kept')"
        if role is Role.RUNTIME
        else "INSERT INTO webhook_events (event_type, payload, created_at) VALUES ('push', 'kept', '2026-02-12')"
    )
    if indexes:
        statements.append(index_file.read_text("utf-8"))
    if ledger:
        statements += [
            LEDGER,
            f"INSERT INTO _schema_migrations VALUES ('{FILES[role][1]}', '2026-02-12T08:00:00+00:00')",
        ]
    return make_by_hand(path, *statements)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        return conn.execute(query).fetchall()


def ledger(path: Path) -> list[str]:
    return [name for (name,) in rows(path, "SELECT id FROM _schema_migrations ORDER BY id")]


def checksums(path: Path) -> dict[str, str]:
    return dict(rows(path, "SELECT id, checksum FROM _schema_checksums"))


def names(path: Path, kind: str) -> set[str]:
    return {name for (name,) in rows(path, f"SELECT name FROM sqlite_master WHERE type = '{kind}'")}


def contents(path: Path) -> list[str]:
    """Everything in the database as text, the moments of applying aside."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        return [line for line in conn.iterdump() if 'INSERT INTO "_schema_migrations"' not in line]


def copies(path: Path) -> list[Path]:
    return sorted(path.with_name(f"{path.name}.copies").glob("*.db"))
