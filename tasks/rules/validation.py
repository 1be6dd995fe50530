"""Which checks a validation runs and what their results mean (runbook 004).

The checks are data. The result is OK only if every one of them was; a section always says what it said itself.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from tasks.rules.artifacts import Json
from tasks.rules.contracts.validation import FULL_VALIDATE, VALIDATION_SECTION
from tasks.rules.outcome import Outcome, Status

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")
_KNOWN = {"name", "command", "timeout_s", "fast", "env"}
_LONGEST_S = 86_400


@dataclass(frozen=True, slots=True)
class Check:
    """One command with its limit; `env` is set for it on top of the fixed environment."""

    name: str
    command: tuple[str, ...]
    timeout_s: int = 300
    fast: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a check ended: `exit_<n>`, `signal_<n>`, `timed_out` or `not_started`."""

    name: str
    details: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.details == "exit_0"

    @property
    def word(self) -> str:
        return "OK" if self.ok else "FAIL"


def checks_of(document: Mapping[str, object]) -> tuple[Check, ...]:
    """The checks of a validation.toml in its order; ValueError says in words of ours what is wrong."""
    rows = document.get("check")
    if set(document) != {"check"} or not isinstance(rows, list) or not rows:
        raise ValueError("the file is a list of [[check]]")
    checks = tuple(_check(row) for row in rows)
    if len({check.name for check in checks}) < len(checks):
        raise ValueError("a name stands twice")
    return checks


def _check(row: object) -> Check:
    if not isinstance(row, Mapping) or not set(row) <= _KNOWN:
        raise ValueError("a check has name, command, timeout_s, fast and env")
    name, command, env = row.get("name"), row.get("command"), row.get("env", {})
    timeout_s, fast = row.get("timeout_s", 300), row.get("fast", False)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a name is lowercase letters, digits and _")
    if not isinstance(command, list) or not command or not all(isinstance(word, str) and word for word in command):
        raise ValueError("a command is a list of words")
    if type(timeout_s) is not int or not 1 <= timeout_s <= _LONGEST_S or not isinstance(fast, bool):
        raise ValueError("timeout_s is whole seconds, up to a day; fast is true or false")
    if not isinstance(env, Mapping) or not all(_VARIABLE.fullmatch(k) and isinstance(v, str) for k, v in env.items()):
        raise ValueError("env maps names of variables to texts")
    return Check(name, tuple(command), timeout_s, fast, dict(env))


def chosen(checks: Sequence[Check], *, fast: bool) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.fast or not fast)


def validation_of(ran: Sequence[Ran], *, fast: bool) -> dict[str, Json]:
    """FULL_STACK_VALIDATION.json: the status in the two words that readers know, a section for each check."""
    status = "OK" if ran and all(one.ok for one in ran) else "FAIL"
    return {
        "status": status,
        "result": status,
        "mode": "FAST" if fast else "FULL",
        "components": [one.name for one in ran],
        "sections": [
            {"name": one.name, "ok": one.ok, "status": one.word, "details": one.details, "seconds": one.seconds}
            for one in ran
        ],
    }


def validation_page(validation: Mapping[str, Json], utc: str) -> list[str]:
    """FULL_STACK_VALIDATION.md."""
    sections = cast("Sequence[Mapping[str, Json]]", validation["sections"])
    return [
        f"# Full Stack Validation ({validation['mode']})",
        "",
        f"**Result:** {validation['status']}",
        "",
        f"*Runtime UTC:* {utc}",
        "",
        "## Sections",
        *(f"- {one['name']}: {one['status']} ({one['details']})" for one in sections),
        "",
        f"RESULT={validation['status']}",
    ]


def section_said(ran: Ran) -> Outcome:
    status = Status.OK if ran.ok else Status.FAIL
    reason = None if ran.ok else "timed_out" if ran.details == "timed_out" else "check_failed"
    if ran.details == "not_started":
        reason = "not_started"
    return VALIDATION_SECTION.says(status, reason, name=ran.name, details=ran.details, seconds=ran.seconds)


def validation_said(ran: Sequence[Ran], *, fast: bool) -> Outcome:
    failed = sum(not one.ok for one in ran)
    status = Status.FAIL if failed or not ran else Status.OK
    reason = "check_failed" if failed else None if ran else "no_checks"
    return FULL_VALIDATE.says(status, reason, checked=len(ran), failed=failed, mode="FAST" if fast else "FULL")
