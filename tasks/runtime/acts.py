"""What is done to the runtime, one change each, and seen afterwards (runbook 002, Profiles & Modes; spec 002, 7.1).

No answer is believed: the state is read after every call. A runtime that gave back a stored answer without doing
anything is asked once more with a fresh key; one that still did nothing is a fault, `runtime_not_changed`. Names of
people are what an approval proved, never free text.
"""

import logging
from collections.abc import Callable, Collection

from tasks.rules.faults import Fault, RuntimeRefused
from tasks.rules.guard.answers import not_changed, unknown_answer
from tasks.rules.guard.state import RuntimeState, found
from tasks.runtime.reading import read_state
from tasks.runtime.requests import Answer, Body, Method, change, fresh
from tasks.settings.guard import approve_token
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")


@step(retries=0)  # the request repeats itself
def hold(base: str, reason: str, by: str, key: str) -> RuntimeState:
    """HOLD with safe mode, whatever the profile; drops any pending resume request. The state that was seen then."""
    return _done(base, "POST", "hold", {"reason": reason, "requested_by": by}, key, lambda state: state.is_held)


@step(retries=0)  # the request repeats itself
def request_resume(base: str, reason: str, by: str, key: str, earlier: Collection[str] = ()) -> RuntimeState:
    """Ask for the hold to be cleared; refused when the runtime holds somebody else's request, which it gives back.

    One of the same words that somebody of `earlier` asked is what a run left that was cut off: a hold drops it, and
    it is asked anew, so that the runtime knows the two people of this run.
    """
    state, said = _requested(base, reason, by, key)
    if said[0] == reason and said[1] != by and said[1] in earlier:
        hold.fn(base, reason, by, fresh(key))
        state, said = _requested(base, reason, by, fresh(key))
    if said != (reason, by):
        raise RuntimeRefused(
            "foreign_resume_request", "somebody else's request is pending: hold drops it, then ask anew"
        )
    return state


def _requested(base: str, reason: str, by: str, key: str) -> tuple[RuntimeState, tuple[str, str]]:
    """The state with a request pending, and the words and the name of that request."""
    answers: list[Answer] = []
    body = {"reason": reason, "requested_by": by}
    state = _done(base, "POST", "resume-request", body, key, lambda seen: seen.resume_requested, answers)
    words, name = (found(answers[-1].data, "resume_request", one) for one in ("reason", "requested_by"))
    if not isinstance(words, str) or not isinstance(name, str):
        raise unknown_answer()
    return state, (words, name)


@step(retries=0)  # the request repeats itself
def confirm_resume(base: str, by: str, key: str) -> RuntimeState:
    """Clear the hold with the second token; mode and safe mode stay as they are."""
    body = {"token": approve_token().get_secret_value(), "actor": by}
    return _done(base, "POST", "resume-confirm", body, key, lambda state: not state.hold_active)


@step(retries=0)  # the request repeats itself
def clear_safe_mode(base: str, key: str) -> RuntimeState:
    """Paper and testnet only: in live no call does it (W14)."""
    return _done(base, "PATCH", "control", {"safe_mode": False}, key, lambda state: not state.safe_mode)


@step(retries=0)  # the request repeats itself
def resume(base: str, key: str) -> RuntimeState:
    return _done(base, "POST", "resume", {}, key, lambda state: state.is_running)


@step(retries=0)  # the request repeats itself
def hold_again(base: str, incident: str, key: str) -> bool:
    """Hold after something went wrong on the way to live; whether that was seen. Raises nothing, so hides nothing."""
    try:
        return hold.fn(base, f"{incident}:taken_back", "watchkeeper", key).is_held
    except Fault as fault:
        log.error("the runtime could not be held again: %s", fault)  # noqa: TRY400  expected, and named
        return False


def _done(
    base: str,
    method: Method,
    what: str,
    body: Body,
    key: str,
    is_done: Callable[[RuntimeState], bool],
    answers: list[Answer] | None = None,
) -> RuntimeState:
    for given in (key, fresh(key)):
        answer = change(base, method, f"api/ui/{what}", body, given)
        if answers is not None:
            answers.append(answer)
        state = read_state.fn(base)
        if is_done(state):
            return state
    raise not_changed()
