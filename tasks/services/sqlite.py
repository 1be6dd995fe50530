"""The services' SQLite databases: opened without being made by accident, and what SQLite says as a fault."""

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from tasks.rules.faults import Fault, Refused, Unreachable
from tasks.rules.outcome import Value

BUSY_TIMEOUT_S = 5.0
_PRIMARY = 0xFF  # an extended result code carries the plain one in its lowest byte
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)
_RECOVERY = (
    sqlite3.SQLITE_READONLY_ROLLBACK,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY_CANTINIT,
)
_MEANINGS: dict[int, tuple[type[Fault], str, str]] = {
    sqlite3.SQLITE_BUSY: (Unreachable, "database_locked", "see which process holds the database, then start again"),
    sqlite3.SQLITE_LOCKED: (Unreachable, "database_locked", "see which process holds the database, then start again"),
    sqlite3.SQLITE_READONLY: (Refused, "database_read_only", "give this user the right to write file and folder"),
    sqlite3.SQLITE_CANTOPEN: (Refused, "database_not_opened", "give this user the right to read file and folder"),
    sqlite3.SQLITE_CORRUPT: (
        Refused,
        "database_corrupt",
        "stop the service and put the newest good copy in its place",
    ),
    sqlite3.SQLITE_NOTADB: (Refused, "not_a_database", "correct the path: the file is something else"),
    sqlite3.SQLITE_FULL: (Refused, "disk_full", "make room on the disk, then start again"),
    sqlite3.SQLITE_IOERR: (Refused, "disk_failed", "look at room, quota and health of the disk, then start again"),
}


class Access(StrEnum):
    """How a database is opened; SQLite's own words for it."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


@contextmanager
def opened(path: Path, access: Access, *, busy_s: float = BUSY_TIMEOUT_S) -> Iterator[sqlite3.Connection]:
    """A connection that begins no transaction by itself; only CREATE makes a file. All it raises is a `Fault`."""
    check_is_file(path)
    uri = f"{path.absolute().as_uri()}?mode={access.value}"
    with translated(), closing(sqlite3.connect(uri, uri=True, timeout=busy_s, isolation_level=None)) as conn:
        yield conn


def check_is_file(path: Path) -> None:
    """Refuse what SQLite would wait for or stumble over: a folder, a pipe, a device. Nothing at all is fine here."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise os_fault(error) from None
    if stat.S_ISDIR(mode):
        raise Refused("database_is_folder", "the path leads to a folder: name the file in it")
    if not stat.S_ISREG(mode):
        raise Refused("not_a_database", "the path leads to something that is no file")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite or the system raises into the fault it means; their texts go no further."""
    try:
        yield
    except sqlite3.Error as error:
        raise fault_of(error) from None
    except OSError as error:
        raise os_fault(error) from None


def fault_of(error: sqlite3.Error, **fields: Value) -> Fault:
    """What the error means, with the fields that its line has beside it."""
    code, name = getattr(error, "sqlite_errorcode", 0), sqlite_name(error)
    if code in _RECOVERY:
        return Refused(
            "recovery_pending",
            "a writer died in the middle of a write: the next one that opens the database for writing rolls it back",
            sqlite=name,
            **fields,
        )
    if meaning := _MEANINGS.get(code & _PRIMARY):
        kind, reason, next_step = meaning
        return kind(reason, next_step, sqlite=name, **fields)
    return Fault("database_failed", "see the name of the error in SQLite's documentation", sqlite=name, **fields)


def sqlite_name(error: sqlite3.Error) -> str:
    """SQLite's own name of an error (`SQLITE_BUSY`): a word of its documentation, never a text of the database."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def os_fault(error: OSError) -> Fault:
    name = errno.errorcode.get(error.errno or 0, "OSError")
    if error.errno in _NO_SPACE:
        return Refused("disk_full", "make room on the disk, then start again", sqlite=name)
    if error.errno in _NO_PERMISSION:
        return Refused("database_read_only", "give this user the right to write file and folder", sqlite=name)
    if error.errno in (errno.ENOTDIR, errno.ENOENT, errno.ELOOP, errno.ENAMETOOLONG):
        return Refused("folder_missing", "correct the path: its folder is not there", sqlite=name)
    return Fault("disk_failed", "look at the disk, then start again", sqlite=name)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one database, also where it is not there yet."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)
