"""What the runtime says of itself, read without changing anything (runbook 002, Live Guard & Confirm)."""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tasks.rules.faults import Fault, Refused, RuntimeUnreachable
from tasks.rules.guard.answers import fault_for, unknown_answer
from tasks.rules.guard.readiness import Signal, pushed_signals
from tasks.rules.guard.readiness_verdict import Probe, Probes
from tasks.rules.guard.rollback import SILENT
from tasks.rules.guard.state import NotAState, RuntimeState, state_of
from tasks.runtime.requests import Answer, look
from tasks.settings.guard import runtime_settings
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
ALERTS, EVENTS = "api/ui/alerts", "api/ui/events?limit=500&order=desc"
"""Many at once, the newest first: notes of every second would push a warning out of a few."""
SEVERE = ("warn", "warning", "error", "critical")


@step(retries=0)  # the request repeats itself
def read_state(base: str = "") -> RuntimeState:
    """Mode, hold and safe mode of this moment; `base` empty is RUNTIME_URL. Faults: `runtime_unreachable` and kin."""
    answer = look(base, "api/ui/status/full")
    if answer.status != 200:
        raise fault_for(answer.status, answer.detail)
    try:
        return state_of(answer.data)
    except NotAState as missing:
        log.warning("status/full has no usable %s", missing)
        raise unknown_answer() from None


@step(retries=0)  # asked once: it must not hold up what comes next
def state_word(base: str = "") -> str:
    """The state in one word, `unknown` when the runtime does not say."""
    try:
        answer = look(base, "api/ui/status/full", tries=1)
        return state_of(answer.data).word
    except (RuntimeUnreachable, NotAState):
        return "unknown"


@step(retries=0)  # the request repeats itself
def read_runtime_profile(base: str = "") -> str:
    """The profile that the runtime really runs, in its own word (W2)."""
    answer = look(base, "api/ui/status")
    said = answer.data.get("runtime_profile") if isinstance(answer.data, dict) else None
    if answer.status != 200 or not isinstance(said, str):
        raise fault_for(answer.status, answer.detail) if answer.status != 200 else unknown_answer()
    return said


@step
def is_silent(base: str = "") -> bool:
    """Whether nobody answers sanely there; any other trouble is a fault."""
    try:
        read_state.fn(base)
    except Fault as fault:
        if fault.reason not in SILENT:
            raise
        return True
    return False


def rows_at(base: str, path: str) -> tuple[Mapping[str, object], ...]:
    """The rows of a list that the runtime keeps: alerts come bare, events under `items`.

    A list that cannot be read is a fault: none of it may pass for none in it.
    """
    answer = look(base, path)
    if answer.status != 200:
        raise fault_for(answer.status, answer.detail)
    rows = answer.data.get("items", answer.data.get("requests")) if isinstance(answer.data, Mapping) else answer.data
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise unknown_answer()
    return tuple(rows)


@step(retries=0)  # the request repeats itself
def probe(base: str = "", signals: str = "") -> Probes:
    """The readiness endpoints, health and state of this moment, and the signals pushed into the file `signals`."""
    answers = {
        path: look(base, path) for path in ("live-readiness", "live/readiness", "healthz", "api/ui/status/full")
    }
    newest = max(answer.received for answer in answers.values())
    return Probes(
        live_readiness=_probe(answers["live-readiness"]),
        live_slash_readiness=_probe(answers["live/readiness"]),
        healthz=_probe(answers["healthz"]),
        status_full=_probe(answers["api/ui/status/full"]),
        observed_at=newest,
        skew_s=_worst_skew(answers.values()),
        pushed=_pushed(signals),
        textfile_age_s=textfile_age_s(newest),
    )


def _probe(answer: Answer) -> Probe:
    return Probe(answer.status, answer.data if isinstance(answer.data, Mapping) else None)


def _worst_skew(answers: Iterable[Answer]) -> float | None:
    known = [one.skew_s for one in answers if one.skew_s is not None]
    return max(known, key=abs) if known else None


def _pushed(path: str) -> tuple[Signal, ...]:
    if not path:
        return ()
    try:
        return pushed_signals(json.loads(Path(path).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as wrong:
        log.warning("the file of signals cannot be used: %s", type(wrong).__name__)
        raise Refused("signals_unreadable", "correct the file of signals, or leave --signals away") from None


def textfile_age_s(now: datetime) -> float | None:
    """How old the runtime's metrics file is, in seconds; None if there is none, as before the first order (W20)."""
    try:
        changed = Path(runtime_settings().metrics_path).stat().st_mtime
    except OSError:
        return None
    return max(0.0, now.timestamp() - changed)


def moment() -> datetime:
    """Now, with its fractions: ages of signals are measured on it, never on a frozen clock."""
    return datetime.now(UTC)


def is_healthy(base: str = "") -> bool:
    """Whether /healthz says ok at this moment, asked once; False when nothing answers."""
    try:
        answer = look(base, "healthz", tries=1)
    except RuntimeUnreachable:
        return False
    return answer.status == 200 and isinstance(answer.data, dict) and answer.data.get("ok") is True
