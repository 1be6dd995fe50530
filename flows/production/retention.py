"""What is past its TTL goes: counted in one snapshot, deleted in stretches that no writer waits for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.clock import frozen_now, utc_now
from tasks.procedure import procedure, tell
from tasks.retention import count_rows, delete_expired, read_clocks, remember_cleanup
from tasks.rules.contracts.production import RETENTION, RETENTION_CLEANUP, RETENTION_REPORT
from tasks.rules.faults import Fault
from tasks.rules.outcome import Contract, Outcome, Status
from tasks.rules.retention import Deleted, all_cleaned, clock_problem, concluded, cutoffs, reported, table_cleaned
from tasks.settings import PRODUCTION_DSN, retention_days

CEILING = 5_000_000

Mode = Annotated[
    Literal["report", "cleanup"],
    Field(description="`report` counts what is past its TTL; `cleanup` deletes it and counts again."),
]
Ceiling = Annotated[int, Field(ge=1, description="Rows after which one cleanup stops and says so.")]


@procedure(RETENTION, run_name=run_named("retention", "mode"))
def retention(mode: Mode = "report", ceiling: Ceiling = CEILING) -> Outcome:
    """Report what is past its TTL, or delete it.

    Runbook 001, Routine operations. The TTLs are the four *_RETENTION_DAYS variables (1 to 365 days). It refuses to
    delete by a clock that the database server does not agree with, or that is behind the last cleanup. Every stretch
    is committed on its own: if it fails or is killed, the lines say what was deleted, and a second start goes on.
    `ceiling_reached`: look whether so many rows are plausible, then start it again.

    Safety: report only reads. cleanup deletes for good what is past its TTL, in short stretches that no writer waits
    for; safe to start twice and to kill.
    """
    now = utc_now()
    cleaned = clean_up(now, ceiling=ceiling) if mode == "cleanup" else None
    return concluded(mode, cleaned, report_retention(now))


def clean_up(now: datetime, *, dsn_env: str = PRODUCTION_DSN, ceiling: int = CEILING) -> Outcome:
    """Delete what is past its TTL at `now`; says a line for each table and the one it returns.

    A fault before the first deletion is said and passed on; a table that fails later leaves the others their turn.
    """
    with _said(RETENTION_CLEANUP):
        policies = cutoffs(retention_days(), now)
        problem = clock_problem(read_clocks(dsn_env, now), frozen=frozen_now() is not None)
    if problem:
        return tell(RETENTION_CLEANUP.says(Status.FAIL, problem, deleted_total=0))
    tables: list[Deleted] = []
    for cutoff in policies:
        left = ceiling - sum(done.rows for done in tables)
        tables.append(delete_expired(dsn_env, cutoff, left))
        tell(table_cleaned(tables[-1]))
    if not frozen_now():  # a rehearsal's moment is nothing that a real clock could go back from
        remember_cleanup(now)
    return tell(all_cleaned(tables))


def report_retention(now: datetime, *, dsn_env: str = PRODUCTION_DSN) -> Outcome:
    """Count what is past its TTL at `now`; says the line it returns. A fault is said and passed on."""
    with _said(RETENTION_REPORT, "report_failed"):
        counted = count_rows(dsn_env, cutoffs(retention_days(), now))
    return tell(reported(counted, now))


@contextmanager
def _said(contract: Contract, reason: str | None = None) -> Iterator[None]:
    """Say a fault in the part's own line before it decides the run's last one."""
    try:
        yield
    except Fault as fault:
        if fault.reason == "missing_dsn":
            tell(contract.says(Status.NOT_CONFIGURED, fault.reason))
        else:
            tell(contract.says(Status.FAIL, reason or fault.reason))
        raise
