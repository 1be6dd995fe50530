"""Verifying a soak journal of any length in constant memory, on its bytes.

A reader never sees a line that is being written: it takes the size of the file under the writers' lock and looks no
further (runbook 004, "Soak orchestration").
"""

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO

from tasks.file_locks import file_locked
from tasks.progress import progress
from tasks.rules import journal as law
from tasks.rules.faults import Fault, Refused
from tasks.rules.journal import Chain, Damage, Head, Place, Reading
from tasks.rules.soak import Action
from tasks.rules.soak_replay import Replayed, replay
from tasks.step import step

BLOCK_BYTES = (
    1 << 17
)  # what malloc keeps: larger blocks are fetched from the kernel anew each time, at three times the cost
BATCH_LINES = 512


def verify(path: Path, heads: list[Head], advance: Callable[[int], None] = lambda _: None) -> Reading:
    """Walk the whole chain on its bytes and note its hash at the count of every head.

    `heads` must have been read before: then a line that is appended meanwhile harms nothing. `advance` is told the
    bytes of each block that is done.
    """
    with open_settled(path) as (file, size):
        return walk(file, size, {head.count for head in heads}, advance)


def walk(file: BinaryIO, size: int, counts: set[int], advance: Callable[[int], None] = lambda _: None) -> Reading:
    """The same over the first `size` bytes of an open journal, with the counts at which the hash is wanted."""
    chain = _Walk(file, sorted(count for count in counts if count > 0))
    for block in blocks(file, size):
        chain.over(block)
        advance(len(block))
    return chain.finished()


@step
def verify_journal(journal: Path, heads: list[Head]) -> Reading:
    """The whole chain, with progress; a journal of any size takes the same memory."""
    if not journal.exists():
        raise _missing()
    with progress("journal-verify", journal.stat().st_size) as advance:
        return verify(journal, heads, advance)


@step
def replay_journal(journal: Path, changed: Mapping[str, float], stop: Action) -> Replayed:
    """Every tick judged again, in one pass over the file."""
    with open_settled(journal) as (file, size):
        return replay((law.parsed(line) for line in lines_in(file, size)), changed, stop)


def lines_in(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The lines of the first `size` bytes, one after the other."""
    return (line for block in blocks(file, size) for line in io.BytesIO(block))


@dataclass(slots=True)
class _Break:
    line: bytes
    line_before: bytes
    number: int
    offset: int


class _Walk:
    """One pass over the file: the chain, the hashes asked for, the first break and the number of breaks."""

    def __init__(self, file: BinaryIO, counts: list[int]) -> None:
        self.file = file
        self.counts = counts
        self.hash_at: dict[int, str] = {}
        self.chain = Chain()
        self.done = 0
        self.broken = 0
        self.first: _Break | None = None

    def over(self, block: bytes) -> None:
        if not block.endswith(b"\n"):  # the file's end is torn, or a line is longer than any may be
            self._note(block, self.done)
            self.done += len(block)
            return
        lines, start = io.BytesIO(block), self.done
        while batch := self._next_batch(lines):
            if not self.chain.leap(batch):
                self._step_over(batch, start)
            if self.chain.count in self.counts:
                self.hash_at[self.chain.count] = self.chain.link
            start = self.done + lines.tell()
        self.done += len(block)

    def _next_batch(self, lines: io.BytesIO) -> list[bytes]:
        """Some hundred lines, ending where a hash is asked for."""
        stop = next((count for count in self.counts if count > self.chain.count), None)
        most = BATCH_LINES if stop is None else min(BATCH_LINES, stop - self.chain.count)
        return list(islice(lines, most))

    def _step_over(self, batch: list[bytes], start: int) -> None:
        """Line by line, noting each that does not carry on."""
        lines = iter(batch)
        while (broken := self.chain.follow(lines)) is not None:
            before = takewhile(lambda line: line is not broken, batch)
            self._note(broken, start + sum(map(len, before)))

    def _note(self, line: bytes, offset: int) -> None:
        """Write the first break down and go on behind the line, as if it were right."""
        self.broken += 1
        if self.first is None:
            self.first = _Break(line, self._line_before(offset), self.chain.count + 1, offset)
        if line.endswith(b"\n"):
            self.chain.count += 1
            self.chain.link = law.own_hash(line) or str((law.parsed(line) or {}).get("hash"))

    def _line_before(self, offset: int) -> bytes:
        start = max(0, offset - law.MAX_LINE_BYTES)
        before = os.pread(self.file.fileno(), offset - start, start)
        return before[before.rfind(b"\n", 0, -1) + 1 :]

    def finished(self) -> Reading:
        inode = os.fstat(self.file.fileno()).st_ino
        found = Head(self.chain.count, self.chain.link, inode)
        if self.first is None:
            return Reading(found, self.hash_at)
        return Reading(found, self.hash_at, self._named(self.first), self.first.number, self.broken)

    def _named(self, broken: _Break) -> Damage:
        own = law.damage_of_line(broken.line)
        if own is Damage.TORN and broken.offset + len(broken.line) < self.done:
            return Damage.FLIPPED  # longer than any line may be: its end was lost, but not at the file's end
        if own is not None:
            return own
        parent = _find(self.file, self.done, law.claimed_parent(broken.line))
        twin = _find(self.file, self.done, law.own_hash(broken.line) or "")
        place = Place.NOWHERE if parent is None else Place.BEFORE if parent < broken.offset else Place.AFTER
        return law.damage_of_link(
            broken.line,
            parent=place,
            repeated=twin is not None and twin < broken.offset,
            line_before=broken.line_before,
        )


def _find(file: BinaryIO, size: int, wanted: str) -> int | None:
    """Where in the file the line with that hash says so first."""
    needle = law.hash_as_written(wanted)
    done, carry = 0, b""
    for block in _read(file, size):
        at = (carry + block).find(needle)
        if at >= 0:
            return done - len(carry) + at
        done += len(block)
        carry = block[-len(needle) :]
    return None


def _read(file: BinaryIO, size: int, done: int = 0) -> Iterator[bytes]:
    while done < size and (block := os.pread(file.fileno(), min(BLOCK_BYTES, size - done), done)):
        done += len(block)
        yield block


def blocks(file: BinaryIO, size: int, start: int = 0) -> Iterator[bytes]:
    """The file in blocks of whole lines; what no line may be as long as comes in pieces, so memory stays bounded."""
    carry = b""
    for block in _read(file, size, start):
        data = carry + block
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) > BLOCK_BYTES:
            cut = len(data)
        if cut:
            yield data[:cut]
        carry = data[cut:]
    if carry:
        yield carry


def _missing() -> Refused:
    return Refused("journal_missing", "name the journal of a soak that has begun")


@contextmanager
def open_settled(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The journal for reading, with the size it had while nobody was writing."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise _missing() from None
    except OSError as error:
        raise Fault("journal_not_read", f"check the journal's folder ({type(error).__name__})") from None
    with file:
        with file_locked(file.fileno(), shared=True):
            size = os.fstat(file.fileno()).st_size
        yield file, size
