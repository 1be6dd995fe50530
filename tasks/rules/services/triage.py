"""What the evidence of an incident points to, and the runbook's next step (runbook 003, Incident Playbook).

Pure: facts in, causes out, the likeliest first. A cause that nothing speaks for is never named, and evidence that
could not be had is said as missing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tasks.rules.artifacts import Json
from tasks.rules.outcome import Outcome

DEFAULT_RATE_LIMIT, DEFAULT_VERIFY_TIMEOUT_S = 60, 5
LEAST_ANOMALIES = 5
_FATAL = "FATAL ERROR loading fixture"
_TAILS = (
    ("fixture_exit_code", re.compile(r"subprocess exit code -?\d+")),
    ("fixture_timeout", re.compile(r"subprocess timeout after [\d.]+ ?s")),
    ("fixture_typed_error", re.compile(r"[A-Za-z_][\w.]*: \S")),
)
_PHRASES = {
    "missing_signature": "Missing webhook signature",
    "invalid_signature": "Invalid webhook signature",
    "handler_error": "Webhook handler error",
    "invalid_payload": "Failed to parse or validate webhook payload",
}


class TriagePlaybook(StrEnum):
    API_5XX = "api_5xx"
    WEBHOOK_STORM = "webhook_storm"
    VERIFICATION_STALL = "verification_stall"


class Cause(StrEnum):
    """What it most likely is; `none_found` where nothing speaks for anything."""

    DATABASE = "database"
    API_DOWN = "api_down"
    API_SICK = "api_sick"
    HANDLER_ERRORS = "handler_errors"
    SIGNATURE_ANOMALIES = "signature_anomalies"
    UNSIGNED_FLOOD = "unsigned_flood"
    LIMIT_NOT_EFFECTIVE = "limit_not_effective"
    LIMIT_INVALID = "limit_invalid"
    TIMEOUT_INVALID = "timeout_invalid"
    FIXTURE_MISSING = "fixture_missing"
    FIXTURE_TIMEOUT = "fixture_timeout"
    FIXTURE_DIED = "fixture_died"
    FIXTURE_BROKEN = "fixture_broken"
    NONE_FOUND = "none_found"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The runbook's next step as a run that somebody starts with one click; without a deployment a person does it."""

    deployment: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)

    @property
    def command(self) -> str | None:
        """The same for a terminal."""
        flags = ((f"--{name.replace('_', '-')}", value) for name, value in self.parameters.items())
        words = [flag if value is True else f"{flag} {value}" for flag, value in flags]
        return " ".join(["watchkeeper", self.deployment, *words]) if self.deployment else None


_RESTART_API = FollowUp("service-restart", {"service": "api"})
_RESTART_WEBHOOK = FollowUp("service-restart", {"service": "webhook"})
_ROTATE = FollowUp("webhook-secret-rotate", {"execute": True})
_BY_HAND = FollowUp()
NEXT_STEPS: dict[Cause, FollowUp] = {
    Cause.API_DOWN: _RESTART_API,
    Cause.API_SICK: _RESTART_API,
    Cause.HANDLER_ERRORS: _RESTART_API,
    Cause.SIGNATURE_ANOMALIES: _ROTATE,
    Cause.LIMIT_NOT_EFFECTIVE: _RESTART_WEBHOOK,
}
"""What is not here is put right by a person: the page of the run says what."""

WORDS: dict[Cause, str] = {
    Cause.DATABASE: "The database is not what the API needs. Put right what its reasons name, then restart the API.",
    Cause.API_DOWN: "Nobody answers at the API's address. Restart the service and see `/health`.",
    Cause.API_SICK: "The API answers, and not well. Restart the service and see `/health`.",
    Cause.HANDLER_ERRORS: "Handlers fail inside the service. Read the excerpt, then restart the service.",
    Cause.SIGNATURE_ANOMALIES: "Signatures are wrong: the secret leaked, or both sides differ. Rotate the secret.",
    Cause.UNSIGNED_FLOOD: "Requests come without any signature: somebody else's. Keep them off before the server.",
    Cause.LIMIT_NOT_EFFECTIVE: "No 429 came although more than the limit was sent. Restart it with the limit set.",
    Cause.LIMIT_INVALID: "ORKET_RATE_LIMIT is no whole number of at least 1, so the service uses 60. Correct it.",
    Cause.TIMEOUT_INVALID: "ORKET_VERIFY_TIMEOUT_SEC is no positive number: verification fails at once. Correct it.",
    Cause.FIXTURE_MISSING: "The fixture is not under workspace/verification/, or cannot be read. Put it back.",
    Cause.FIXTURE_TIMEOUT: "The fixture runs into its time limit. See what it waits for, or raise the limit.",
    Cause.FIXTURE_DIED: "The fixture's process ended by itself. See its exit code, and the limits of CPU and memory.",
    Cause.FIXTURE_BROKEN: "The fixture raises an error while it is loaded. Read the excerpt and correct it.",
    Cause.NONE_FOUND: "Nothing that was looked at speaks for a cause. Look at what is missing, and at the excerpts.",
}


@dataclass(slots=True)
class Tally:
    """What the ends of the logs hold of the time that counts."""

    counts: dict[str, int] = field(default_factory=dict)
    records: int = 0
    torn: int = 0

    def add(self, lines: Iterable[str], since: datetime) -> None:
        """Count these lines; one that is no JSON is torn, and still read for the words of a fixture's end."""
        for line in lines:
            record = _record(line)
            if record is None:
                self.torn += 1
                self._see(_tail_of(line))
            elif not _is_before(record, since):
                self.records += 1
                self._see(_word_of(record))

    def _see(self, word: str | None) -> None:
        if word:
            self.counts[word] = self.counts.get(word, 0) + 1


def _record(line: str) -> Mapping[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _is_before(record: Mapping[str, object], since: datetime) -> bool:
    """A record without a readable time counts: it is at the end of the log."""
    try:
        at = datetime.fromisoformat(str(record.get("timestamp")).replace("Z", "+00:00"))
    except ValueError:
        return False
    return at.tzinfo is not None and at < since


def _word_of(record: Mapping[str, object]) -> str | None:
    data = record.get("data")
    said = data.get("message") if isinstance(data, dict) else None
    text = said if isinstance(said, str) else json.dumps(record)
    found = next((word for word, phrase in _PHRASES.items() if phrase in text), None) or _tail_of(text)
    if found is None and isinstance(data, dict) and data.get("level") == "error":
        return "other_error"
    return found


def _tail_of(text: str) -> str | None:
    """Which of the four ends a fixture's loading came to; None if the text is about something else."""
    _, found, rest = text.partition(_FATAL)
    if not found:
        return None
    tail = rest.lstrip(": ")
    return next((word for word, shape in _TAILS if shape.match(tail)), "fixture_exception")


def rate_limit(text: str | None) -> tuple[int, bool]:
    """The limit that the service really uses, and whether what is set was understood."""
    if text is None or not text.strip():
        return DEFAULT_RATE_LIMIT, True
    try:
        return max(1, int(text)), int(text) >= 1
    except ValueError:
        return DEFAULT_RATE_LIMIT, False


def verify_timeout(text: str | None) -> float | None:
    """Seconds that a verification may take; None for what is no positive number."""
    if text is None or not text.strip():
        return DEFAULT_VERIFY_TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found beside the logs; `looked_at` says where. Reasons stand for what is wrong, None for nothing."""

    tally: Tally
    looked_at: tuple[str, ...] = ()
    database: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    limit: int | None = None
    limit_understood: bool = True
    probes: int = 0
    limited_at: int | None = None
    verify_timeout_s: float | None = DEFAULT_VERIFY_TIMEOUT_S
    fixture: str | None = None

    @property
    def is_limit_passed(self) -> bool:
        """More requests than the limit were sent, and none of them was refused."""
        return self.limit is not None and self.limited_at is None and self.probes > self.limit

    def seen(self, *words: str) -> int:
        return sum(self.tally.counts.get(word, 0) for word in words)


def reasons_of(part: Outcome) -> tuple[str, ...]:
    """Every reason of a line of service-health."""
    several = part.fields.get("reasons")
    return several if isinstance(several, tuple) else (part.reason,) if part.reason else ()


_DOWN = ("service_unreachable", "service_silent", "service_dropped", "tls_failed")


def causes_of(playbook: TriagePlaybook, evidence: Evidence) -> tuple[Cause, ...]:
    """Every cause that something speaks for, the likeliest first; `none_found` alone where there is none."""
    match playbook:
        case TriagePlaybook.API_5XX:
            found = _api(evidence)
        case TriagePlaybook.WEBHOOK_STORM:
            found = _storm(evidence)
        case TriagePlaybook.VERIFICATION_STALL:
            found = _stall(evidence)
    return tuple(cause for cause, speaks in found.items() if speaks) or (Cause.NONE_FOUND,)


def _api(evidence: Evidence) -> dict[Cause, bool]:
    down = any(reason in _DOWN for reason in evidence.health)
    return {
        Cause.DATABASE: bool(evidence.database),
        Cause.API_DOWN: down,
        Cause.API_SICK: bool(evidence.health) and not down,
        Cause.HANDLER_ERRORS: evidence.seen("handler_error", "other_error") > 0,
    }


def _storm(evidence: Evidence) -> dict[Cause, bool]:
    return {
        Cause.SIGNATURE_ANOMALIES: evidence.seen("invalid_signature") >= LEAST_ANOMALIES,
        Cause.LIMIT_NOT_EFFECTIVE: evidence.is_limit_passed,
        Cause.LIMIT_INVALID: not evidence.limit_understood,
        Cause.UNSIGNED_FLOOD: evidence.seen("missing_signature") >= LEAST_ANOMALIES,
    }


def _stall(evidence: Evidence) -> dict[Cause, bool]:
    return {
        Cause.TIMEOUT_INVALID: evidence.verify_timeout_s is None,
        Cause.FIXTURE_MISSING: evidence.fixture is not None,
        Cause.FIXTURE_TIMEOUT: evidence.seen("fixture_timeout") > 0,
        Cause.FIXTURE_DIED: evidence.seen("fixture_exit_code") > 0,
        Cause.FIXTURE_BROKEN: evidence.seen("fixture_exception", "fixture_typed_error") > 0,
    }
