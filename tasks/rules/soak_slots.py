"""The hours of a soak: slots in UTC, each judged once or told as a gap (runbook 004, "Soak orchestration")."""

from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def slot_of(moment: datetime, every: timedelta = HOUR) -> datetime:
    """The slot that a moment belongs to: its hour in UTC, whatever the local clocks do."""
    return moment.astimezone(UTC) - (moment - _EPOCH) % every


def missed_slots(last: datetime | None, slot: datetime, every: timedelta = HOUR) -> tuple[datetime, ...]:
    """The slots after the last one that nobody judged; each of them is a gap and never made up for."""
    if last is None:
        return ()
    return tuple(last + every * number for number in range(1, max(1, (slot - last) // every)))
