"""The operations database: what Watchkeeper remembers (WATCHKEEPER_DSN).

SQLAlchemy 2 models of what `migrations/operations/` builds. Outcomes are append-only; a period (say one UTC day of
the daily procedure) can be covered by one run only, which is what makes a catch-up after an outage run once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, ForeignKey, Identity, Index, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import Text

from tasks.databases import CONNECT_TIMEOUT_S, is_dsn, plain_dsn
from tasks.rules.faults import Fault, LockHeld, Misconfigured, Unreachable
from tasks.rules.outcome import Outcome
from tasks.settings import OPERATIONS_DSN, dsn_named


class Base(DeclarativeBase):
    type_annotation_map = {datetime: TIMESTAMP(timezone=True), str: Text}  # noqa: RUF012  SQLAlchemy's own form


class StoredOutcome(Base):
    """One finished run: its line, and the same as columns so that a trend is one query."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_procedure_at", "procedure", "at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime]
    procedure: Mapped[str]
    token: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    exit_code: Mapped[int]
    line: Mapped[str]
    lines: Mapped[list[str]] = mapped_column(ARRAY(Text))
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    flow_run_id: Mapped[UUID | None]
    frozen: Mapped[bool] = mapped_column(server_default=text("false"))


class CoveredPeriod(Base):
    """A span of a procedure's time that a finished run has covered."""

    __tablename__ = "covered_periods"

    procedure: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    covered_at: Mapped[datetime]
    outcome_id: Mapped[int | None] = mapped_column(ForeignKey("outcomes.id"))


class Incident(Base):
    """From the first bad outcome of a procedure to its recovery; one notice at each end."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ux_incidents_open", "procedure", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    procedure: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    line: Mapped[str]
    link: Mapped[str | None]
    closing_line: Mapped[str | None]
    closing_link: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("1"))
    opening_notified_at: Mapped[datetime | None]
    closing_notified_at: Mapped[datetime | None]


class MetricSnapshot(Base):
    """The aggregates of one day's run (never a row of the service's data)."""

    __tablename__ = "metric_snapshots"
    __table_args__ = (Index("ix_metric_snapshots_at", "procedure", "at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime]
    procedure: Mapped[str]
    window_days: Mapped[int]
    metrics: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Baseline(Base):
    """What the metrics of a good day looked like; the regression check compares with the newest one."""

    __tablename__ = "baselines"

    baseline_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    source_commit: Mapped[str]
    schema_version: Mapped[int]
    metrics: Mapped[dict[str, Any]] = mapped_column(JSONB)


@cache
def _engine(dsn: str) -> Engine:
    url = plain_dsn(dsn).replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "watchkeeper"},
    )


@contextmanager
def session() -> Iterator[Session]:
    """One transaction on the operations database; committed when the block ends well."""
    dsn = dsn_named(OPERATIONS_DSN).get_secret_value()
    if not is_dsn(dsn):
        raise Misconfigured(
            "invalid_dsn", f"{OPERATIONS_DSN} is set but is not a PostgreSQL DSN", env=(OPERATIONS_DSN,)
        )
    try:
        with Session(_engine(dsn)) as active, active.begin():
            yield active
    except DBAPIError as error:
        raise _fault_of(error) from None
    except SQLAlchemyError as error:
        raise Fault("db_error", f"the operations database refused: {type(error).__name__}") from None


def _fault_of(error: DBAPIError) -> Fault:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in ("42P01", "42703"):
        return Misconfigured(
            "db_error",
            f"apply the operations plan: watchkeeper db-bootstrap --mode all --plan migrations/operations"
            f" --dsn-env {OPERATIONS_DSN}",
            env=(OPERATIONS_DSN,),
        )
    if sqlstate == "55P03":
        return LockHeld("another_run", None)
    if sqlstate is None or sqlstate.startswith(("08", "57P")):
        return Unreachable(
            "db_connect_failed", f"check that the server in {OPERATIONS_DSN} is up", env=(OPERATIONS_DSN,)
        )
    return Fault("db_error", f"see the log for SQLSTATE {sqlstate}", env=(OPERATIONS_DSN,))


def store_outcome(
    procedure: str,
    outcome: Outcome,
    lines: list[str],
    *,
    at: datetime,
    frozen: bool,
    flow_run_id: UUID | None,
) -> int:
    """Append a finished run to the log of outcomes and return its number."""
    with session() as active:
        row = StoredOutcome(
            at=at,
            procedure=procedure,
            token=outcome.token,
            status=outcome.status.value,
            reason=outcome.reason,
            exit_code=outcome.exit_code,
            line=outcome.line,
            lines=lines,
            fields={name: value for name, value in outcome.fields.items() if value is not None},
            flow_run_id=flow_run_id,
            frozen=frozen,
        )
        active.add(row)
        active.flush()
        return row.id


def last_outcomes(procedure: str | None = None, most: int = 1) -> list[StoredOutcome]:
    """The newest `most` outcomes of each procedure, or of the one named; newest first."""
    place = func.row_number().over(
        partition_by=StoredOutcome.procedure, order_by=(StoredOutcome.at.desc(), StoredOutcome.id.desc())
    )
    ranked = select(StoredOutcome.id, place.label("place"))
    if procedure:
        ranked = ranked.where(StoredOutcome.procedure == procedure)
    chosen = ranked.subquery()
    query = (
        select(StoredOutcome)
        .join(chosen, StoredOutcome.id == chosen.c.id)
        .where(chosen.c.place <= most)
        .order_by(StoredOutcome.procedure, StoredOutcome.at.desc(), StoredOutcome.id.desc())
    )
    with session() as active:
        rows = list(active.scalars(query))
        active.expunge_all()
        return rows


def cover_period(procedure: str, period: str, at: datetime) -> bool:
    """Claim a period for this run; False if a run has covered it before."""
    claim = insert(CoveredPeriod).values(procedure=procedure, period=period, covered_at=at).on_conflict_do_nothing()
    with session() as active:
        return bool(active.execute(claim).rowcount)  # type: ignore[attr-defined]


def is_covered(procedure: str, period: str) -> bool:
    with session() as active:
        return active.get(CoveredPeriod, (procedure, period)) is not None
