"""What the operations database holds of records: the chains, line by line, and the documents that lines name.

Models of what a revision of `migrations/operations/` builds (runbook 002, "Incident Notes").
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tasks.operations import Base


class RecordRow(Base):
    """One record of a chain. The line is the record; the other columns are only how it is found."""

    __tablename__ = "records"
    __table_args__ = (
        Index("ux_records_key", "chain", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        Index("ix_records_subject", "chain", "subject"),
    )

    chain: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    subject: Mapped[str | None]
    key: Mapped[str | None]
    document: Mapped[str | None]
    hash: Mapped[str]
    line: Mapped[str]


class RecordDocument(Base):
    """A text of people or a snapshot, under the SHA-256 that a record names."""

    __tablename__ = "record_documents"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    content: Mapped[str]
