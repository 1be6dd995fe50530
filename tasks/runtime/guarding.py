"""The runtime's own two-man toggle of live trading, and the limits it runs with (spec 002, 7.4; W18).

The latest request decides there, so the list is read back: ours has to be the last one and approved by another token,
and the guard has to say the same. Whatever else is found is closed, never corrected from here.
"""

from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.faults import RuntimeRefused
from tasks.rules.guard.answers import fault_for, not_changed, unknown_answer
from tasks.rules.guard.limits import caps_in
from tasks.rules.guard.state import found
from tasks.runtime.requests import change, look
from tasks.settings.guard import has_second_token
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Guard:
    """What live-guard says: enabled, disabled or test_only, and whether its environment would allow live orders."""

    state: str
    allows_live: bool

    @property
    def is_open(self) -> bool:
        return self.state == "enabled"


@step(retries=0)  # the request repeats itself
def read_guard(base: str = "") -> Guard:
    answer = look(base, "api/ui/live-guard")
    said = found(answer.data, "state")
    if answer.status != 200:
        raise fault_for(answer.status, answer.detail)
    if said not in ("enabled", "disabled", "test_only"):
        raise unknown_answer()
    return Guard(str(said), found(answer.data, "allow_live_trading") is True)


@step(retries=0)  # the request repeats itself
def read_limits(base: str = "") -> dict[str, Json]:
    """The caps and the size of an order that the runtime runs with, as it says itself."""
    answer = look(base, "api/ui/status/full")
    if answer.status != 200:
        raise fault_for(answer.status, answer.detail)
    limits = found(answer.data, "config", "risk_limits")
    size = found(answer.data, "config", "router", "extra", "order_notional_usdt")
    return {
        "caps": dict(caps_in(limits)),
        "enabled": found(limits, "enabled") is True,
        "order_notional_usdt": size if isinstance(size, (int, float)) else None,
    }


def can_approve() -> bool:
    """Whether there is a second token to approve with: the runtime refuses whoever approves their own request."""
    return has_second_token()


@step(retries=0)  # the requests repeat themselves
def open_guard(base: str, reason: str, key: str) -> Guard:
    """Live trading enabled: asked for with the first token, approved with the second, and seen at the guard."""
    asked = change(base, "POST", _REQUESTS, {"action": "enable_live", "reason": reason}, f"{key}:ask")
    number = found(asked.data, "id")
    if not isinstance(number, str) or not number.isascii() or "/" in number:
        raise unknown_answer()
    change(base, "POST", f"{_REQUESTS}/{number}/approve", {}, f"{key}:approve", as_second=True)
    guard = read_guard.fn(base)
    if not guard.allows_live:
        raise RuntimeRefused("live_not_allowed", "ALLOW_LIVE_TRADING is not 1 in the runtime's environment")
    if not guard.is_open:
        raise not_changed()
    return guard


@step(retries=0)  # the request repeats itself
def close_guard(base: str, reason: str, key: str) -> Guard:
    """Live trading disabled: any newer request does that, also one that waits; seen at the guard."""
    change(base, "POST", _REQUESTS, {"action": "disable_live", "reason": reason}, key)
    guard = read_guard.fn(base)
    if guard.is_open:
        raise not_changed()
    return guard


@step(retries=0)  # the requests repeat themselves
def keep_closed(base: str, reason: str, key: str) -> Guard:
    """Live trading disabled once more if somebody opened it since; `key` is another one than before."""
    guard: Guard = read_guard.fn(base)
    return close_guard.fn(base, reason, key) if guard.is_open else guard


_REQUESTS = "api/ops/live-toggle/requests"
