"""The end of a journal: its last line verified, what stands behind it, and the way back to a head that is known.

Read in constant time, whatever the length of the file (runbook 004, "Soak orchestration").
"""

import io
import os
from dataclasses import dataclass

from tasks.rules import journal as law
from tasks.rules.faults import Refused
from tasks.rules.journal import START, Damage, Head

UNNUMBERED = -1
"""The count of a journal whose last line has no number."""
_TAIL_BYTES = 4 * law.MAX_LINE_BYTES


class JournalDamaged(Refused):
    def __init__(self, damage: Damage) -> None:
        super().__init__(
            "journal_damaged",
            "run journal-verify, look at the named line, then put the right copy back or begin another --journal",
            damage=damage.value,
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (JournalDamaged, (Damage(str(self.fields["damage"])),))


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a journal: its head, the last whole line, where whole lines end, and what stands behind them."""

    head: Head
    last: bytes = b""
    whole_bytes: int = 0
    fragment: bytes = b""


def read_tail(descriptor: int, size: int) -> Tail:
    """The end of the file, its last line checked; `head.count` is below 0 where that line has no number."""
    start = max(0, size - _TAIL_BYTES)
    block = os.pread(descriptor, size - start, start)
    cut = block.rfind(b"\n") + 1
    if not cut and start:
        raise JournalDamaged(Damage.FLIPPED)  # no line is that long
    if not cut:
        return Tail(START, b"", 0, block)
    last = block[block.rfind(b"\n", 0, cut - 1) + 1 : cut]
    own = law.own_hash(last)
    if own is None:
        raise JournalDamaged(law.damage_of_line(last) or Damage.FLIPPED)
    number = (law.parsed(last) or {}).get("seq")
    count = number if isinstance(number, int) else UNNUMBERED
    return Tail(Head(count, own), last, start + cut, block[cut:])


def lines_after(descriptor: int, tail: Tail, known: Head) -> list[bytes]:
    """The lines that were added after a head; a chain that does not lead back to it is refused."""
    number = tail.head.count - known.count
    start = max(0, tail.whole_bytes - (number + 1) * law.MAX_LINE_BYTES)
    lines = io.BytesIO(os.pread(descriptor, tail.whole_bytes - start, start)).readlines()
    chain = law.Chain(known.count, known.hash)
    if chain.follow(lines[-number:]) is not None or chain.count != tail.head.count:
        raise JournalDamaged(Damage.REWRITTEN)
    return lines[-number:]
