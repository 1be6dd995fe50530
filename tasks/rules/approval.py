"""Who may approve what: the law of two signatures (runbook 002, "Live Guard & Confirm").

A request names an action and the hash of its plan. It needs two signatures of two different operators: the first
asks, the second approves. Both stand for that hash alone, within the request's time, and the approval is used once.

Every problem is named, not the first one found.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.redaction import looks_secret

CODE_STEP_S = 30
CODE_STEPS_AROUND = 1
LOCK_AFTER_WRONG_CODES = 5
LOCK_LASTS = timedelta(hours=24)
LOCK_ALL_AFTER_WRONG_CODES = 20
LOCK_ALL_WINDOW = timedelta(hours=1)
MOST_ANSWERS = 12
LONGEST_WAIT = timedelta(days=3)
LATE_ANSWERS = timedelta(days=1)
"""How long a form stays open after its time: who answers late is told so by the run itself, in its line."""
FORM = "approv"
"""What the name of every approval form begins with, in Prefect."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_SUBJECT = re.compile(r"[A-Za-z0-9_.:,=+/-]{1,80}( [A-Za-z0-9_.:,=+/-]{1,80}){0,19}")
_HASH = re.compile(r"[0-9a-f]{64}")
_ACTION = re.compile(r"[a-z][a-z0-9-]{1,40}")


class State(StrEnum):
    """Where a request stands; the last five are its ends."""

    DRAFTED = "drafted"
    PENDING = "pending"
    APPROVED = "approved"
    USED = "used"
    REFUSED = "refused"
    EXPIRED = "expired"
    VOID = "void"


class Problem(StrEnum):
    """Why a signature, or the use of an approval, is refused."""

    UNKNOWN_OPERATOR = "unknown_operator"
    REVOKED_OPERATOR = "revoked_operator"
    OPERATOR_LOCKED = "operator_locked"
    APPROVALS_LOCKED = "approvals_locked"
    WRONG_CODE = "wrong_code"
    CODE_USED = "code_used"
    WRONG_PHRASE = "wrong_phrase"
    SELF_APPROVAL = "self_approval"
    UNKNOWN_REQUEST = "unknown_request"
    PLAN_CHANGED = "plan_changed"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_VOID = "approval_void"
    APPROVAL_USED = "approval_used"
    ALREADY_APPROVED = "already_approved"
    NOT_APPROVED = "not_approved"
    TOO_MANY_ANSWERS = "too_many_answers"
    NO_ANSWER = "no_answer"


_ENDED = {
    State.USED: Problem.APPROVAL_USED,
    State.REFUSED: Problem.APPROVAL_REFUSED,
    State.EXPIRED: Problem.APPROVAL_EXPIRED,
    State.VOID: Problem.APPROVAL_VOID,
}


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of an operator who is asked for a code."""

    name: str
    revoked: bool
    wrong_codes: int
    locked_at: datetime | None
    last_step: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it stands: what was asked, who signed, until when it may be answered and used."""

    number: int
    action: str
    plan_hash: str
    subject: str
    state: State
    expires_at: datetime
    answers: int = 0
    forms: int = 0
    requested_by: str | None = None
    approved_by: str | None = None
    phrase_hash: str | None = None

    def state_at(self, now: datetime) -> State:
        """An answer that comes too late finds the request expired, whoever was to write that down."""
        return State.EXPIRED if self.state not in _ENDED and now >= self.expires_at else self.state


def plan_hash_of(plan: Json) -> str:
    """The hash that signatures stand for: of the plan's canonical JSON, so that any change is another plan."""
    return hashlib.sha256(canonical_json(plan)).hexdigest()


def phrase_hash_of(phrase: str) -> str:
    """What is kept of a phrase that people have to type; blanks around it do not count."""
    return hashlib.sha256(phrase.strip().encode()).hexdigest()


def is_phrase(asked: Asked, typed: str) -> bool:
    """Whether that was typed which the request wants, compared in constant time; right where it wants nothing."""
    return asked.phrase_hash is None or hmac.compare_digest(phrase_hash_of(typed), asked.phrase_hash)


def is_operator_name(name: str) -> bool:
    """Lower case only, so that no one is two people."""
    return bool(_NAME.fullmatch(name)) and not looks_secret(name)


def is_askable(action: str, plan_hash: str, subject: str) -> bool:
    """Whether a request is made of tokens alone; nothing else may reach a form, a table or a line."""
    shapes = ((_ACTION, action), (_HASH, plan_hash), (_SUBJECT, subject))
    return all(shape.fullmatch(text) for shape, text in shapes) and not looks_secret(subject)


def is_locked(person: Person, now: datetime) -> bool:
    """Locked until another operator unlocks, and never longer than a day: there may be nobody left to unlock."""
    return person.locked_at is not None and now - person.locked_at < LOCK_LASTS


def person_problems(person: Person | None, wrong_lately: int, now: datetime) -> tuple[Problem, ...]:
    """Why this person's code is not looked at; `wrong_lately` counts everybody's wrong codes of the last hour."""
    found = []
    if wrong_lately >= LOCK_ALL_AFTER_WRONG_CODES:
        found.append(Problem.APPROVALS_LOCKED)
    if person is None:
        found.append(Problem.UNKNOWN_OPERATOR)
    elif person.revoked:
        found.append(Problem.REVOKED_OPERATOR)
    elif is_locked(person, now):
        found.append(Problem.OPERATOR_LOCKED)
    return tuple(found)


def code_problem(person: Person, step: int | None) -> Problem | None:
    """`step` is the time step whose code was given; a step that is not after the last used one was used up."""
    if step is None:
        return Problem.WRONG_CODE
    return Problem.CODE_USED if step <= person.last_step else None


def _end_of(asked: Asked, now: datetime) -> Problem | None:
    return _ENDED.get(asked.state_at(now))


def request_problems(asked: Asked | None, plan_hash: str, now: datetime) -> tuple[Problem, ...]:
    """Why no signature on this request can count, whoever signs."""
    if asked is None:
        return (Problem.UNKNOWN_REQUEST,)
    found = []
    if ended := _end_of(asked, now):
        found.append(ended)
    elif asked.state is State.APPROVED:
        found.append(Problem.ALREADY_APPROVED)
    elif asked.answers >= MOST_ANSWERS:
        found.append(Problem.TOO_MANY_ANSWERS)
    if asked.plan_hash != plan_hash:
        found.append(Problem.PLAN_CHANGED)
    return tuple(found)


def signature_problems(asked: Asked | None, by: str, plan_hash: str, now: datetime) -> tuple[Problem, ...]:
    """The same, and that nobody approves what they asked for themselves."""
    found = request_problems(asked, plan_hash, now)
    if asked and asked.state is State.PENDING and asked.requested_by == by:
        found = (*found, Problem.SELF_APPROVAL)
    return found


_HOPELESS = {*_ENDED.values(), Problem.UNKNOWN_REQUEST, Problem.PLAN_CHANGED, Problem.TOO_MANY_ANSWERS}


def is_hopeless(problems: Iterable[Problem]) -> bool:
    """Whether no further answer can help this request."""
    return not _HOPELESS.isdisjoint(problems)


def refusal_problems(asked: Asked | None, now: datetime) -> tuple[Problem, ...]:
    """Any operator may say no to what is open, also to what is approved and not yet used."""
    if asked is None:
        return (Problem.UNKNOWN_REQUEST,)
    ended = _end_of(asked, now)
    return (ended,) if ended else ()


def use_problems(asked: Asked | None, action: str, plan_hash: str, now: datetime) -> tuple[Problem, ...]:
    """Why an approval may not be used now for that action and plan; empty for the one use it is good for."""
    if asked is None:
        return (Problem.UNKNOWN_REQUEST,)
    found = []
    if ended := _end_of(asked, now):
        found.append(ended)
    elif asked.state is not State.APPROVED:
        found.append(Problem.NOT_APPROVED)
    if (asked.action, asked.plan_hash) != (action, plan_hash):
        found.append(Problem.PLAN_CHANGED)
    return tuple(found)


def signed(asked: Asked) -> State:
    """What a good signature makes of a request."""
    return State.PENDING if asked.state is State.DRAFTED else State.APPROVED
