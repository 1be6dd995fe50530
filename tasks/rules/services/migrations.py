"""What stands in a database of the services, and what a migration plan still has to do there.

Pure: takes the plan, the schema as the plan leaves it after each file, and what was found; gives what to adopt and
what to run, or every reason why nothing may be done (runbook 003, Database Migrations).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from tasks.rules.faults import Refused
from tasks.rules.plan import LedgerRow, Migration, Plan, compare, refusal, shown


class Role(StrEnum):
    """The two databases of the services."""

    RUNTIME = "runtime"
    WEBHOOK = "webhook"


_TARGETED = re.compile(rf"(?P<number>[0-9]{{1,18}})_(?P<target>{'|'.join(Role)})_.*\.sql")


class Item(NamedTuple):
    """One thing of a schema: `issues` is a table, `issues.status` a column, an index has its columns in `detail`."""

    name: str
    detail: str = ""


Schema = frozenset[Item]


@dataclass(frozen=True, slots=True)
class Stage:
    """A migration and the schema as the plan leaves it when this file has run; `adds` is what the file brings."""

    migration: Migration
    schema: Schema
    adds: Schema


@dataclass(frozen=True, slots=True)
class Found:
    """What a database holds: its schema, the names in its ledger, the checksums that we have put beside them.

    A name without a checksum was applied by the earlier program, which kept none.
    """

    schema: Schema = frozenset()
    ledger: tuple[str, ...] = ()
    checksums: tuple[LedgerRow, ...] = ()
    is_ours: bool = False

    def has(self, items: Schema) -> bool:
        return items <= self.schema


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done: files whose work is there already (`adopt`), files to run, and how many are done.

    `catch_up` are files to run together with the adoption, because they stand before a file that is adopted.
    """

    adopt: tuple[Stage, ...] = ()
    catch_up: tuple[Stage, ...] = ()
    run: tuple[Stage, ...] = ()
    done: int = 0

    @property
    def pending(self) -> tuple[Stage, ...]:
        return (*self.catch_up, *self.run)

    @property
    def is_nothing(self) -> bool:
        return not (self.adopt or self.pending)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done to a database, or in a dry run would be: files by their kind, and the copy made before."""

    applied: int
    adopted: int
    skipped: int
    files: tuple[str, ...] = ()
    copy: str | None = None
    created: bool = False


def stages_of(plan: Plan, schemas: Sequence[Schema]) -> tuple[Stage, ...]:
    """Each migration with the schema after it, and with what it adds to the one before."""
    before = (frozenset[Item](), *schemas)
    return tuple(
        Stage(migration, after, after - earlier)
        for migration, after, earlier in zip(plan.migrations, schemas, before, strict=False)
    )


def decide(plan: Plan, stages: Sequence[Stage], found: Found) -> Todo:
    """What has to be done to a database, whoever made it; `Refused` with all reasons where plan and ledger differ.

    A database that we have never touched is adopted: files whose work is there are written into the ledger, and what
    is missing before them is run with it. In one of ours a file that is missing in the middle is out of order.
    """
    found = _as_named_here(plan, found)
    adopt = tuple(stage for stage in stages if _is_adoptable(stage, found))
    ledger = _ledger(plan, found, adopt)
    comparison = compare(plan, ledger)
    late = {migration.name for migration in comparison.out_of_order}
    problems = tuple(
        problem for problem in comparison.refusals if found.is_ours or problem.reason != "out_of_order_migration"
    )
    if problems:
        raise refusal(problems, len(comparison.applied) - len(adopt))
    _check_schema(stages, found, comparison.applied)
    pending = [stage for stage in stages if stage.migration in comparison.pending]
    return Todo(
        adopt=adopt,
        catch_up=tuple(stage for stage in pending if stage.migration.name in late),
        run=tuple(stage for stage in pending if stage.migration.name not in late),
        done=len(comparison.applied) - len(adopt),
    )


def check_stage(stage: Stage, schema: Schema, *, applied: int, skipped: int) -> None:
    """Refuse a file that ran without an error and yet did not leave what it should (a table of another shape)."""
    if missing := stage.schema - schema:
        raise _differs(missing, stage.migration, applied=applied, skipped=skipped)


def _as_named_here(plan: Plan, found: Found) -> Found:
    """The same with the earlier program's names for our files: it knows a file by `NNN_<target>_`, whatever follows.

    Two names of it for one file of ours are left as they are: nobody can say which of them it is.
    """
    recorded = {row.filename for row in found.checksums}
    ours = {_number_and_target(one.name): one.name for one in plan.migrations}
    theirs: defaultdict[str, list[str]] = defaultdict(list)
    for name in found.ledger:
        if name not in recorded and (key := _number_and_target(name)) in ours:
            theirs[ours[key]].append(name)
    known_as = {names[0]: our_name for our_name, names in theirs.items() if len(names) == 1}
    return replace(found, ledger=tuple(dict.fromkeys(known_as.get(name, name) for name in found.ledger)))


def _number_and_target(name: str) -> tuple[int, str] | None:
    match = _TARGETED.fullmatch(name)
    return (int(match["number"]), match["target"]) if match else None


def _is_adoptable(stage: Stage, found: Found) -> bool:
    name = stage.migration.name
    if any(row.filename == name for row in found.checksums):
        return False
    if name in found.ledger:
        return True
    return not found.is_ours and bool(stage.adds) and found.has(stage.adds)


def _ledger(plan: Plan, found: Found, adopt: Sequence[Stage]) -> list[LedgerRow]:
    """The ledger as the plan would see it: adopted files with their own checksum, strangers under their full name."""
    number = {migration.name: migration.id for migration in plan.migrations}
    rows = {
        row.filename: LedgerRow(number.get(row.filename, row.filename), row.filename, row.checksum)
        for row in found.checksums
        if row.filename in found.ledger
    }
    for name in found.ledger:
        rows.setdefault(name, LedgerRow(number.get(name, name), name, ""))
    for stage in adopt:
        one = stage.migration
        rows[one.name] = LedgerRow(one.id, one.name, one.checksum)
    return list(rows.values())


def _check_schema(stages: Sequence[Stage], found: Found, applied: Sequence[Migration]) -> None:
    """What the ledger says was done has to be there, as far as the newest file of it goes."""
    there = [stage for stage in stages if stage.migration in applied]
    if not there:
        return
    left = frozenset[Item]().union(*(stage.adds for stage in there)) & there[-1].schema
    if missing := left - found.schema:
        raise _differs(missing, there[-1].migration, applied=0, skipped=len(there))


def _differs(missing: Schema, migration: Migration, *, applied: int, skipped: int) -> Refused:
    return Refused(
        "schema_differs",
        "the named tables, columns or indexes are not as the plan leaves them: write a migration that makes them so",
        migration=shown([migration.name])[0],
        missing=shown(sorted({item.name for item in missing})),
        applied=applied,
        skipped=skipped,
    )
