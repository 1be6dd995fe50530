"""The hours of a soak: slots in UTC, each judged once or told as a gap (runbook 004, "Soak orchestration")."""

from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
MOST_GAPS = 1_000
"""More hours than this are not missed by an outage: the clock has jumped."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def slot_of(moment: datetime, every: timedelta = HOUR) -> datetime:
    """The slot that a moment belongs to: its hour in UTC, whatever the local clocks do."""
    return moment.astimezone(UTC) - (moment - _EPOCH) % every


def missed_slots(last: datetime | None, slot: datetime, every: timedelta = HOUR) -> tuple[datetime, ...]:
    """The slots after the last one that nobody judged; each of them is a gap and never made up for."""
    if last is None:
        return ()
    return tuple(last + every * number for number in range(1, max(1, (slot - last) // every)))


def why_not(slot: datetime, first: datetime, newest: datetime | None, every: timedelta = HOUR) -> str | None:
    """Why a slot that nobody has judged cannot be judged now; None if it can.

    `first` is the soak's own first slot, `newest` the newest one in the books.
    """
    if slot < max(first, newest or first):
        return "clock_went_back"
    since = newest or first
    return "clock_ahead" if (slot - since) // every > MOST_GAPS else None


def gaps_before(slot: datetime, first: datetime, newest: datetime | None, every: timedelta = HOUR) -> list[datetime]:
    """The slots of a soak that passed before this one without being judged."""
    return list(missed_slots(newest or first - every, slot, every))
