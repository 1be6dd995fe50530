"""Many lines of a journal counted at a glance, on their bytes, where all of them are plain.

Plain are ticks and gaps as `soak-tick` writes them, in the order of their times: inside of a text the quotes are
escaped, so a key with its quotes stands in a line once. Whatever is otherwise is left to be read line by line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.rules.freshness import epoch_of
from tasks.rules.soak import Verdict
from tasks.rules.soak_record import GAP

_KEYS = (b'"action":', b'"status":', b'"ts":')
_WORDS = {word: b'"status":"%b"' % word.encode() for word in (*(verdict.value for verdict in Verdict), GAP)}
_NO_ACTION = b'"action":"NONE"'
_TIME = b'"ts":"'
_TIMES = re.compile(rb'(?:20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ")+')
_TIME_SIZE = len('2026-11-21T03:00:00Z"')


@dataclass(frozen=True, slots=True)
class Glance:
    """What some lines come to: how many of each status, with how many actions, from when to when."""

    counts: dict[str, int]
    actions: int
    first: int
    last: int


def glance_at(lines: Sequence[bytes]) -> Glance | None:
    """The lines' statuses, actions and times; None if not all of them are plain and in order."""
    text, number = b"".join(lines), len(lines)
    if any(text.count(key) != number for key in _KEYS):
        return None
    counts = _counted(text, number)
    times = _times_in(lines)
    if counts is None or times is None:
        return None
    return Glance(counts, number - text.count(_NO_ACTION), *times)


def _counted(text: bytes, number: int) -> dict[str, int] | None:
    counts: dict[str, int] = {}
    for word, written in _WORDS.items():
        if there := text.count(written):
            counts[word] = there
            number -= there
        if not number:
            return counts
    return None


def _times_in(lines: Sequence[bytes]) -> tuple[int, int] | None:
    begins = [line.rfind(_TIME) + len(_TIME) for line in lines]
    times = [line[begin : begin + _TIME_SIZE] for line, begin in zip(lines, begins, strict=True)]
    if not _TIMES.fullmatch(b"".join(times)) or times != sorted(times):
        return None
    try:
        return _epoch(times[0]), _epoch(times[-1])
    except ValueError:
        return None


def _epoch(written: bytes) -> int:
    return epoch_of(written[:-1].decode())
