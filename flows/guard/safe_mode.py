"""Safe mode of the trading runtime, on and off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.naming import run_named
from tasks.approvals.asking import await_approval
from tasks.approvals.requests import consume
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.records.safe_mode import (
    ask_for_change,
    asked_before,
    note_change,
    refuse_if_held,
    refuse_without_note,
    was_done,
)
from tasks.rules.approval import Asked, plan_hash_of
from tasks.rules.contracts.runtime import SAFE_MODE
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.safe_mode import (
    APPROVAL_ACTION,
    APPROVED,
    CALL_FAILED,
    DONE,
    DONE_AGAIN,
    UNLINKED,
    Change,
    doubt_after_hold,
    plan_of,
    reason_at_runtime,
    refusal_of,
    runtime_word,
)
from tasks.rules.guard.state import RuntimeState, refuse_live
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.acts import clear_safe_mode, confirm_resume, hold, hold_again, request_resume, resume
from tasks.runtime.effects import orders_submitted_within
from tasks.runtime.reading import read_state, state_word
from tasks.settings.guard import runtime_address

AN_HOUR = timedelta(hours=1)
SetTo = Annotated[Literal["on", "off"], Field(description="`on` holds the runtime at once; `off` takes two people.")]
Reason = Annotated[
    str,
    Field(
        max_length=200, pattern=r"^[ -~]*$", description="Why, in your words; it goes into the journal. No secrets."
    ),
]
IncidentId = Annotated[
    str,
    Field(pattern=r"^(INC-\d{8}-\d{2,6})?$", description="The incident, INC-YYYYMMDD-nn; `off` does not go without."),
]
WatchSeconds = Annotated[
    int, Field(ge=0, le=600, description="For how long it is watched, after `on`, that no order is submitted.")
]


@procedure(SAFE_MODE, run_name=run_named("safe-mode", "set"))
def safe_mode(
    set: SetTo,
    reason: Reason = "",
    incident: IncidentId = "",
    base_url: BaseUrl = "",
    watch_s: WatchSeconds = 2,
) -> Outcome:
    """Switch safe mode on, at once, or off, by two people.

    Runbook 002, Profiles & Modes. On: the runtime is held in safe mode, its own state is read afterwards, and for
    some seconds no order may be submitted. Off: the incident has a note, two operators sign, then hold, safe mode and
    mode are taken back in this order, each seen before the next; if one fails the runtime is held again. Everything
    is a row of the journal before it is done. For the next start SAFE_MODE=1 belongs into the env file as well. If it
    fails: the line names the reason; start it again, what was done is not done twice.

    Safety: never without a reason; off never without an incident, two people and a row, and nothing is sent before
    that. In live off is refused: there it takes a restart, which begins in HOLD. Safe to kill at any moment.
    """
    refused = refusal_of(set, reason, incident)
    if refused:
        raise Refused(refused, "give --reason, and for off --incident; a secret is none", set=set)
    base = runtime_address(base_url).root
    if set == "on":
        return _switched_on(base, reason, incident, watch_s)
    return _switched_off(base, reason, incident)


def _switched_on(base: str, reason: str, incident: str, watch_s: int) -> Outcome:
    """Nothing stands in the way of a hold, not even a journal that cannot be written."""
    change, again = _asked_if_possible(base, reason, incident)
    ours, before = reason_at_runtime(incident or UNLINKED, reason), state_word(base)
    key = change.call_key("hold") if change else f"unwritten:{utc_now():%Y%m%dT%H%M%SZ}"
    state = _called(change, "hold", lambda: hold(base, ours, "watchkeeper", key))
    orders = orders_submitted_within(base, watch_s)
    if change:
        note_change(change, DONE_AGAIN if again else DONE, before=before, now=state.word, orders=orders)
    why = doubt_after_hold(orders, is_written=change is not None)
    return SAFE_MODE.says(
        Status.FAIL if why else Status.OK,
        why,
        **_said("on", incident, before, state),
        hold="kept" if state.hold_reason == ours else "overwritten",
        orders=orders,
        again=again,
    )


def _asked_if_possible(base: str, reason: str, incident: str) -> tuple[Change | None, bool]:
    """The change as it stands in the journal, and whether it was made before; None where nothing can be written."""
    try:
        change = ask_for_change("on", incident, runtime_word(base), reason)
        return change, was_done(change)
    except Fault:
        return None, False


def _switched_off(base: str, reason: str, incident: str) -> Outcome:
    """The journal, two people, then the runtime: no call before both, and held again when one fails."""
    refuse_without_note(incident)
    change = ask_for_change("off", incident, runtime_word(base), reason)
    if was_done(change) and (state := read_state(base)).is_running:
        return SAFE_MODE.says(Status.OK, None, **_said("off", incident, state.word, state), again=True)
    asked = _two_people(change, reason)
    before = _called(change, "read", lambda: read_state(base))
    refuse_live(before)
    state = before if before.is_running else _gone_live(base, change, asked, reason)
    note_change(change, DONE_AGAIN if was_done(change) else DONE, before=before.word, now=state.word)
    return SAFE_MODE.says(
        Status.OK,
        None,
        **_said("off", incident, before.word, state),
        again=False,
        request=asked.number,
        requested_by=asked.requested_by,
        approved_by=asked.approved_by,
    )


def _two_people(change: Change, reason: str) -> Asked:
    """The approval, used up and in the journal; void when somebody held the runtime meanwhile."""
    signed_for = plan_hash_of(plan_of(change, reason))
    subject = f"incident={change.incident} runtime={change.runtime}"
    asked = await_approval(APPROVAL_ACTION, signed_for, subject, within=AN_HOUR)
    refuse_if_held(change)
    consume(asked.number, APPROVAL_ACTION, signed_for, utc_now())
    note_change(change, APPROVED, request=asked.number, asked_by=asked.requested_by, approved_by=asked.approved_by)
    return asked


def _gone_live(base: str, change: Change, asked: Asked, reason: str) -> RuntimeState:
    """In the runbook's order, each step only if it is still to be done; whatever fails, the runtime is held again."""
    ours, asker, approver = (
        reason_at_runtime(change.incident, reason),
        str(asked.requested_by),
        str(asked.approved_by),
    )
    run = f"{asked.number}"
    try:
        state: RuntimeState = read_state(base)
        if state.hold_active:
            request_resume(base, ours, asker, change.call_key(f"request:{run}"), asked_before(change))
            state = confirm_resume(base, approver, change.call_key(f"confirm:{run}"))
        if state.safe_mode:
            state = clear_safe_mode(base, change.call_key(f"clear:{run}"))
        if not state.is_running:
            state = resume(base, change.call_key(f"resume:{run}"))
    except Fault as fault:
        held = hold_again(base, change.incident, change.call_key(f"again:{run}"))
        note_change(change, CALL_FAILED, reason=fault.reason, held_again=held)
        raise
    return state


def _called(change: Change | None, call: str, act: Callable[[], RuntimeState]) -> RuntimeState:
    """A call that fails is a row as well."""
    try:
        return act()
    except Fault as fault:
        if change:
            note_change(change, CALL_FAILED, call=call, reason=fault.reason)
        raise


def _said(set_to: str, incident: str, before: str, state: RuntimeState) -> dict[str, Value]:
    return {"set": set_to, "incident": incident or None, "before": before, "now": state.word}
