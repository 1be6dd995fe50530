"""What an answer of the trading runtime means for us, when it may be asked again, and what its clock says.

Pure: statuses, headers and texts in, a fault, a pause or a difference out. The texts are those of a recorded runtime
(spec 002, 3). It limits writes without Retry-After, and its cache of idempotency keys gives errors back as well.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from tasks.rules.faults import Fault, Refused, RuntimeRefused, RuntimeUnreachable

TRIES = 3
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
REFILL_S = 2.0  # 30 a minute
MOST_SKEW_S = 5.0
RUNTIME_REASONS = (
    "runtime_unreachable",
    "runtime_error",
    "runtime_busy",
    "runtime_unauthorised",
    "runtime_token_refused",
    "runtime_forbidden",
    "runtime_conflict",
    "runtime_answer_unknown",
    "runtime_not_ours",
    "runtime_not_changed",
    "missing_runtime_url",
    "missing_runtime_token",
)
# What may be polled: reading it changes nothing. The overview and its kin run the SLO guard, which holds and resumes;
# of the big state nobody has said that it changes nothing.
HARMLESS = frozenset(
    (
        "healthz",
        "live-readiness",
        "live/readiness",
        "metrics",
        "api/ui/status",
        "api/ui/status/full",
        "api/ui/config",
        "api/ui/config/validate",
        "api/ui/live-guard",
        "api/ui/live-promotion",
        "api/ui/live-approvals",
        "api/ui/runtime_badges",
        "api/ui/positions",
        "api/ui/audit_log",
        "api/ui/events",
        "api/ui/alerts",
        "api/ops/live-toggle/requests",
    )
)
_CONFLICTS = {
    "hold_not_active": "there is no hold to clear: look at status/full first",
    "resume_request_missing": "a hold came between and took the request away: look why, then start again",
    "hold_active": "the hold is still there: it is cleared before the runtime resumes",
    "idempotency key conflict": "start again: the same key was used for something else",
}
_AGAIN = "start again when the runtime is well"


def pause_s(attempt: int) -> float | None:
    """Seconds before the next attempt after silence; None if there is none."""
    return FIRST_PAUSE_S * 2.0**attempt if attempt + 1 < TRIES else None


def limit_pause_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the runtime takes another write: `x-ratelimit-reset`, a second at the least.

    It fills up by one in two seconds; that is what is waited where it says nothing sane. None for longer than anybody
    should wait for a hold.
    """
    said = headers.get("x-ratelimit-reset", "").strip()
    seconds = float(said) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", said, re.ASCII) else REFILL_S
    return max(1.0, seconds) if seconds <= LONGEST_PAUSE_S else None


def skew_s(date: datetime, sent: datetime, received: datetime) -> float:
    """How far the runtime's clock is ahead of ours, in seconds, at the least: its header has whole seconds only."""
    least, most = (date - received).total_seconds(), (date - sent).total_seconds() + 1.0
    return 0.0 if least <= 0.0 <= most else min(least, most, key=abs)


def fault_for(status: int, detail: str) -> Fault:
    """The fault that an answer means; of its words only those stay that are known."""
    named: Mapping[int, Fault] = {
        401: _unauthorised(detail),
        403: RuntimeRefused("runtime_forbidden", "the token may not do this, or the profile does not allow it"),
        409: _conflict(detail),
        423: _conflict(detail),
        429: RuntimeUnreachable("runtime_busy", f"the runtime limits writes: {_AGAIN}"),
    }
    if status in named:
        return named[status]
    if status >= 500:
        return RuntimeUnreachable("runtime_error", f"read the runtime's own log; {_AGAIN}")
    return unknown_answer()


def _unauthorised(detail: str) -> Fault:
    if detail in ("approve_token_missing", "invalid_token"):
        return RuntimeRefused("runtime_token_refused", "correct RUNTIME_APPROVE_TOKEN where this runs")
    return RuntimeRefused("runtime_unauthorised", "correct RUNTIME_API_TOKEN where this runs")


def _conflict(detail: str) -> Fault:
    return RuntimeRefused("runtime_conflict", _CONFLICTS.get(detail, "look at status/full first"))


def unknown_answer() -> Fault:
    return RuntimeRefused("runtime_answer_unknown", "the address leads to something that is not the trading runtime")


def not_changed() -> Fault:
    return RuntimeRefused(
        "runtime_not_changed", "it took the call and did nothing: look at status/full, then start again"
    )


def silent() -> Fault:
    return RuntimeUnreachable("runtime_unreachable", "see whether the runtime is up, and RUNTIME_URL or --base-url")


def not_ours() -> Fault:
    return Refused("runtime_not_ours", "set RUNTIME_URL to that runtime: its token goes nowhere else")
