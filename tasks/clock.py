"""One clock: UTC, whole seconds, frozen only when WATCHKEEPER_NOW says so."""

from datetime import UTC, datetime

from tasks.settings import settings


def utc_now() -> datetime:
    return settings().frozen_now or datetime.now(UTC).replace(microsecond=0)


def frozen_now() -> datetime | None:
    """The frozen moment, to be written on everything that is made under it; None in a real run."""
    return settings().frozen_now


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
