"""What a migration plan is, when it is sound, and what a database's ledger says about it.

Pure: takes file names and contents, gives a plan, its problems and the decision what to apply. Runbook 001,
Production bootstrap, steps 2 to 4. A plan is sound when its files are numbered without a gap, each number once, in
the order in which they are listed, and nothing else lies in the folder.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from tasks.rules.contracts.database import DB_BOOTSTRAP_DRY_RUN
from tasks.rules.faults import Refused
from tasks.rules.outcome import Outcome, Status, Value

_NAME = re.compile(r"(?P<id>\d{1,18})_[A-Za-z0-9_-]{1,60}\.sql")
_COMPANIONS = ("README.md", "__init__.py", "__pycache__")
_MOST_SHOWN = 12


class PlanKind(Enum):
    SQL = "sql"  # a folder of numbered SQL files
    ALEMBIC = "alembic"  # an Alembic script directory


@dataclass(frozen=True, slots=True)
class Migration:
    id: str
    name: str
    checksum: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a plan is not sound, and the files or numbers that are meant."""

    reason: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    kind: PlanKind
    migrations: tuple[Migration, ...] = ()
    problems: tuple[Problem, ...] = ()
    folder: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each reason once, the deciding one first."""
        return tuple(dict.fromkeys(problem.reason for problem in self.problems))

    @property
    def files(self) -> tuple[str, ...]:
        """The files meant by all problems, fit to be shown in a line."""
        return shown(name for problem in self.problems for name in problem.files)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    id: str
    filename: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What plan and ledger agree on (`applied`), what is still to do (`pending`), and where they differ."""

    applied: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    changed: tuple[Migration, ...]
    out_of_order: tuple[Migration, ...]
    unknown: tuple[LedgerRow, ...]

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """Why nothing may be applied now; the first one decides, empty if there is no objection."""
        found = (
            ("migration_checksum_mismatch", [migration.name for migration in self.changed]),
            ("ledger_unknown_migration", [row.filename for row in self.unknown]),
            ("out_of_order_migration", [migration.name for migration in self.out_of_order]),
        )
        return tuple(Problem(reason, tuple(names)) for reason, names in found if names)


def checksum_of(text: str) -> str:
    """SHA-256 of the text as UTF-8 with `\\n` line ends, so that a checkout with CRLF is the same migration."""
    return hashlib.sha256(universal(text).encode()).hexdigest()


def universal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(names: Iterable[str]) -> tuple[str, ...]:
    """Names as words of a line: odd characters folded to `_`, a long list cut with the count of the rest."""
    words = [re.sub(r"[^A-Za-z0-9_.:+-]", "_", name)[:80] or "_" for name in names]
    rest = len(words) - _MOST_SHOWN
    return tuple(words[:_MOST_SHOWN]) + ((f"+{rest}",) if rest > 0 else ())


def plan_from_files(contents: Mapping[str, bytes | None]) -> Plan:
    """The plan in a folder, from the name and content of everything in it (None: it cannot be read as a file)."""
    names = [name for name in sorted(contents) if not (name.startswith(".") or name in _COMPANIONS)]
    files = [name for name in names if name.endswith(".sql")]
    numbered = [name for name in files if _NAME.fullmatch(name)]
    texts = {name: _decoded(contents[name]) for name in numbered}
    ids = [number_of(name) for name in numbered]
    found = (
        Problem("missing_migration", tuple(name for name in files if contents[name] is None)),
        Problem("invalid_migration_name", tuple(name for name in files if name not in texts)),
        Problem("duplicate_migration_id", _duplicates(numbered)),
        Problem("non_increasing_migration_id", _not_increasing(numbered)),
        Problem("migration_gap", gaps(ids)),
        Problem("stray_file", tuple(name for name in names if name not in files)),
        Problem("unreadable_migration", _unreadable(contents, texts)),
    )
    problems = () if files else (Problem("empty_plan"),)
    return Plan(
        PlanKind.SQL,
        tuple(_migration(name, text) for name, text in texts.items() if text is not None),
        problems + tuple(problem for problem in found if problem.files),
    )


def number_of(name: str) -> int:
    return int(name.partition("_")[0])


def _migration(name: str, text: str) -> Migration:
    return Migration(name.partition("_")[0], name, checksum_of(text), text)


def _decoded(content: bytes | None) -> str | None:
    """The text of a file; None when it is not UTF-8, holds a NUL (PostgreSQL takes none) or nothing at all."""
    try:
        text = universal((content or b"").decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or not text.strip() else text


def _unreadable(contents: Mapping[str, bytes | None], texts: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(name for name, text in texts.items() if text is None and contents[name] is not None)


def _duplicates(names: Sequence[str]) -> tuple[str, ...]:
    times = Counter(number_of(name) for name in names)
    return tuple(name for name in names if times[number_of(name)] > 1)


def _not_increasing(names: Sequence[str]) -> tuple[str, ...]:
    """Files that a reader of the folder, and every tool that sorts by name, would meet too late."""
    return tuple(after for before, after in pairwise(names) if number_of(after) < number_of(before))


def gaps(ids: Iterable[int]) -> tuple[str, ...]:
    """The missing numbers as `0003` or `0005-0007`; a plan starts at 0 or 1."""
    there = sorted(set(ids))
    before = 0 if there and there[0] > 0 else -1
    missing = []
    for number in there:
        if number - before > 1:
            first, last = f"{before + 1:04d}", f"{number - 1:04d}"
            missing.append(first if first == last else f"{first}-{last}")
        before = number
    return tuple(missing)


def compare(plan: Plan, ledger: Iterable[LedgerRow]) -> Comparison:
    """Plan against ledger; a migration that is missing below the newest applied one is out of order.

    Alembic's revisions form a graph, in which a merged branch may come late: there the order is Alembic's to judge.
    """
    rows = {row.id: row for row in ledger}
    known = {migration.id for migration in plan.migrations}
    there = [migration for migration in plan.migrations if migration.id in rows]
    pending = tuple(migration for migration in plan.migrations if migration.id not in rows)
    newest = plan.migrations.index(there[-1]) if there else -1
    late = () if plan.kind is PlanKind.ALEMBIC else plan.migrations[: newest + 1]
    return Comparison(
        applied=tuple(migration for migration in there if rows[migration.id].checksum == migration.checksum),
        pending=pending,
        changed=tuple(migration for migration in there if rows[migration.id].checksum != migration.checksum),
        out_of_order=tuple(migration for migration in late if migration in pending),
        unknown=tuple(row for row_id, row in rows.items() if row_id not in known),
    )


def judge_plan(plan: Plan) -> Outcome:
    """The line of a dry run: how many migrations, or all that is wrong with them."""
    if not plan.problems:
        return DB_BOOTSTRAP_DRY_RUN.says(Status.OK, migrations=len(plan.migrations))
    reasons = plan.reasons
    return DB_BOOTSTRAP_DRY_RUN.says(
        Status.FAIL, reasons[0], reasons=reasons if len(reasons) > 1 else None, files=plan.files or None
    )


def refusal(problems: Sequence[Problem], skipped: int, **fields: Value) -> Refused:
    """Why nothing may be applied, from where plan and ledger differ; `skipped` migrations were found in order.

    `fields` are what the line of this kind of database has besides.
    """
    reasons = tuple(problem.reason for problem in problems)
    return Refused(
        reasons[0],
        "never edit, remove or slip in a migration that has been applied: write a new one",
        reasons=reasons if len(reasons) > 1 else None,
        migration=shown(problems[0].files)[0],
        applied=0,
        skipped=skipped,
        **fields,
    )


def unsound(plan: Plan) -> Refused:
    """Why no database is touched with this plan."""
    return Refused(
        "migrations_invalid",
        "correct the plan; a dry run lists every problem",
        reasons=plan.reasons,
        migration="unknown",
        sqlstate="na",
    )


def failed_at(migration: Migration, reason: str, sqlstate: str | None, applied: int, skipped: int) -> Refused:
    """The file at which an apply stopped, with what PostgreSQL said and what was done before it."""
    return Refused(
        "migration_apply_failed" if reason == "db_error" else reason,
        f"correct {migration.name} or what it met, then start again; what was applied before it stays",
        migration=shown([migration.name])[0],
        sqlstate=sqlstate or "na",
        applied=applied,
        skipped=skipped,
    )
