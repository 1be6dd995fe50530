"""When a service is healthy: what it answered, how quickly, and what its database is like.

Pure: takes what was seen, gives every reason against it (runbook 003, Health checks; Incident Playbook 1). A status
code alone proves nothing: the services answer 200 as long as they live, so the body has to say it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.contracts.services import SERVICE_HEALTH, SERVICE_HEALTH_PART
from tasks.rules.outcome import Outcome, Status

GOOD_WORDS = ("ok", "healthy")
# What a body says of itself goes into a line only as one of these words; anything else is somebody's text.
_KNOWN_WORDS = (*GOOD_WORDS, "degraded", "starting", "stopping", "unhealthy", "down", "warn", "fail", "error")
OTHER_WORD = "other"
ALWAYS_CHECKED_BYTES = 8 * 1024 * 1024


class Target(StrEnum):
    """What is watched."""

    API = "api"
    WEBHOOK = "webhook"
    RUNTIME_DB = "runtime_db"
    WEBHOOK_DB = "webhook_db"


VARIABLES = {
    Target.API: "ORKET_API_URL",
    Target.WEBHOOK: "ORKET_WEBHOOK_URL",
    Target.RUNTIME_DB: "ORKET_RUNTIME_DB",
    Target.WEBHOOK_DB: "ORKET_WEBHOOK_DB",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How slow an answer and how full a disk may be."""

    max_latency_ms: int
    min_free_mb: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from `GET /health`; `trouble` is why nothing usable did, `said` the body's own status."""

    latency_ms: int
    http: int | None = None
    said: str | None = None
    trouble: str | None = None
    tls: str | None = None


@dataclass(frozen=True, slots=True)
class DatabaseSeen:
    """What a look at a database found; `checked` when SQLite went through all of it."""

    troubles: tuple[str, ...] = ()
    sqlite: str | None = None
    free_mb: int | None = None
    checked: bool = False


def word_of(body: object) -> str | None:
    """The status in a body: one of the known words, `other` for any other text, None if there is none."""
    said = body.get("status") if isinstance(body, dict) else None
    if not isinstance(said, str):
        return None
    word = said.strip().lower()
    return word if word in _KNOWN_WORDS else OTHER_WORD


def judge_answer(target: Target, answer: Answer, limits: Limits) -> Outcome:
    """The line of a service, with every reason against it."""
    return _part(
        target,
        _against_answer(answer, limits),
        http=answer.http,
        said=answer.said,
        tls=answer.tls,
        latency_ms=answer.latency_ms,
    )


def judge_database(target: Target, seen: DatabaseSeen, limits: Limits) -> Outcome:
    """The line of a database, with every reason against it."""
    low = seen.free_mb is not None and seen.free_mb < limits.min_free_mb
    reasons = (*seen.troubles, *(("disk_low",) if low else ()))
    return _part(target, reasons, sqlite=seen.sqlite, free_mb=seen.free_mb, checked=seen.checked)


def is_check_due(size: int, minutes_ago: float | None, every_minutes: int) -> bool:
    """Whether SQLite goes through the whole file now: always a small one, a large one when it was long ago."""
    return size <= ALWAYS_CHECKED_BYTES or minutes_ago is None or not 0 <= minutes_ago < every_minutes


def summed(parts: Sequence[Outcome], unwatched: Sequence[Target]) -> Outcome:
    """The last line: which of what is watched is bad, and every reason once."""
    bad = [part for part in parts if part.status is Status.UNHEALTHY]
    reasons = tuple(dict.fromkeys(reason for part in bad for reason in _reasons(part)))
    return SERVICE_HEALTH.says(
        Status.UNHEALTHY if bad else Status.HEALTHY,
        reasons[0] if reasons else None,
        reasons=reasons if len(reasons) > 1 else None,
        bad=tuple(str(part.fields["target"]) for part in bad) or None,
        watched=len(parts),
        unwatched=tuple(target.value for target in unwatched) or None,
    )


def nothing_watched() -> Outcome:
    return SERVICE_HEALTH.says(Status.NOT_CONFIGURED, "nothing_watched", env=tuple(VARIABLES.values()))


def _against_answer(answer: Answer, limits: Limits) -> tuple[str, ...]:
    found = [answer.trouble] if answer.trouble else []
    if answer.http is not None and answer.http != 200 and answer.trouble != "redirected":
        found.append("http_status")
    if answer.said is not None and answer.said not in GOOD_WORDS:
        found.append("status_not_ok")
    if answer.latency_ms > limits.max_latency_ms:
        found.append("slow")
    return tuple(found)


def _part(target: Target, reasons: Sequence[str], **fields: str | int | bool | None) -> Outcome:
    return SERVICE_HEALTH_PART.says(
        Status.UNHEALTHY if reasons else Status.HEALTHY,
        reasons[0] if reasons else None,
        target=target.value,
        reasons=tuple(reasons) if len(reasons) > 1 else None,
        **fields,
    )


def _reasons(part: Outcome) -> tuple[str, ...]:
    several = part.fields.get("reasons")
    return several if isinstance(several, tuple) else (part.reason or "status_not_ok",)
