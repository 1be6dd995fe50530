"""Who may approve: enrolled, revoked, unlocked and listed (runbook 002, "Live Guard & Confirm")."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tasks import operations
from tasks.approvals.codes import check_code, encrypted, refuse_frozen_clock, step_of
from tasks.approvals.memory import OperatorRow, RequestRow, alone, is_revoked, person_of
from tasks.rules.approval import Problem, State, is_locked, is_operator_name
from tasks.rules.faults import Refused
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Operator:
    """One line of the list: who, in what state (active, locked, revoked) and since when enrolled."""

    name: str
    state: str
    enrolled_at: datetime


def checked_name(name: str) -> str:
    if not is_operator_name(name):
        raise Refused("invalid_operator", "a name is 2 to 32 of a-z, 0-9, dot, dash and underscore, a letter first")
    return name


@step(retries=0)
def list_operators(now: datetime) -> list[Operator]:
    with operations.session() as active:
        rows = active.scalars(select(OperatorRow).order_by(OperatorRow.name)).all()
        return [Operator(row.name, _state(row, now), row.enrolled_at) for row in rows]


def _state(row: OperatorRow, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "locked" if is_locked(person_of(row), now) else "active"


def any_enrolled() -> bool:
    """Whether there is anybody who could approve an enrolment; the first one needs nobody."""
    with operations.session() as active:
        return bool(_active_names(active))


def enrol(name: str, secret: str, code: str, by: str | None, now: datetime) -> bool:
    """Write the operator down once their own code shows that they hold the secret; False if it does not.

    `by` has proved who they are before; None only while nobody is enrolled, which is looked at again here.
    """
    if (shown := step_of(secret, code, now)) is None:
        return False
    with alone() as active:
        names = _active_names(active)
        if (by is None and names) or (by is not None and by not in names):
            raise Refused(
                "needs_operator", "somebody was enrolled meanwhile: they approve this enrolment with a code"
            )
        if active.get(OperatorRow, name) is not None:
            raise Refused("already_enrolled", "choose another name: one that was used is never given again")
        active.add(OperatorRow(name=name, secret=encrypted(secret), enrolled_at=now, enrolled_by=by, last_step=shown))
    return True


def refuse_unready(name: str) -> None:
    """Refuse before a secret is shown what would be refused after it: no key, a frozen clock, a used name."""
    encrypted("")
    refuse_frozen_clock()
    with operations.session() as active:
        if active.get(OperatorRow, name) is not None:
            raise Refused("already_enrolled", "choose another name: one that was used is never given again")


def revoke(name: str, by: str, code: str, now: datetime) -> tuple[Problem, ...]:
    """Nothing this operator signs counts any more, nor what they have signed and nobody has used yet."""

    def change(active: Session, row: OperatorRow) -> None:
        if _active_names(active) == {name}:
            raise Refused("last_operator", "enrol another operator first: nobody else could approve that later")
        row.revoked_at, row.revoked_by = now, by
        open_ones = RequestRow.state.in_((State.PENDING, State.APPROVED))
        theirs = or_(RequestRow.requested_by == name, RequestRow.decided_by == name)
        active.execute(update(RequestRow).where(open_ones, theirs).values(state=State.VOID))

    return _changed(name, by, code, "revoke", now, change)


def unlock(name: str, by: str, code: str, now: datetime) -> tuple[Problem, ...]:
    """Take back a lock after wrong codes; somebody else has to do it."""
    if name == by:
        raise Refused("self_unlock", "another operator unlocks; without one the lock ends after 24 hours")

    def change(_active: Session, row: OperatorRow) -> None:
        row.wrong_codes, row.locked_at = 0, None

    return _changed(name, by, code, "unlock", now, change)


def _changed(
    name: str, by: str, code: str, purpose: str, now: datetime, change: Callable[[Session, OperatorRow], None]
) -> tuple[Problem, ...]:
    """Apply `change` to the operator if the code of the other one is right, else every reason why not."""
    if problems := check_code(by, code, purpose, now):
        return problems
    with alone() as active:
        row = active.get(OperatorRow, name)
        if row is None or row.revoked_at is not None:
            raise Refused("unknown_operator", "see who is enrolled with: watchkeeper operators")
        if is_revoked(active, by):
            return (Problem.REVOKED_OPERATOR,)
        change(active, row)
    return ()


def _active_names(active: Session) -> set[str]:
    return set(active.scalars(select(OperatorRow.name).where(OperatorRow.revoked_at.is_(None))))
