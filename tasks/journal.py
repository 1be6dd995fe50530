"""Writing the soak journal: each record holds on to the one before, and is on the disk before anybody hears of it.

Before a record is added the end of the journal is checked, in constant time. A torn end (a writer died, the disk
was full) is set aside into a file of its own and a JOURNAL_REPAIR record takes its place, so the chain goes on and
nothing is lost. Any other damage is refused: the journal stays as it is until a person has looked (runbook 004, "Soak
orchestration").
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tasks.clock import stamp
from tasks.file_locks import file_locked
from tasks.files import replace_file, sync_folder
from tasks.journal_reading import walk
from tasks.journal_tail import UNNUMBERED, JournalDamaged, Tail, lines_after, read_tail
from tasks.rules import journal as law
from tasks.rules.faults import Fault
from tasks.rules.journal import REPAIR, START, Damage, Head, Record

_MOST_TO_READ_BACK = 1_000
_sync = getattr(os, "fdatasync", os.fsync)  # the size is part of what fdatasync keeps; macOS has fsync only
_NO_CAPS = {"capital_usd": 0, "share": 0.0, "taker_ceiling": 0.0}


class OpenJournal:
    """A journal open for writing; the lock is held for one record at a time, so that others get their turn."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = os.fspath(path)
        self._inode = 0
        self._tail = Tail(START)
        self._descriptor = -1
        self._open()

    def _open(self) -> None:
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._inode = os.fstat(self._descriptor).st_ino
        if is_new:
            sync_folder(self.path.parent)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def append(self, content: Record, *, now: datetime, known: Head | None = None) -> Head:
        """Add one record and return the journal's new head; `known` is the newest head kept outside.

        The record gets `seq`, the number of its line. A journal that ends before `known` or otherwise than it is
        refused; one that went on (its writer died before the head was kept) must lead back to it.
        """
        with self._locked():
            self._repair(now, known)
            self._compare(known)
            return self._add(content, self._tail.whole_bytes)

    def settled(self, *, now: datetime, known: Head | None = None) -> tuple[Head, list[bytes]]:
        """The journal's head with a torn end repaired, and the lines that a dead writer left behind `known`."""
        with self._locked():
            self._repair(now, known)
            self._compare(known)
            head = replace(self._tail.head, inode=self._inode)
            left = 0 if known is None else head.count - known.count
            if known is None or not 0 < left <= _MOST_TO_READ_BACK:
                return head, []
            return head, lines_after(self._descriptor, self._tail, known)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock of the file that bears the name now: whoever moved it away while we waited must not be joined."""
        while True:
            with file_locked(self._descriptor):
                if self._is_in_place():
                    yield
                    return
            self._open()

    def _is_in_place(self) -> bool:
        try:
            return os.stat(self._name).st_ino == self._inode  # noqa: PTH116  once for each record
        except FileNotFoundError:
            return False

    def _repair(self, now: datetime, known: Head | None) -> None:
        """Bring `_tail` up to date; a torn end is set aside, or closed if only its newline is missing."""
        size = os.fstat(self._descriptor).st_size
        if size and size == self._tail.whole_bytes and self._still_ends_so():
            return
        tail = read_tail(self._descriptor, size)
        self._tail = tail if tail.head.count != UNNUMBERED else self._counted(tail)
        if not tail.fragment:
            return
        if known is not None and self._tail.head.count < known.count:
            raise JournalDamaged(Damage.TRUNCATED)
        self._close_fragment(tail.fragment, now)

    def _still_ends_so(self) -> bool:
        last = self._tail.last
        return os.pread(self._descriptor, len(last), self._tail.whole_bytes - len(last)) == last

    def _counted(self, tail: Tail) -> Tail:
        """A journal of a program that numbered no lines is verified whole, once; from here on it is numbered."""
        with self.path.open("rb") as file:
            reading = walk(file, tail.whole_bytes, set())
        if reading.damage is not None:
            raise JournalDamaged(reading.damage)
        return Tail(reading.found, tail.last, tail.whole_bytes, tail.fragment)

    def _close_fragment(self, fragment: bytes, now: datetime) -> None:
        whole = fragment + b"\n"
        own = law.own_hash(whole)
        if own and law.claimed_parent(whole) == self._tail.head.hash:
            head = Head(self._tail.head.count + 1, own)
            start = self._tail.whole_bytes
            self._tail = Tail(head, whole, start + len(whole))
            self._replace_end(start, whole, _repair_record("newline_added", fragment, "", now))
            return
        digest = hashlib.sha256(fragment).hexdigest()
        aside = self.path.with_name(f"{self.path.name}.torn-{self._tail.head.count + 1}-{digest[:12]}")
        with _written():
            replace_file(aside, fragment)
        self._replace_end(self._tail.whole_bytes, b"", _repair_record("torn_tail", fragment, aside.name, now))

    def _replace_end(self, start: int, kept: bytes, record: Record) -> None:
        """Write over the torn end instead of cutting it off first: killed in between, it is still torn and found."""
        line, own = law.sealed({**record, "seq": self._tail.head.count + 1}, self._tail.head.hash)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)  # with O_APPEND Linux would write at the end
        try:
            with _written():
                _write_all(descriptor, kept + line, start)
                os.ftruncate(descriptor, start + len(kept) + len(line))
                _sync(descriptor)
        finally:
            os.close(descriptor)
        self._tail = Tail(Head(self._tail.head.count + 1, own), line, start + len(kept) + len(line))

    def _compare(self, known: Head | None) -> None:
        head = self._tail.head
        if known is None or (head.count, head.hash) == (known.count, known.hash):
            return
        if head.count < known.count:
            raise JournalDamaged(Damage.TRUNCATED)
        if head.count == known.count:
            raise JournalDamaged(Damage.REWRITTEN)
        if head.count - known.count <= _MOST_TO_READ_BACK:
            lines_after(self._descriptor, self._tail, known)
            return
        with self.path.open("rb") as file:
            reading = walk(file, self._tail.whole_bytes, {known.count})
        if damage := reading.judged([known]):
            raise JournalDamaged(damage)

    def _add(self, content: Record, at: int) -> Head:
        seq = self._tail.head.count + 1
        line, own = law.sealed({**content, "seq": seq}, self._tail.head.hash)
        try:
            with _written():
                if os.write(self._descriptor, line) != len(line):
                    raise OSError("the disk took half a record")
                _sync(self._descriptor)
        except Fault:
            os.ftruncate(self._descriptor, at)
            raise
        self._tail = Tail(Head(seq, own, self._inode), line, at + len(line))
        return self._tail.head


@contextmanager
def journal_at(path: Path) -> Iterator[OpenJournal]:
    """The journal at the path, made if it is not there (with its folder's entry on the disk)."""
    with _written():
        journal = OpenJournal(path)
    try:
        yield journal
    finally:
        journal.close()


def append(path: Path, content: Record, *, now: datetime, known: Head | None = None) -> Head:
    """Add one record to the journal at the path; see `OpenJournal.append`."""
    with journal_at(path) as journal:
        return journal.append(content, now=now, known=known)


def _repair_record(reason: str, fragment: bytes, aside: str, now: datetime) -> Record:
    return {
        "action": REPAIR,
        "caps": _NO_CAPS,
        "phase": "none",
        "reason": reason,
        "reason_code": REPAIR,
        "recommendation": "",
        "region": "none",
        "set_aside": aside,
        "set_aside_bytes": len(fragment),
        "set_aside_sha256": hashlib.sha256(fragment).hexdigest(),
        "status": "REPAIR",
        "ts": stamp(now),
    }


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], at + done)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Fault(
            "journal_not_written", f"make room on the journal's disk and check its folder ({type(error).__name__})"
        ) from None
