"""What a stretch of the soak journal says of a day (runbook 004, Daily routine step 3).

The stretch is counted on the wall clock of a zone: 24 hours are one local day, which has 23 or 25 hours twice a year.
It has an end as well as a beginning, and lines that break the chain or cannot be read are told, never passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from tasks.rules import journal as law
from tasks.rules.contracts.daily import DAILY_DIGEST
from tasks.rules.freshness import epoch_of
from tasks.rules.journal import GENESIS, Record
from tasks.rules.outcome import Outcome, Scalar, Status
from tasks.rules.soak import Action, Verdict
from tasks.rules.soak_record import GAP

_REPAIR = "REPAIR"
_KNOWN = (*(verdict.value for verdict in Verdict), GAP, _REPAIR)
WHOLE = "ok"
_ABSENT = ("missing", "unreadable")


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both included, in UTC; `zone` is where its days are days."""

    start: datetime
    end: datetime
    zone: tzinfo
    hours: int

    @property
    def day(self) -> str:
        return self.end.astimezone(self.zone).date().isoformat()

    @property
    def elapsed_hours(self) -> float:
        return (self.end - self.start) / timedelta(hours=1)


def window_of(now: datetime, zone: tzinfo, hours: int) -> Window:
    """The last hours: whole days by the wall clock of the zone, what is left over as elapsed time."""
    days, rest = divmod(hours, 24)
    same_time = (now.astimezone(zone) - timedelta(days=days)).astimezone(UTC)
    return Window(same_time - timedelta(hours=rest), now, zone, hours)


def line_epoch(record: Record | None) -> int | None:
    """When a line says it was written, seconds since 1970; None if it does not say."""
    try:
        return epoch_of((record or {}).get("ts"))
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class Tally:
    """The journal's lines within a window, counted as they are read from the first one on."""

    since: int
    until: int
    link: str | None = GENESIS
    """What the first line must hold on to; None where the reading began in the middle of the journal."""
    counts: dict[str, int] = field(default_factory=dict)
    actions: int = 0
    future: int = 0
    last_ts: int = 0
    chain: str = WHOLE

    def add(self, line: bytes) -> None:
        if not line.endswith(b"\n"):
            self._note("torn")
            return
        self._follow(line)
        record = law.parsed(line)
        moment = line_epoch(record)
        if record is None or moment is None:
            self._note("flipped")
        elif moment > self.until:
            self.future += 1
        elif moment >= self.since:
            self._count(record, moment)

    def _follow(self, line: bytes) -> None:
        """Look whether the line carries on; after one that does not, go on as if it were right."""
        chain = law.Chain(0, law.claimed_parent(line) if self.link is None else self.link)
        if chain.follow([line]) is None:
            self.link = chain.link
            return
        self._note(law.damage_of_line(line) or "broken")
        self.link = law.own_hash(line) or str((law.parsed(line) or {}).get("hash"))

    def _count(self, record: Record, moment: int) -> None:
        status = str(record.get("status"))
        if status not in _KNOWN:
            self._note("flipped")
            return
        self.counts[status] = self.counts.get(status, 0) + 1
        if status != _REPAIR:
            self.last_ts = max(self.last_ts, moment)
            self.actions += record.get("action") != Action.NONE

    def _note(self, damage: str) -> None:
        if self.chain == WHOLE:
            self.chain = damage

    def of(self, status: str) -> int:
        return self.counts.get(status, 0)

    @property
    def ticks(self) -> int:
        return sum(count for status, count in self.counts.items() if status not in (GAP, _REPAIR))


def judge_window(tally: Tally) -> tuple[Status, str | None]:
    """A journal that cannot be trusted is as bad as a failed tick; one without ticks is no data, whatever else."""
    if tally.of(Verdict.FAIL):
        return Status.UNHEALTHY, None
    if tally.chain in _ABSENT:
        return Status.INSUFFICIENT_DATA, f"journal_{tally.chain}"
    if tally.chain not in (WHOLE, "torn"):
        return Status.UNHEALTHY, "journal_damaged"
    if not tally.ticks:
        return Status.INSUFFICIENT_DATA, "no_ticks"
    return _attention(tally)


def _attention(tally: Tally) -> tuple[Status, str | None]:
    wanting: Mapping[str, object] = {
        "journal_torn": tally.chain == "torn",
        "ticks_in_future": tally.future,
        "slots_missed": tally.of(GAP),
        "no_traffic": tally.of(Verdict.INCONCLUSIVE),
        "journal_repaired": tally.of(_REPAIR),
    }
    reason = next((word for word, is_so in wanting.items() if is_so), None)
    return (Status.PARTIAL if reason or tally.of(Verdict.WARN) else Status.OK), reason


def soak_told(tally: Tally, **more: Scalar) -> Outcome:
    """The digest's line about the soak."""
    status, reason = judge_window(tally)
    return DAILY_DIGEST.says(
        status,
        reason,
        cont=tally.of(Verdict.CONTINUE),
        warn=tally.of(Verdict.WARN),
        fail=tally.of(Verdict.FAIL),
        actions=tally.actions,
        last_ts=tally.last_ts,
        chain=tally.chain,
        inconclusive=tally.of(Verdict.INCONCLUSIVE) or None,
        gaps=tally.of(GAP) or None,
        future=tally.future or None,
        **more,
    )
