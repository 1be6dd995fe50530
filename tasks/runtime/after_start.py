"""What is seen of a runtime around a change of release: held before, held after, and answering all over.

Runbook 002, Rollback & Release. Only paths that are free of side effects are asked.
"""

from urllib.parse import urlsplit

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.readiness import required_in
from tasks.rules.guard.readiness_verdict import Demand
from tasks.rules.guard.rollback import SILENT
from tasks.rules.guard.state import NotAState, state_of
from tasks.runtime.acts import hold
from tasks.runtime.reading import read_state
from tasks.runtime.requests import Answer, look, look_as_ourselves
from tasks.runtime.waiting import ready_within
from tasks.services.processes import holders_of
from tasks.settings.guard import runtime_address, runtime_settings
from tasks.step import step

_SMOKE = ("healthz", "api/ui/status/full", "api/ui/config", "api/ui/positions", "metrics")


def base_at(given: str, port: int) -> str:
    """Where the declared runtime answers; refused when the address is of another one: that would be held instead."""
    if not given and not runtime_settings().url:
        return f"http://127.0.0.1:{port}"
    address = runtime_address(given)
    if not address.is_loopback or urlsplit(address.root).port != port:
        raise Refused(
            "runtime_mismatch", "RUNTIME_URL and the declared port must be the same runtime", env=("RUNTIME_URL",)
        )
    return address.root


@step(retries=0)  # the request repeats itself
def held_before(base: str, key: str) -> str:
    """`already`, or `verified`; `silent` if nobody answers: then only the end of its process makes it safe."""
    if not holders_of(urlsplit(base).port or 80):
        return "silent"
    try:
        if read_state.fn(base).is_held:
            return "already"
    except Fault as fault:
        _refuse_unless_silent(fault)
    try:
        hold.fn(base, "rollback", "watchkeeper", key)
    except Fault as fault:
        _refuse_unless_silent(fault)
        return "silent"
    return "verified"


def _refuse_unless_silent(fault: Fault) -> None:
    if fault.reason not in SILENT:
        raise fault


@step(retries=0)  # the request repeats itself
def held_after(base: str, key: str) -> None:
    """A runtime begins in HOLD; one that does not is held, and it is a fault if that cannot be seen."""
    try:
        if not read_state.fn(base).is_held:
            hold.fn(base, "rollback", "watchkeeper", key)
    except Fault:
        raise Fault("not_held", "it is not seen in HOLD; it is ended again") from None


@step(retries=0)  # the requests repeat themselves
def smoke(base: str) -> None:
    """The paths that a good runtime answers; `smoke_failed` otherwise."""
    for path in _SMOKE:
        answer = look_as_ourselves(base, path) if path == "api/ui/positions" else look(base, path)
        if answer.status != 200 or not _is_good(path, answer):
            raise Fault("smoke_failed", f"{path} does not answer as it must (status {answer.status})")


def _is_good(path: str, answer: Answer) -> bool:
    if path == "metrics":
        return bool(answer.text.strip())
    if path == "healthz":
        return isinstance(answer.data, dict) and answer.data.get("ok") is True
    if path == "api/ui/status/full":
        try:
            return bool(state_of(answer.data).word)
        except NotAState:
            return False
    return answer.data is not None


@step(retries=0)  # it asks again by itself
def await_ready(base: str, wait_s: float) -> int:
    """Wait for readiness, a hold standing; the seconds it took. `not_ready` when the time is over."""
    found = runtime_settings()
    demand = Demand(required_in(found.readiness_required), found.readiness_ttl_s, hold_may_stand=True)
    _, verdict, waited_s = ready_within.fn(base, demand, wait_s)
    if not verdict.is_ready:
        raise Fault("not_ready", "watchkeeper readiness shows every reason")
    return waited_s
