"""What is wrong with one value of the runtime's environment, whatever stands beside it.

Runbook 002, "ENV & Flags". The runtime skips what it cannot read (a bad bucket, a bad JSON) and reads `on` in one
place and not in another; so here only the plain spelling of each kind is a value.
"""

import json
import math
from collections.abc import Callable, Mapping

from tasks.rules.guard.profiles import profile_of
from tasks.rules.guard.variable import Holds

_PLACEHOLDERS = ("change-me", "changeme", "todo", "replace-me", "fill-me", "placeholder")


def is_placeholder(value: str) -> bool:
    return any(word in value.lower() for word in _PLACEHOLDERS)


def problem_with(holds: Holds, value: str) -> str | None:
    """The code of what is wrong with a value that is there; None if nothing is."""
    if is_placeholder(value):
        return "placeholder"
    judge = _JUDGES.get(holds)
    return judge(value) if judge else None


def number_in(value: str) -> float | None:
    """The number that the text is; None for what is none to compute with (`nan`, `1_000`, `5s`)."""
    try:
        number = float(value) if "_" not in value else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _flag(value: str) -> str | None:
    return None if value in ("0", "1") else "bad_bool"


def _number(value: str) -> str | None:
    number = number_in(value)
    if number is None:
        return "not_a_number"
    return "not_positive" if number < 0 else None


def _positive(value: str) -> str | None:
    return "not_positive" if number_in(value) == 0 else _number(value)


def _profile(value: str) -> str | None:
    return None if profile_of(value) else "unknown_profile"


def _list(value: str) -> str | None:
    return None if all(word.strip() for word in value.split(",")) else "bad_list"


def _milliseconds(value: str) -> str | None:
    return next((problem for word in value.split(",") if (problem := _positive(word.strip()))), None)


def _seconds_by_reason(value: str) -> str | None:
    try:
        seconds = json.loads(value)
    except ValueError:
        return "bad_json"
    if not isinstance(seconds, dict):
        return "bad_json"
    numbers = all(type(number) in (int, float) and 0 <= number < math.inf for number in seconds.values())
    return None if numbers else "bad_json"


def _caps(value: str) -> str | None:
    """`venue:amount` with commas between, or `venue:symbol:amount` with semicolons."""
    for entry in value.replace(";", ",").split(","):
        *names, amount = entry.split(":")
        if not names or not all(name.strip() for name in names):
            return "bad_list"
        if problem := _positive(amount.strip()):
            return problem
    return None


_JUDGES: Mapping[Holds, Callable[[str], str | None]] = {
    Holds.FLAG: _flag,
    Holds.NUMBER: _number,
    Holds.POSITIVE: _positive,
    Holds.PROFILE: _profile,
    Holds.LIST: _list,
    Holds.MILLISECONDS: _milliseconds,
    Holds.SECONDS_BY_REASON: _seconds_by_reason,
    Holds.CAPS: _caps,
}
