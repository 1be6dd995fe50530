"""The journal's lines of a stretch of time, counted as they are read (runbook 004, Daily routine step 3).

Lines that break the chain, cannot be read, come from the future or go back in time are told, never passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.rules import journal as law
from tasks.rules.freshness import SKEW_S, epoch_of
from tasks.rules.journal import GENESIS, Damage, Record
from tasks.rules.journal_proof import Proof
from tasks.rules.soak import Action, Verdict
from tasks.rules.soak_columns import glance_at
from tasks.rules.soak_record import ACTION, GAP

REPAIR = "REPAIR"
WHOLE, TORN, UNPROVEN = "ok", Damage.TORN.value, Damage.UNPROVEN.value
_NO_TICK = (GAP, REPAIR, ACTION)
_KNOWN = (*(verdict.value for verdict in Verdict), *_NO_TICK)


def line_epoch(record: Record | None) -> int | None:
    """When a line says it was written, seconds since 1970; None if it does not say."""
    try:
        return epoch_of((record or {}).get("ts"))
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class Tally:
    """The lines from `since` to `until`, both included; what it is given goes on to the end of the journal."""

    since: int
    until: int
    link: str | None = GENESIS
    """What the first line must hold on to; None where the reading began in the middle of the journal."""
    proof: Proof = field(default_factory=Proof)
    counts: dict[str, int] = field(default_factory=dict)
    actions: int = 0
    future: int = 0
    back: int = 0
    """Lines that say they were written before the line before them."""
    last_ts: int = 0
    chain: str = WHOLE
    _newest: int = 0
    _has_end: bool = True

    def add_all(self, lines: Sequence[bytes]) -> None:
        """Lines in their order, at once where they are plain and carry on."""
        if lines and not self._leap(lines):
            for line in lines:
                self.add(line)

    def _leap(self, lines: Sequence[bytes]) -> bool:
        glance = glance_at(lines) if self._has_end and self.link is not None else None
        if glance is None or glance.first < max(self.since, self._newest) or glance.last > self.until:
            return False
        number, chain = (law.parsed(lines[-1]) or {}).get("seq"), law.Chain(0, self.link or "")
        if isinstance(number, int) and self.proof.has_between(number - len(lines) + 1, number):
            return False
        if not chain.leap(lines):
            return False
        self.link = chain.link
        self.proof.see(number, chain.link)
        for status, count in glance.counts.items():
            self.counts[status] = self.counts.get(status, 0) + count
        self.actions += glance.actions
        self.last_ts = self._newest = glance.last
        return True

    def add(self, line: bytes) -> None:
        if not self._has_end:
            self._note(Damage.FLIPPED)  # an end was lost in the middle
        self._has_end = line.endswith(b"\n")
        if not self._has_end:
            return
        record = law.parsed(line)
        self._follow(line, record)
        moment = line_epoch(record)
        if record is None or moment is None:
            self._note(Damage.FLIPPED)
            return
        self.back += moment < self._newest - SKEW_S
        self._newest = max(self._newest, moment)
        if moment > self.until:
            self.future += 1
        elif moment >= self.since:
            self._count(record, moment)

    def _follow(self, line: bytes, record: Record | None) -> None:
        """Look whether the line carries on; after one that does not, go on as if it were right."""
        chain = law.Chain(0, law.claimed_parent(line) if self.link is None else self.link)
        if chain.follow([line]) is None:
            self.link = chain.link
            self.proof.see((record or {}).get("seq"), chain.link)
            return
        self._note(law.damage_of_line(line) or "broken")
        self.link = law.own_hash(line) or str((record or {}).get("hash"))

    def _count(self, record: Record, moment: int) -> None:
        status = str(record.get("status"))
        if status not in _KNOWN:
            self._note(Damage.FLIPPED)
            return
        self.counts[status] = self.counts.get(status, 0) + 1
        if status not in (REPAIR, ACTION):
            self.last_ts = max(self.last_ts, moment)
            self.actions += record.get("action") != Action.NONE

    def _note(self, damage: str) -> None:
        if self.chain == WHOLE:
            self.chain = str(damage)

    def settled(self) -> "Tally":
        """The same when all lines were given: with a torn end, and with what the outside heads say of the chain."""
        if not self._has_end:
            self._note(TORN)
        if self.chain in (WHOLE, TORN):
            outside = self.proof.damage(self.link or GENESIS)
            if outside not in (None, Damage.UNPROVEN) or (outside and self.chain == WHOLE):
                self.chain = str(outside)
        return self

    def of(self, status: str) -> int:
        return self.counts.get(status, 0)

    @property
    def ticks(self) -> int:
        return sum(count for status, count in self.counts.items() if status not in _NO_TICK)
