"""Evidence of earlier validations: which of it can be believed, and which one the next is compared with. Pure.

A file is not believed for being there: what it says of its time must parse, must not lie in the future, and must
agree with its name and with when it was written.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.rules.load.comparison import Before, key_of
from tasks.rules.load.figures import PERCENTS

CLOCKS_DIFFER = timedelta(minutes=5)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Archived:
    """One file: its name, when it was written, its document and what its schema has against it."""

    name: str
    written: datetime
    document: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def why_unbelievable(file: Archived, now: datetime) -> str | None:
    """The reason not to believe the file; None if there is none."""
    if file.problems:
        return file.problems[0]
    at = moment_of(file)
    if at is None:
        return "time_invalid"
    if at > now + CLOCKS_DIFFER:
        return "from_the_future"
    if at > file.written + CLOCKS_DIFFER or ((named := _DAY.match(file.name)) and named[1] != f"{at:%Y-%m-%d}"):
        return "time_disagrees"
    return None


def moment_of(file: Archived) -> datetime | None:
    """When the file says that it was measured, in UTC; None without a zone or if it is no time."""
    try:
        at = datetime.fromisoformat(str(file.document.get("timestamp_utc")))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def last_of(files: Iterable[Archived], key: str, now: datetime) -> tuple[Before | None, tuple[str, ...]]:
    """The newest accepted evidence of this configuration, and what could not be believed as `file:reason`."""
    refused, found = [], []
    for file in files:
        if why := why_unbelievable(file, now):
            refused.append(f"{file.name}:{why}")
        elif _is_accepted(file.document) and _key_of(file.document) == key:
            found.append(file)
    newest = max(found, key=lambda file: (moment_of(file) or now, file.name), default=None)
    return (_before(newest, now) if newest else None), tuple(refused)


def _is_accepted(document: Mapping[str, Any]) -> bool:
    verdict = document.get("verdict") or {}
    return bool(verdict.get("accepted")) and verdict.get("status") == "ok"


def _key_of(document: Mapping[str, Any]) -> str:
    return key_of({name: value for name, value in document["config"].items() if name != "limits"})


def _before(file: Archived, now: datetime) -> Before:
    percentiles = {name: _upper_bounds(result) for name, result in file.document["results"].items()}
    return Before(moment_of(file) or now, file.name, percentiles)


def _upper_bounds(result: Mapping[str, Any]) -> dict[str, float]:
    """What was said of the percentiles, or the percentiles themselves."""
    known = {f"p{p}": float(value) for p in PERCENTS if (value := result[f"p{p}_ms"]) is not None}
    return known | {name: float(high) for name, (_, high) in (result.get("bounds_95_ms") or {}).items()}
