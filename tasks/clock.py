"""One clock: UTC, whole seconds, frozen only when WATCHKEEPER_NOW says so."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tasks.rules.faults import Refused
from tasks.settings import settings


def utc_now() -> datetime:
    return settings().frozen_now or datetime.now(UTC).replace(microsecond=0)


def frozen_now() -> datetime | None:
    """The frozen moment, to be written on everything that is made under it; None in a real run."""
    return settings().frozen_now


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name (`Europe/Berlin`); a name that is none is refused, never taken for UTC."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such file, a path outside the database, a folder of zones
        raise Refused("unknown_zone", "give --tz a name like Europe/Berlin or UTC") from None
