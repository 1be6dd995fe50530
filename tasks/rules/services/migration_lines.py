"""The lines of a migration run: one for each database, and one for both (runbook 003, Database Migrations)."""

from collections.abc import Mapping, Sequence

from tasks.rules.contracts.services import RUN_MIGRATIONS, RUN_MIGRATIONS_DATABASE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.plan import Plan
from tasks.rules.services.migrations import Migrated, Role

DRY_RUN, APPLY = "dry_run", "apply"


def done(role: Role, result: Migrated, *, dry_run: bool) -> Outcome:
    """What became of one database; in a dry run with something to do, what would."""
    would = dry_run and bool(result.applied or result.adopted)
    return RUN_MIGRATIONS_DATABASE.says(
        Status.PLANNED if would else Status.OK,
        database=role.value,
        files=result.files or None,
        applied=result.applied,
        adopted=result.adopted,
        skipped=result.skipped,
        created=result.created or None,
        copy=result.copy,
    )


def plan_invalid(role: Role, plan: Plan) -> Outcome:
    """A plan that is not sound touches no database; everything that is wrong with it is listed."""
    return RUN_MIGRATIONS_DATABASE.says(
        Status.FAIL, "migrations_invalid", database=role.value, reasons=plan.reasons, files=plan.files or None
    )


def summed(said: Mapping[Role, Outcome], *, dry_run: bool) -> Outcome:
    """The last line: what was done to both, and every reason of those that failed."""
    outcomes = tuple(said.values())
    bad = tuple(role.value for role, one in said.items() if one.status is Status.FAIL)
    reasons = tuple(dict.fromkeys(said[Role(role)].reason or "database_failed" for role in bad))
    planned = any(one.status is Status.PLANNED for one in outcomes)
    return RUN_MIGRATIONS.says(
        Status.FAIL if bad else Status.PLANNED if planned else Status.OK,
        reasons[0] if reasons else None,
        mode=DRY_RUN if dry_run else APPLY,
        reasons=reasons if len(reasons) > 1 else None,
        failed=bad or None,
        **{key: _total(outcomes, key) for key in ("applied", "adopted", "skipped")},
    )


def _total(said: Sequence[Outcome], key: str) -> int:
    return sum(int(str(one.fields.get(key) or 0)) for one in said)
