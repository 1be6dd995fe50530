"""Whether a database is what the plan says it is (runbook 001, Production bootstrap, step 4).

Pure: facts in, one outcome out. Every difference has its own reason; the first in the order below decides.
"""

from dataclasses import dataclass

from tasks.rules.contracts.database import DB_VERIFY
from tasks.rules.outcome import Outcome, Status
from tasks.rules.plan import Comparison, Plan, shown

# The tables without which the service does not work (runbook 001, db_verify).
REQUIRED_TABLES = (
    "mood_events",
    "messages",
    "inbox_items",
    "acknowledgements",
    "second_touch_pairs",
    "second_touch_offers",
    "second_touch_daily_aggregates",
)


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What was seen in one look at the database; without a ledger or a sound plan there is no `comparison`."""

    missing_tables: tuple[str, ...]
    has_ledger: bool
    comparison: Comparison | None
    invalid_indexes: tuple[str, ...]
    drifted_tables: tuple[str, ...]


def judge_database(plan: Plan, facts: DatabaseFacts) -> Outcome:
    """All that differs between plan and database, or ok."""
    compared = facts.comparison
    found = (
        ("missing_tables", bool(facts.missing_tables)),
        ("migrations_invalid", bool(plan.problems)),
        ("ledger_missing", not facts.has_ledger),
        ("ledger_behind", bool(compared and compared.pending)),
        ("ledger_unknown_migration", bool(compared and compared.unknown)),
        ("migration_checksum_mismatch", bool(compared and compared.changed)),
        ("invalid_index", bool(facts.invalid_indexes)),
        ("schema_drift", bool(facts.drifted_tables)),
    )
    reasons = tuple(reason for reason, holds in found if holds)
    if not reasons:
        return DB_VERIFY.says(Status.OK)
    return DB_VERIFY.says(
        Status.FAIL,
        reasons[0],
        reasons=reasons if len(reasons) > 1 else None,
        tables=shown(facts.missing_tables) or None,
        migrations=shown(_disputed(compared)) or None,
        indexes=shown(facts.invalid_indexes) or None,
        drifted=shown(facts.drifted_tables) or None,
    )


def _disputed(compared: Comparison | None) -> tuple[str, ...]:
    if compared is None:
        return ()
    return (
        *(migration.name for migration in (*compared.pending, *compared.changed)),
        *(row.filename for row in compared.unknown),
    )
