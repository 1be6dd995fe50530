"""Who may approve: operators enrolled, revoked, unlocked and listed."""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.approvals.enrolment import enrol_at_terminal, revoke_at_terminal, unlock_at_terminal
from tasks.approvals.operators import list_operators
from tasks.clock import stamp, utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.rules.contracts.guard import OPERATOR, OPERATORS
from tasks.rules.outcome import Outcome, Status

Do = Annotated[
    Literal["list", "enrol", "revoke", "unlock"],
    Field(description="`list` reads; the others are for a terminal of the machine and ask for one-time codes."),
]
OperatorName = Annotated[str, Field(max_length=32, description="Who is enrolled, revoked or unlocked.")]


@procedure(OPERATORS, run_name=run_named("operators", "do"))
def operators(do: Do = "list", operator: OperatorName = "") -> Outcome:
    """List the operators, or enrol, revoke or unlock one.

    Runbook 002, Live Guard & Confirm. An operator proves who they are with a one-time code of an authenticator app.
    The first one enrols alone; everybody after that is approved by an operator's code. Enrolment shows the secret
    once, on the terminal and nowhere else, and counts when the app answers with a code of it. Revoking kills what the
    operator signed and nobody used yet. Five wrong codes in a row lock an operator for 24 hours or until another one
    unlocks; twenty of all operators in an hour lock everybody. If it fails: the line names every reason.

    Safety: list only reads. The others need WATCHKEEPER_APPROVAL_KEY and a person at a terminal; a run of a
    deployment is refused. The last operator cannot be revoked.
    """
    by: str | None = None
    match do:
        case "enrol":
            by = enrol_at_terminal(operator)
        case "revoke":
            by = revoke_at_terminal(operator)
        case "unlock":
            by = unlock_at_terminal(operator)
    return _listed(do, operator or None, by)


def _listed(do: str, operator: str | None, by: str | None) -> Outcome:
    there = list_operators(utc_now())
    for one in there:
        tell(OPERATOR.says(Status.OK, name=one.name, state=one.state, enrolled_at=stamp(one.enrolled_at)))
    show_table("operators", [{"operator": one.name, "state": one.state} for one in there], "who may approve")
    counts = {state: sum(one.state == state for one in there) for state in ("active", "locked", "revoked")}
    return OPERATORS.says(Status.OK, do=do, operator=operator or None, by=by, **counts)
