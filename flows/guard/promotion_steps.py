"""The steps of a promotion after its plan: signed, applied, verified; and taken back when one goes wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flows.guard.promotion_plan import Ask, demand, plan_promotion
from tasks.approvals.asking import await_approval
from tasks.approvals.form import forget_answers
from tasks.approvals.requests import consume, denied
from tasks.approvals.terminal import run_id
from tasks.clock import utc_now
from tasks.procedure import tell
from tasks.records.shift import record_shift
from tasks.rules.approval import Asked, Problem, phrase_hash_of, plan_hash_of
from tasks.rules.contracts.promotion import PROMOTION_STEP
from tasks.rules.faults import Fault
from tasks.rules.guard.promotion import ACTION, Plan, Standing, Way, ended_by, phrase_for
from tasks.rules.guard.state import RuntimeState
from tasks.rules.outcome import Status
from tasks.runtime.acts import hold, hold_again
from tasks.runtime.guarding import Guard, close_guard, open_guard, read_guard
from tasks.runtime.promotions import Promotion, find_promotion, last_step, move
from tasks.runtime.stages import held_at, restart_at
from tasks.runtime.waiting import ready_within

log = logging.getLogger("prefect.watchkeeper")


@contextmanager
def ended_by_refusal(promotion: Promotion | None = None) -> Iterator[None]:
    """What is refused before anything was applied ends its promotion, by that reason: nothing is left waiting.

    Without a promotion it is the one of this run, if the run had asked for signatures and came back.
    """
    try:
        yield
    except Fault as fault:
        _ended(promotion, fault)
        if run_id() is not None:
            forget_answers()
        raise


def _ended(promotion: Promotion | None, fault: Fault) -> None:
    said = fault.fields.get("reasons")
    reasons = (fault.reason, *(said if isinstance(said, tuple) else ()))
    try:
        if found := promotion or find_promotion(run_id()):
            moved(found, ended_by(reasons), reason=fault.reason)
    except Fault as also:  # somebody closed it already, or nothing can be written: then its time ends it
        log.warning("the promotion was not closed here: %s", also.reason)


def sign(ask: Ask, promotion: Promotion, plan: Plan, page: str | None) -> Asked:
    """The approval, used up: of two people, in time, for the plan as it still is after they have signed it."""
    signed_for = plan_hash_of(plan.as_data())
    phrase = phrase_for(ask.target, signed_for)
    moved(promotion, Standing.AWAITING_APPROVAL, plan=plan, confirm_hash=phrase_hash_of(phrase))
    tell(
        PROMOTION_STEP.says(
            Status.OK, promotion=promotion.number, state="awaiting_approval", plan=signed_for, confirm=phrase
        )
    )
    subject = f"from={ask.here} to={ask.target} runtime={ask.runtime} promotion={promotion.number}"
    asked = await_approval(ACTION, signed_for, subject, within=ask.waits.to_sign, phrase=phrase, page=page or "")
    again, _ = plan_promotion(ask)
    if plan_hash_of(again.as_data()) != signed_for:
        raise denied((Problem.PLAN_CHANGED,), asked.number)
    consume(asked.number, ACTION, signed_for, utc_now())
    return asked


def apply(ask: Ask, promotion: Promotion, asked: Asked) -> tuple[RuntimeState, Guard]:
    """Hold, restart, see it there, open the guard; whatever goes wrong on the way is taken back."""
    done = False
    try:
        hold(ask.base, f"{promotion.subject}:{ask.target}", str(asked.requested_by), f"{promotion.subject}:hold")
        _restarted(ask, promotion)
        moved(promotion, Standing.VERIFYING)
        state = _verified(ask, promotion)
        guard = _done(ask, promotion)
        done = True
        return state, guard
    finally:
        if not done:
            _taken_back(ask, promotion)


def _done(ask: Ask, promotion: Promotion) -> Guard:
    """A live stage may trade from here on; whoever goes down at this moment sees it and closes it."""
    with last_step(ask.runtime, promotion.number):
        live = ask.target.is_live
        guard: Guard = (
            open_guard(ask.base, promotion.subject, f"{promotion.subject}:guard") if live else read_guard(ask.base)
        )
        moved(promotion, Standing.DONE)
    return guard


def _restarted(ask: Ask, promotion: Promotion) -> None:
    if ask.way is not Way.UP:
        return
    if ask.staged:
        restart_at(ask.staged, promotion=promotion.number)
        return
    tell(
        PROMOTION_STEP.says(Status.OK, promotion=promotion.number, state="applying", waits_for="restart_by_operator")
    )


def _verified(ask: Ask, promotion: Promotion) -> RuntimeState:
    """At its new stage, held; for a live one limits that limit something, and ready."""
    state: RuntimeState = held_at(ask.base, ask.target, ask.waits.restart_s, promotion.number)
    if not ask.target.is_live:
        return state
    if not (state.risk_limits_enabled and state.has_caps):
        raise Fault("limits_not_active", "risk limits are off or have no caps: correct the env file")
    _, verdict, _ = ready_within(ask.base, demand(), ask.waits.ready_s)
    if not verdict.is_ready:
        raise Fault("not_ready_after_start", "watchkeeper readiness --before-canary names what is missing")
    return state


def _taken_back(ask: Ask, promotion: Promotion) -> None:
    """Held and, if it could be live, closed; none of it may hide why."""
    hold_again(ask.base, promotion.subject, f"{promotion.subject}:back")
    if ask.target.is_live:
        _closed_if_possible(ask, promotion)
    try:
        moved(promotion, Standing.ROLLED_BACK, reason="taken_back")
    except Fault:  # it was closed by somebody who went down meanwhile
        return


def _closed_if_possible(ask: Ask, promotion: Promotion) -> None:
    try:
        close_guard(ask.base, promotion.subject, f"{promotion.subject}:close")
    except Fault:  # a runtime that does not answer trades no more either than its hold lets it
        return


def moved(promotion: Promotion, to: Standing, **known: object) -> None:
    """The move, and its record in the shift log, before anything of it is done."""
    move(promotion.number, to, utc_now(), **known)
    note(promotion, to, **known)


def note(promotion: Promotion, standing: Standing, **known: object) -> None:
    asked, plan = known.get("asked"), known.get("plan")
    facts = {"asked_by": asked.requested_by, "approved_by": asked.approved_by} if isinstance(asked, Asked) else {}
    if isinstance(plan, Plan):
        facts |= {"plan": plan_hash_of(plan.as_data()), "checklist": plan.checklist}
    if confirm := known.get("confirm_hash"):
        facts["confirm"] = str(confirm)
    if reason := known.get("reason"):
        facts["reason"] = str(reason)
    where = {"source": promotion.source.value, "target": promotion.target.value}
    record_shift(
        "promotion",
        subject=promotion.subject,
        key=f"{promotion.subject}:{standing}",
        state=standing.value,
        **where,
        **facts,
    )
