"""Which migration files cannot run inside a transaction, and what such a file may hold.

Almost every file runs as it is, in one transaction. The few with `CREATE INDEX CONCURRENTLY` and the like are split
into statements, and only those with a suspicious word are looked at, because splitting is slow.
"""

import re
from collections.abc import Iterator

import sqlparse

from tasks.rules.plan import Migration, Plan, Problem

_SUSPICIOUS = re.compile(
    r"\b(concurrently|vacuum|reindex|database|tablespace|system|begin|start|commit|end|abort|rollback|savepoint"
    r"|release|prepare)\b",
    re.I,
)
_ALONE = re.compile(
    r"(create\s+(unique\s+)?index\s+concurrently|drop\s+index\s+concurrently|reindex\b.*\b(concurrently|database|system)"
    r"|vacuum|alter\s+system|(create|drop)\s+(database|tablespace)|alter\s+table\b.*\bdetach\b.*\bconcurrently)\b",
    re.I | re.S,
)
_CONTROL = re.compile(
    r"(begin|start\s+transaction|commit|end|abort|rollback|savepoint|release|prepare\s+trans)\b", re.I
)


def statements(text: str) -> list[str]:
    """The single statements of a file, without comments and closing semicolons."""
    plain = (sqlparse.format(part, strip_comments=True).strip().rstrip(";") for part in sqlparse.split(text))
    return [statement for statement in plain if statement]


def lone_statements(migration: Migration) -> list[str]:
    """The statements of a file that PostgreSQL refuses inside a transaction; empty for an ordinary file."""
    if not _SUSPICIOUS.search(migration.text):
        return []
    found = statements(migration.text)
    return found if any(_ALONE.match(statement) for statement in found) else []


def file_problems(plan: Plan) -> tuple[Problem, ...]:
    """What no dry run may let pass: a file that ends its own transaction, or mixes the two ways of running.

    A file outside a transaction can stop half-way, so it holds nothing but statements that are safe to start again.
    """
    suspicious = [migration for migration in plan.migrations if _SUSPICIOUS.search(migration.text)]
    controlling = tuple(migration.name for migration in suspicious if any(_controls(migration.text)))
    mixed = tuple(migration.name for migration in suspicious if _is_mixed(lone_statements(migration)))
    found = (Problem("transaction_control", controlling), Problem("mixed_migration", mixed))
    return tuple(problem for problem in found if problem.files)


def _controls(text: str) -> Iterator[bool]:
    return (bool(_CONTROL.match(statement)) for statement in statements(text))


def _is_mixed(found: list[str]) -> bool:
    return any(not _ALONE.match(statement) for statement in found)
