"""What the operations database remembers of load validations: the accepted ones, to compare the next with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tasks.operations import Base, session
from tasks.rules.load.comparison import Before, percentiles_to_keep
from tasks.rules.load.run import Run
from tasks.settings import OPERATIONS_DSN, is_set
from tasks.step import step


class LoadRun(Base):
    """One accepted validation: its percentiles in milliseconds by phase; `config` is the digest of what was asked."""

    __tablename__ = "load_runs"
    __table_args__ = (Index("ix_load_runs_config_at", "config", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    config: Mapped[str]
    file: Mapped[str]
    percentiles: Mapped[dict[str, Any]] = mapped_column(JSONB)


def has_memory() -> bool:
    return is_set(OPERATIONS_DSN)


@step
def last_accepted(config: str, now: datetime) -> Before | None:
    """The newest accepted run of this configuration; one that says it is of the future is no measure of anything."""
    query = select(LoadRun).where(LoadRun.config == config, LoadRun.at <= now).order_by(LoadRun.at.desc())
    with session() as active:
        row = active.scalar(query.limit(1))
        return Before(row.at, row.file, row.percentiles) if row else None


@step(retries=0)  # one row for each run that was accepted
def remember(run: Run, file: str) -> None:
    with session() as active:
        active.add(LoadRun(at=run.at, config=run.asked.key, file=file, percentiles=percentiles_to_keep(run.figures)))
