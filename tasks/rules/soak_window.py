"""What a stretch of the soak journal says of a day (runbook 004, Daily routine step 3).

The stretch is counted on the wall clock of a zone: 24 hours are one local day, which has 23 or 25 hours twice a year.
It has an end as well as a beginning, and lines that break the chain or cannot be read are told, never passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from tasks.rules.contracts.daily import DAILY_DIGEST
from tasks.rules.outcome import Outcome, Scalar, Status
from tasks.rules.soak import Verdict
from tasks.rules.soak_record import GAP
from tasks.rules.soak_tally import REPAIR, TORN, UNPROVEN, WHOLE, Tally

_ABSENT = ("missing", "unreadable")
_TRUSTED = (WHOLE, TORN, UNPROVEN)


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


def judge_window(tally: Tally) -> tuple[Status, str | None]:
    """A journal that cannot be trusted is as bad as a failed tick; one without ticks is no data, whatever else."""
    if tally.of(Verdict.FAIL):
        return Status.UNHEALTHY, None
    if tally.chain in _ABSENT:
        return Status.INSUFFICIENT_DATA, f"journal_{tally.chain}"
    if tally.chain not in _TRUSTED:
        return Status.UNHEALTHY, "journal_damaged"
    if not tally.ticks:
        return Status.INSUFFICIENT_DATA, "no_ticks"
    return _attention(tally)


def _attention(tally: Tally) -> tuple[Status, str | None]:
    wanting: Mapping[str, object] = {
        "journal_torn": tally.chain == TORN,
        "ticks_in_future": tally.future,
        "clock_went_back": tally.back,
        "slots_missed": tally.of(GAP),
        "no_traffic": tally.of(Verdict.INCONCLUSIVE),
        "journal_repaired": tally.of(REPAIR),
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
        back=tally.back or None,
        **more,
    )
