"""Requests for approval: drafted, signed twice, used once (runbook 002, "Live Guard & Confirm")."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks import operations
from tasks.approvals.codes import check_code
from tasks.approvals.memory import CodeAttempt, RequestRow, alone, asked_of, is_revoked
from tasks.rules.approval import (
    LONGEST_WAIT,
    Asked,
    Problem,
    State,
    is_askable,
    is_phrase,
    phrase_hash_of,
    refusal_problems,
    signature_problems,
    signed,
    use_problems,
)
from tasks.rules.faults import Refused
from tasks.step import step

NEXT_STEPS = {
    Problem.SELF_APPROVAL: "another operator approves what you asked for",
    Problem.PLAN_CHANGED: "the plan is not the one that was signed: look at the new plan and ask again",
    Problem.APPROVAL_EXPIRED: "the time for it is over: start again and ask anew",
    Problem.WRONG_PHRASE: "type the confirmation as the plan shows it: it ends with the beginning of the plan's hash",
    Problem.WRONG_CODE: "type the code that the app shows now, under your own name; a code lives for a minute",
    Problem.UNKNOWN_OPERATOR: "type your name as it was enrolled: watchkeeper operators lists who may sign",
    Problem.CODE_USED: "each code counts once: wait for the next one",
    Problem.OPERATOR_LOCKED: "another operator unlocks with: watchkeeper operators --do unlock",
    Problem.APPROVALS_LOCKED: "too many wrong codes in the last hour: find out who tries, and wait",
}


def next_step(problems: tuple[Problem, ...]) -> str:
    """What to do about the first of them."""
    return NEXT_STEPS.get(problems[0], "see the reasons; nothing was done")


def denied(problems: tuple[Problem, ...], number: int | None = None) -> Refused:
    """The refusal that names every problem, with a next step for the first."""
    return Refused(
        problems[0].value,
        next_step(problems),
        request=number,
        reasons=tuple(problem.value for problem in problems),
    )


@step(retries=0)
def draft(
    action: str,
    plan_hash: str,
    subject: str,
    within: timedelta,
    now: datetime,
    flow_run_id: UUID | None = None,
    phrase: str = "",
) -> Asked:
    """A request that waits for its two signatures; the same run asking again gets the one it has.

    A run that comes back with another plan finds its request void. Of a phrase that is to be typed with each
    signature only the hash is kept.
    """
    if not is_askable(action, plan_hash, subject):
        raise ValueError("a request is made of tokens alone")
    with alone() as active:
        row = _of_run(active, flow_run_id, action)
        if row is None:
            row = _drafted(action, plan_hash, subject, now + min(within, LONGEST_WAIT), now)
            row.flow_run_id = flow_run_id
            row.phrase_hash = phrase_hash_of(phrase) if phrase else None
            active.add(row)
            active.flush()
        elif row.plan_hash != plan_hash and row.state != State.USED:
            row.state = State.VOID
        return asked_of(row)


def _of_run(active: Session, flow_run_id: UUID | None, action: str) -> RequestRow | None:
    if flow_run_id is None:
        return None
    return active.scalar(select(RequestRow).where(RequestRow.flow_run_id == flow_run_id, RequestRow.action == action))


def _drafted(action: str, plan_hash: str, subject: str, expires_at: datetime, now: datetime) -> RequestRow:
    return RequestRow(
        action=action,
        plan_hash=plan_hash,
        subject=subject,
        state=State.DRAFTED,
        created_at=now,
        expires_at=expires_at,
        answers=0,
        forms=0,
    )


def find_request(number: int) -> Asked:
    """The request of that number; one that is not there is refused."""
    with operations.session() as active:
        row = active.get(RequestRow, number)
        if row is None:
            raise denied((Problem.UNKNOWN_REQUEST,), number)
        return asked_of(row)


def run_that_waits(number: int) -> UUID | None:
    """The flow run that is suspended until the request is decided, if one is."""
    with operations.session() as active:
        row = active.get(RequestRow, number)
        return row.flow_run_id if row else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operator gives: a decision, a name, a code, and a phrase where one is wanted.

    `by_form`: the run's own form brought it.
    """

    decision: Literal["sign", "refuse", "look_again"]
    operator: str = ""
    code: str = ""
    by_form: bool = False
    phrase: str = ""


def give_answer(number: int, plan_hash: str, answer: Answer, now: datetime) -> tuple[Problem, ...]:
    """Act on it: the first signature asks, the second, of somebody else, approves; a refusal is for good.

    The code is used up and the answer counted whatever comes of it. Empty if the answer stands, else every reason.
    """
    silent = answer.decision == "look_again"
    problems = () if silent else check_code(answer.operator, answer.code, f"{answer.decision}:{number}", now)
    with alone() as active:
        row = active.get(RequestRow, number)
        if not (silent or problems) and is_revoked(active, answer.operator):  # between the code and the signature
            problems = (Problem.REVOKED_OPERATOR,)
        if not silent:
            problems = (*problems, *_objections(row, plan_hash, answer, now))
            _note_phrase(active, number, answer, problems, now)
        if row is not None:
            row.answers += 1
            row.forms += answer.by_form
            if not (silent or problems):
                _decide(row, answer, now)
    return problems


def _objections(row: RequestRow | None, plan_hash: str, answer: Answer, now: datetime) -> tuple[Problem, ...]:
    asked = asked_of(row) if row else None
    if answer.decision == "refuse":
        return refusal_problems(asked, now)
    found = signature_problems(asked, answer.operator, plan_hash, now)
    return found if asked is None or is_phrase(asked, answer.phrase) else (*found, Problem.WRONG_PHRASE)


def _note_phrase(active: Session, number: int, answer: Answer, problems: tuple[Problem, ...], now: datetime) -> None:
    """A wrong phrase leaves a row as a wrong code does; what was typed is in neither."""
    if Problem.WRONG_PHRASE in problems:
        by = None if Problem.UNKNOWN_OPERATOR in problems else answer.operator
        wrong = Problem.WRONG_PHRASE.value
        active.add(CodeAttempt(at=now, operator=by, purpose=f"phrase:{number}", verdict=wrong))


def _decide(row: RequestRow, answer: Answer, now: datetime) -> None:
    state = State.REFUSED if answer.decision == "refuse" else signed(asked_of(row))
    if state is State.PENDING:
        row.requested_by, row.requested_at = answer.operator, now
    else:
        row.decided_by, row.decided_at = answer.operator, now
    row.state = state


@step(retries=0)
def consume(number: int, action: str, plan_hash: str, now: datetime) -> Asked:
    """Use the approval, once: right before the effect, for exactly this action and plan; anything else is refused."""
    with alone() as active:
        row = active.get(RequestRow, number)
        problems = use_problems(asked_of(row) if row else None, action, plan_hash, now)
        if row is None or problems:
            raise denied(problems, number)
        row.state, row.used_at = State.USED, now
        return asked_of(row)
