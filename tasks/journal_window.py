"""A stretch of the soak journal, found by bisection: what a day costs does not grow with the journal."""

import io
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tasks.journal_reading import BATCH_LINES, blocks, open_settled
from tasks.rules import journal as law
from tasks.rules.faults import Fault
from tasks.rules.journal import GENESIS, Head
from tasks.rules.journal_proof import Proof
from tasks.rules.soak_tally import Tally, line_epoch
from tasks.rules.soak_window import Window
from tasks.step import step

NEAR_BYTES = 1 << 16
_PROBE_BYTES = 4 * law.MAX_LINE_BYTES


@step
def tally_window(journal: Path, window: Window, heads: Sequence[Head] = ()) -> Tally:
    """The lines of the window counted, their chain followed and its end compared with the outside heads.

    A journal that is not there has no lines and says so. The heads must have been read before it.
    """
    since, until = int(window.start.timestamp()), int(window.end.timestamp())
    try:
        with open_settled(journal) as (file, size):
            start = first_offset(file, size, since)
            proof = Proof(heads, os.fstat(file.fileno()).st_ino)
            tally = Tally(since, until, None if start else GENESIS, proof)
            for lines in _batches(file, start, size):
                tally.add_all(lines)
    except Fault as fault:
        return Tally(since, until, chain="missing" if fault.reason == "journal_missing" else "unreadable")
    except IsADirectoryError:
        return Tally(since, until, chain="unreadable")
    return tally.settled()


def first_offset(file: BinaryIO, size: int, since: int) -> int:
    """Where a line begins that is older than `since` and near the first that is not; 0 at the beginning.

    Bisection wants times in order. After a clock that went back it may end too late, so it is followed backwards
    until a whole stretch is older.
    """
    low, high = 0, size
    while high - low > NEAR_BYTES:
        middle = (low + high) // 2
        found = _dated_after(file, middle, high)
        if found is None or found[1] >= since:
            high = middle
        else:
            low = found[0]
    while low and (earlier := _younger_stretch(file, low, since)) is not None:
        low = earlier
    return low


def _younger_stretch(file: BinaryIO, end: int, since: int) -> int | None:
    """Where the stretch before `end` begins, if one of its lines is not older than `since`."""
    start = max(0, end - NEAR_BYTES)
    file.seek(start)
    stretch = file.read(end - start)
    if start:
        start += stretch.find(b"\n") + 1
        stretch = stretch[stretch.find(b"\n") + 1 :]
    moments = (line_epoch(law.parsed(line)) for line in io.BytesIO(stretch))
    return start if any(moment is not None and moment >= since for moment in moments) else None


def _dated_after(file: BinaryIO, offset: int, end: int) -> tuple[int, int] | None:
    """The first line behind the offset that has a time: where it begins, and its time."""
    file.seek(offset)
    file.readline(law.MAX_LINE_BYTES)
    stop = min(end, offset + _PROBE_BYTES)
    while (begin := file.tell()) < stop:
        moment = line_epoch(law.parsed(file.readline(law.MAX_LINE_BYTES)))
        if moment is not None:
            return begin, moment
    return None


def _batches(file: BinaryIO, start: int, size: int) -> Iterator[list[bytes]]:
    """Some hundred lines at a time, to the size that was settled; what no line may be as long as comes in pieces."""
    for block in blocks(file, size, start):
        lines = io.BytesIO(block)
        while batch := list(islice(lines, BATCH_LINES)):
            yield batch
