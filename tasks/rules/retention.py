"""How long rows may stay, and when a cleanup must not start (runbook 001, Routine operations).

A row is expired when it is older than the TTL of its table: one whose age is exactly the TTL is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tasks.rules.contracts.production import RETENTION, RETENTION_CLEANUP, RETENTION_REPORT
from tasks.rules.outcome import Groups, Outcome, Status

CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """A table with a TTL, and the column that tells the age of a row."""

    table: str
    column: str
    by_day: bool


# The order of the lines. The numbers of days are settings (`tasks.settings.RetentionDays`).
POLICIES = (
    Policy("security_events", "created_at", by_day=False),
    Policy("second_touch_events", "created_at", by_day=False),
    Policy("second_touch_daily_aggregates", "utc_day", by_day=True),
    Policy("daily_ack_aggregates", "utc_day", by_day=True),
)


@dataclass(frozen=True, slots=True)
class Cutoff:
    """What is older than `before` in that column of the table is expired."""

    table: str
    column: str
    days: int
    before: datetime | date


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one table in one snapshot."""

    cutoff: Cutoff
    total: int
    expired: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """What happened to one table; `stopped` is why it ended before all its expired rows were gone."""

    cutoff: Cutoff
    rows: int
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Our clock beside those that it must agree with before anything is deleted by age."""

    ours: datetime
    server: datetime
    last_cleanup: datetime | None


def cutoffs(days: Mapping[str, int], now: datetime) -> tuple[Cutoff, ...]:
    """One cutoff for each table, all from the same moment."""
    now = now.astimezone(UTC)
    return tuple(
        Cutoff(
            policy.table,
            policy.column,
            days[policy.table],
            (now.date() if policy.by_day else now) - timedelta(days=days[policy.table]),
        )
        for policy in POLICIES
    )


def clock_problem(clocks: Clocks, *, frozen: bool = False) -> str | None:
    """Why this clock must not decide what is old; None if it may.

    One that is ahead deletes rows before their time. One that went back finds nothing and calls that good, which is
    what a rehearsal under a frozen clock may do.
    """
    if clocks.ours > clocks.server + CLOCK_TOLERANCE:
        return "clock_ahead"
    if frozen:
        return None
    if clocks.ours < clocks.server - CLOCK_TOLERANCE:
        return "clock_went_back"
    if clocks.last_cleanup is not None and clocks.ours < clocks.last_cleanup - CLOCK_TOLERANCE:
        return "clock_went_back"
    return None


def table_cleaned(deleted: Deleted) -> Outcome:
    """The line of one table; it says what was deleted even if the table was not finished."""
    return RETENTION_CLEANUP.says(
        Status.FAIL if deleted.stopped else Status.OK,
        deleted.stopped,
        table=deleted.cutoff.table,
        deleted=deleted.rows,
        cutoff_days=deleted.cutoff.days,
    )


def all_cleaned(tables: Sequence[Deleted]) -> Outcome:
    """The line of the whole cleanup: how many tables were finished, and all that was deleted."""
    stopped = {deleted.stopped for deleted in tables if deleted.stopped}
    reason = None
    if stopped:
        reason = "ceiling_reached" if stopped == {"ceiling_reached"} else "cleanup_failed"
    return RETENTION_CLEANUP.says(
        Status.FAIL if reason else Status.OK,
        reason,
        groups=sum(deleted.stopped is None for deleted in tables),
        deleted_total=sum(deleted.rows for deleted in tables),
    )


def reported(tables: Sequence[Counted], at: datetime) -> Outcome:
    """The report: any expired row is a drift between the policy and the tables."""
    drift = any(counted.expired for counted in tables)
    return RETENTION_REPORT.says(
        Status.FAIL if drift else Status.OK,
        "ttl_drift" if drift else "none",
        groups=_groups(tables),
        ts_utc=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _groups(tables: Sequence[Counted]) -> Groups:
    return {
        counted.cutoff.table: {
            "cutoff_days": counted.cutoff.days,
            "expired_rows": counted.expired,
            "total_rows": counted.total,
        }
        for counted in sorted(tables, key=lambda counted: counted.cutoff.table)
    }


def concluded(mode: str, cleaned: Outcome | None, report: Outcome) -> Outcome:
    """The last line: the first of cleanup and report that was not good decides."""
    worst = next((part for part in (cleaned, report) if part is not None and part.status is not Status.OK), None)
    groups = report.fields.get("groups")
    return RETENTION.says(
        worst.status if worst else Status.OK,
        worst.reason if worst else None,
        mode=mode,
        deleted_total=cleaned.fields.get("deleted_total") if cleaned else None,
        expired_total=sum(group["expired_rows"] for group in groups.values())
        if isinstance(groups, Mapping)
        else None,
    )
