"""Folders: what is in them, one at a time at work in them, and what their disk says in the words of a line."""

import errno
import fcntl
import logging
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.rules.archiving import Entry, Reason, is_excluded, is_utf8, path_bytes
from tasks.rules.faults import Fault, LockHeld, Refused

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
log = logging.getLogger("prefect.watchkeeper")


def walk(source: Path, excluded: Collection[str] = (), *, spare: Path | None = None) -> list[Entry]:
    """Everything below the folder, sorted bytewise; no link is followed, no excluded folder (nor `spare`) entered."""
    if not source.is_dir():
        raise Refused("source_missing", "there is no such folder; correct --src")
    root = os.fspath(source.resolve())
    if not os.access(root, os.R_OK | os.X_OK):
        raise Fault("source_unreadable", "this user may not read the folder of --src")
    spared = os.fspath(spare.resolve()) if spare else None
    return sorted(_walk(root, excluded, spared), key=lambda entry: path_bytes(entry.path))


def _walk(root: str, excluded: Collection[str], spared: str | None) -> Iterator[Entry]:
    folders = [""]
    while folders:
        prefix = folders.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as there:
                entries = list(there)
        except OSError as error:
            yield Entry(prefix.rstrip("/"), problem=_problem_of(error))
            continue
        for entry in entries:
            path = prefix + entry.name
            if is_excluded(entry.name, excluded) or entry.path == spared:
                yield Entry(path, problem=Reason.EXCLUDED)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(f"{path}/")
            else:
                yield _entry_of(entry, path)


def _entry_of(entry: "os.DirEntry[str]", path: str) -> Entry:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Entry(path, problem=_problem_of(error))
    problem = None
    if stat.S_ISLNK(status.st_mode):
        problem = Reason.SYMLINK
    elif not stat.S_ISREG(status.st_mode):
        problem = Reason.NOT_A_FILE
    elif not is_utf8(path):
        problem = Reason.NAME_NOT_UTF8
    return Entry(path, status.st_size, status.st_mtime_ns, problem)


def _problem_of(error: OSError) -> Reason:
    return Reason.VANISHED if isinstance(error, FileNotFoundError) else Reason.UNREADABLE


def shown(path: Path) -> str:
    """A path as it may stand in a line: below the working folder relative to it, elsewhere its last part alone."""
    absolute = path.absolute()
    return absolute.relative_to(Path.cwd()).as_posix() if absolute.is_relative_to(Path.cwd()) else absolute.name


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Be the only one at work in the folder while the block runs; the second is refused. A killed run frees it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LockHeld("another-run", None) from None
    finally:
        os.close(handle)


@contextmanager
def disk_faults(not_written: str) -> Iterator[None]:
    """Turn what the disk says while something is written into a fault; its text stays in the scrubbed log."""
    try:
        yield
    except OSError as error:
        log.warning("disk: %s", error)
        if error.errno in _NO_ROOM:
            raise Fault(
                "disk_full", "make room in the folder that is written to; nothing half-done was left"
            ) from None
        raise Fault(not_written, f"check the folder that is written to ({type(error).__name__})") from None
