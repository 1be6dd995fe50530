"""When all of a database was last read and found whole, in the operations database.

The model of what revision 0011 of `migrations/operations/` builds. Without an operations database nothing is known,
so that everything is due: a check too many is better than none.
"""

import hashlib
import logging
import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from tasks.operations import Base, session
from tasks.rules.faults import Fault

log = logging.getLogger("prefect.watchkeeper")


class DatabaseCheck(Base):
    """A database by a digest of where it is; the inode tells when another file was put in its place."""

    __tablename__ = "database_checks"

    database: Mapped[str] = mapped_column(primary_key=True)
    inode: Mapped[int] = mapped_column(BigInteger)
    checked_at: Mapped[datetime]


def minutes_since_check(path: Path, now: datetime) -> float | None:
    """How long ago this very file was found whole; None if that is not known."""
    try:
        with session() as active:
            row = active.get(DatabaseCheck, _name_of(path))
            if row is None or row.inode != path.stat().st_ino:
                return None
            return (now - row.checked_at).total_seconds() / 60
    except (Fault, OSError) as fault:
        log.info("nothing is known of earlier checks: %s", fault)
        return None


def remember_check(path: Path, now: datetime) -> None:
    """Write down that this file is whole; where that cannot be, the next run checks again."""
    try:
        with session() as active:
            active.merge(DatabaseCheck(database=_name_of(path), inode=path.stat().st_ino, checked_at=now))
    except (Fault, OSError) as fault:
        log.info("the check is not remembered: %s", fault)


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
