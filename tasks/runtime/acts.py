"""What is done to the runtime, one call each (runbook 002, Profiles & Modes; spec 002, 7.1).

Every call carries an idempotency key and may be repeated; none of them is believed, whoever calls reads the state
afterwards. Names of people are what an approval proved, never free text.
"""

from dataclasses import dataclass

from tasks.rules.guard.answers import unknown_answer
from tasks.rules.guard.state import found
from tasks.runtime.requests import change
from tasks.settings.guard import approve_token
from tasks.step import step


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """The request that the runtime holds now; a second one gets the first back, so it need not be ours."""

    number: str
    reason: str
    requested_by: str


@step(retries=0)  # the request repeats itself
def hold(base: str, reason: str, by: str, key: str) -> bool:
    """HOLD with safe mode; drops any pending resume request. Whether the runtime only replayed an older answer."""
    return change(base, "POST", "api/ui/hold", {"reason": reason, "requested_by": by}, key).replayed


@step(retries=0)  # the request repeats itself
def request_resume(base: str, reason: str, by: str, key: str) -> ResumeRequest:
    answer = change(base, "POST", "api/ui/resume-request", {"reason": reason, "requested_by": by}, key)
    there = found(answer.data, "resume_request")
    values = [found(there, name) for name in ("id", "reason", "requested_by")]
    if not all(isinstance(value, str) for value in values):
        raise unknown_answer()
    return ResumeRequest(*(str(value) for value in values))


@step(retries=0)  # the request repeats itself
def confirm_resume(base: str, by: str, key: str) -> None:
    """Clear the hold with the second token; mode and safe mode stay as they are."""
    change(base, "POST", "api/ui/resume-confirm", {"token": approve_token().get_secret_value(), "actor": by}, key)


@step(retries=0)  # the request repeats itself
def clear_safe_mode(base: str, key: str) -> None:
    """Paper and testnet only: in live no call does it (W14)."""
    change(base, "PATCH", "api/ui/control", {"safe_mode": False}, key)


@step(retries=0)  # the request repeats itself
def resume(base: str, key: str) -> None:
    change(base, "POST", "api/ui/resume", {}, key)
