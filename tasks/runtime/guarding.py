"""The runtime's own two-man toggle of live trading, and the limits it runs with (spec 002, 7.4; W18).

The latest request decides there, so the list is read back: ours has to be the last one and approved by another token,
and the guard has to say the same. Whatever else is found is closed, never corrected from here.
"""

import logging
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.faults import Fault, RuntimeRefused
from tasks.rules.guard.answers import fault_for, not_changed, unknown_answer
from tasks.rules.guard.limits import caps_in
from tasks.rules.guard.state import found
from tasks.runtime.reading import rows_at
from tasks.runtime.requests import change, look
from tasks.settings.guard import has_second_token
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Guard:
    """What live-guard says: enabled, disabled or test_only, and whether its environment stands in the way.

    Its reason tells that apart from signatures that are missing.
    """

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
    return Guard(str(said), found(answer.data, "reason") != _NOT_ALLOWED)


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
    if not (guard.is_open and _decides(base, number)):
        raise not_changed()
    return guard


def _decides(base: str, number: str) -> bool:
    """Whether ours is the request that the guard goes by: the last one, approved by somebody else than who asked."""
    last = max(rows_at(base, _REQUESTS), key=lambda row: str(row.get("updated_at")), default={})
    two = last.get("approver_id") not in (None, last.get("requestor_id"))
    return last.get("id") == number and last.get("status") == "approved" and two


@step(retries=0)  # the request repeats itself
def close_guard(base: str, reason: str, key: str) -> Guard:
    """Live trading disabled: any newer request does that, also one that waits; seen at the guard.

    Whatever still waits to enable it is rejected: approved later, it would be the newest and open the guard (W18).
    """
    change(base, "POST", _REQUESTS, {"action": "disable_live", "reason": reason}, key)
    _reject_waiting(base, key)
    guard = read_guard.fn(base)
    if guard.is_open:
        raise not_changed()
    return guard


def _reject_waiting(base: str, key: str) -> None:
    """What cannot be rejected is named in the log: it stands in nobody's way down."""
    try:
        rows = rows_at(base, _REQUESTS)
    except Fault as fault:
        log.warning("requests to enable live trading could not be read: %s", fault)
        return
    for row in rows:
        if row.get("action") == "enable_live" and row.get("status") == "pending":
            _reject(base, str(row.get("id")), key)


def _reject(base: str, number: str, key: str) -> None:
    for as_second in (True, False):  # the runtime refuses whoever asked for it themselves
        path, given = f"{_REQUESTS}/{number}/reject", f"{key}:reject:{number}:{as_second}"
        try:
            change(base, "POST", path, {}, given, as_second=as_second)
        except Fault as fault:
            log.warning("a request to enable live trading waits still: %s", fault)
        else:
            return


@step(retries=0)  # the requests repeat themselves
def keep_closed(base: str, reason: str, key: str) -> Guard:
    """Live trading disabled once more if somebody opened it since; `key` is another one than before."""
    guard: Guard = read_guard.fn(base)
    return close_guard.fn(base, reason, key) if guard.is_open else guard


_NOT_ALLOWED = "ALLOW_LIVE_TRADING=false or unset"
_REQUESTS = "api/ops/live-toggle/requests"
