"""What an operator asks the command line: what was said last, what may be said, what to do about it."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from flows.command_line import exit_codes
from tasks.rules.contracts import REGISTRY
from tasks.rules.outcome import EXIT_FAILED, EXIT_OK, EXIT_USAGE, Contract
from tasks.rules.playbooks import Playbook, playbook_for


def print_outcomes(procedure: str | None, most: int, *, as_json: bool) -> int:
    """One line a procedure: age, trend (newest last; `.` good, `!` bad) and the last line it ended in."""
    from tasks.clock import utc_now
    from tasks.operations import StoredOutcome, last_outcomes

    stored = last_outcomes(procedure, most)
    if not stored:
        sys.stderr.write("watchkeeper: no outcome is stored yet; run a procedure first\n")
        return EXIT_FAILED if procedure else EXIT_OK
    shown: Iterable[StoredOutcome]
    for name, group in groupby(stored, key=lambda row: row.procedure):
        history = list(group)
        newest = history[0]
        trend = "".join("!" if row.exit_code else "." for row in reversed(history))
        if as_json:
            entry = {"procedure": name, "at": newest.at.isoformat(), "trend": trend, "line": newest.line}
            _print(json.dumps(entry, separators=(",", ":")))
            continue
        shown = history if procedure else history[:1]
        for row in shown:
            _print(f"{name:<26} {_age(row.at, utc_now()):>8}  {trend:>{most}}  {row.line}")
    return EXIT_OK


def _age(then: datetime, now: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def print_contract(token: str | None, *, as_json: bool) -> int:
    """What each token may say; the same registry the lines are checked against."""
    if token is not None and token not in REGISTRY:
        sys.stderr.write(f"watchkeeper: no token {token!r}; `watchkeeper contract` lists them\n")
        return EXIT_USAGE
    for name in [token] if token else sorted(REGISTRY):
        contract = REGISTRY[name]
        _print(json.dumps(_as_data(contract), separators=(",", ":")) if as_json else _as_text(contract))
    return EXIT_OK


def _as_data(contract: Contract) -> dict[str, object]:
    return {
        "token": contract.token,
        "statuses": {status.value: contract.exit_code(status) for status in contract.statuses},
        "reasons": list(contract.reasons),
        "keys": [key.name for key in contract.keys],
        "section": contract.section,
    }


def _as_text(contract: Contract) -> str:
    rows = {
        "status": ", ".join(status.value for status in contract.statuses),
        "exit": exit_codes(contract),
        "reason": ", ".join(contract.reasons),
        "keys": ", ".join(key.name for key in contract.keys),
        "runbook": contract.section,
    }
    return "\n".join([contract.token, *(f"  {title:<8} {text}" for title, text in rows.items() if text)])


def explain(token: str, reason: str | None, *, as_json: bool) -> int:
    """The playbook for what a line said."""
    if token not in REGISTRY:
        sys.stderr.write(f"watchkeeper: no token {token!r}; `watchkeeper contract` lists them\n")
        return EXIT_USAGE
    playbook = playbook_for(token, reason)
    if playbook is None:
        sys.stderr.write(f"watchkeeper: no playbook for {token} {reason or ''}; see `watchkeeper contract {token}`\n")
        return EXIT_USAGE
    _print(json.dumps(playbook.as_data(), separators=(",", ":")) if as_json else _playbook_text(playbook))
    return EXIT_OK


def _playbook_text(playbook: Playbook) -> str:
    steps = [f"  {number}. {step}" for number, step in enumerate(playbook.steps, 1)]
    return "\n".join([playbook.title, f"  (runbook {playbook.section})", *steps])


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
