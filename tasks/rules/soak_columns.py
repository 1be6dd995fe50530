"""Many lines of a journal counted at a glance, on their bytes, where all of them are plain.

Plain are ticks and gaps as `soak-tick` writes them, in the order of their times: `action` is the first key, `status`
and `ts` stand near the end, and inside of a text the quotes are escaped, so nothing else looks like them. Whatever is
otherwise is left to be read line by line.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.rules.freshness import epoch_of
from tasks.rules.soak import Verdict
from tasks.rules.soak_record import GAP

_PLAIN = {word.encode(): word for word in (*(verdict.value for verdict in Verdict), GAP)}
_BEGIN, _NO_ACTION = b'{"action":"', b'{"action":"NONE",'
_END = re.compile(rb',"status":"([A-Z]+)","ts":"(20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ)"')
_END_BYTES = 200  # both stand among the last keys; behind them only what was violated


@dataclass(frozen=True, slots=True)
class Glance:
    """What some lines come to: how many of each status, with how many actions, from when to when."""

    counts: dict[str, int]
    actions: int
    first: int
    last: int


def glance_at(lines: Sequence[bytes]) -> Glance | None:
    """The lines' statuses, actions and times; None if not all of them are plain and in order."""
    found: list[tuple[bytes, bytes]] = _END.findall(b"".join([line[-_END_BYTES:] for line in lines]))
    begins = Counter([line[: len(_NO_ACTION)] for line in lines])
    if len(found) != len(lines) or not all(begin.startswith(_BEGIN) for begin in begins):
        return None
    times = [time for _, time in found]
    counts = Counter([status for status, _ in found])
    if times != sorted(times) or not counts.keys() <= _PLAIN.keys():
        return None
    actions = len(lines) - begins[_NO_ACTION]
    try:
        first, last = (epoch_of(time.decode()) for time in (times[0], times[-1]))
    except ValueError:
        return None
    return Glance({_PLAIN[status]: count for status, count in counts.items()}, actions, first, last)
