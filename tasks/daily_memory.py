"""What the daily procedure remembers in the operations database: days it has covered, and each day's aggregates.

The watch goes on when the memory is down or not configured: then a day cannot be known as covered, the run is made
again (every step of it is safe to repeat), and the log says why.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from prefect.runtime import flow_run as this_run
from sqlalchemy import select

from tasks import operations
from tasks.clock import frozen_now, utc_now
from tasks.operations import Baseline, MetricSnapshot, StoredOutcome
from tasks.rules.faults import Misconfigured, Unreachable
from tasks.rules.metrics_regression import Snapshot, StoredBaseline
from tasks.rules.outcome import Status
from tasks.step import has_server, step

log = logging.getLogger("prefect.watchkeeper")
PROCEDURE = "ops-daily"


@contextmanager
def _if_reachable() -> Iterator[None]:
    try:
        yield
    except (Unreachable, Misconfigured) as fault:
        log.warning("the daily run goes on without its memory: %s", fault)


def _procedure() -> str:
    """A rehearsal under a frozen clock keeps a book of its own: it must not claim a real day."""
    return f"{PROCEDURE} (frozen)" if frozen_now() else PROCEDURE


def due_at() -> datetime:
    """When this run was to start; a run by hand is due now."""
    now = utc_now()
    due = this_run.scheduled_start_time if has_server() and not frozen_now() else None
    return min(now, due) if due else now


@step
def is_covered(day: date) -> bool:
    """Whether another run has covered the day.

    The retry of a run that ended badly is the same run: it judges again instead of ending as skipped, which would
    turn a red day into a quiet one.
    """
    with _if_reachable():
        return operations.is_covered(_procedure(), day.isoformat()) and not _concluded_by_this_run(day)
    return False


def _concluded_by_this_run(day: date) -> bool:
    if not (has_server() and this_run.id):
        return False
    mine = (
        select(StoredOutcome.id)
        .where(StoredOutcome.procedure == PROCEDURE, StoredOutcome.flow_run_id == UUID(this_run.id))
        .where(StoredOutcome.fields["day"].astext == day.isoformat(), StoredOutcome.status != Status.SKIPPED.value)
        .limit(1)
    )
    with operations.session() as active:
        return active.scalar(mine) is not None


@step
def cover(day: date) -> None:
    """Write down that the day is covered. Called last: a run that was killed has covered nothing."""
    with _if_reachable():
        operations.cover_period(_procedure(), day.isoformat(), utc_now())


@step
def read_baseline() -> StoredBaseline | None:
    """The newest stored baseline that is not from the future, or None if there is none (or no memory to ask)."""
    newest = (
        select(Baseline)
        .where(Baseline.created_at <= utc_now())
        .order_by(Baseline.created_at.desc(), Baseline.baseline_id.desc())
        .limit(1)
    )
    with _if_reachable(), operations.session() as active:
        found = active.scalar(newest)
        return StoredBaseline(found.baseline_id, found.metrics) if found else None
    return None


@step
def remember_snapshot(snapshot: Snapshot) -> None:
    """Keep the window's aggregates for the trend."""
    with _if_reachable(), operations.session() as active:
        active.add(
            MetricSnapshot(
                at=utc_now(), procedure=_procedure(), window_days=snapshot.window_days, metrics=snapshot.metrics
            )
        )
