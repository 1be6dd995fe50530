"""A stretch of the soak journal, found by bisection: what a day costs does not grow with the journal."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tasks.journal_reading import open_settled
from tasks.rules import journal as law
from tasks.rules.faults import Fault
from tasks.rules.journal import GENESIS
from tasks.rules.soak_window import Tally, Window, line_epoch
from tasks.step import step

NEAR_BYTES = 1 << 16
_PROBE_BYTES = 4 * law.MAX_LINE_BYTES


@step
def tally_window(journal: Path, window: Window) -> Tally:
    """The lines of the window counted, their chain followed; a journal that is not there has none and says so."""
    since, until = int(window.start.timestamp()), int(window.end.timestamp())
    try:
        with open_settled(journal) as (file, size):
            start = first_offset(file, size, since)
            tally = Tally(since, until, None if start else GENESIS)
            for line in _lines(file, start, size):
                tally.add(line)
    except Fault as fault:
        return Tally(since, until, chain="missing" if fault.reason == "journal_missing" else "unreadable")
    except IsADirectoryError:
        return Tally(since, until, chain="unreadable")
    return tally


def first_offset(file: BinaryIO, size: int, since: int) -> int:
    """Where a line begins that is older than `since` and near the first that is not; 0 at the beginning."""
    low, high = 0, size
    while high - low > NEAR_BYTES:
        middle = (low + high) // 2
        found = _dated_after(file, middle, high)
        if found is None or found[1] >= since:
            high = middle
        else:
            low = found[0]
    return low


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


def _lines(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Lines up to the size that was settled; one that is longer than any may be comes in pieces."""
    file.seek(start)
    left = size - start
    while left > 0 and (line := file.readline(min(left, law.MAX_LINE_BYTES))):
        left -= len(line)
        yield line
