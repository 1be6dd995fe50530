"""An operator signs a request for approval, or says no to it."""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.approvals.asking import answer_once
from tasks.approvals.form import wake
from tasks.approvals.requests import run_that_waits
from tasks.clock import stamp
from tasks.procedure import procedure
from tasks.rules.contracts.guard import APPROVE
from tasks.rules.outcome import Outcome, Status

RequestNumber = Annotated[int, Field(ge=1, description="The number of the request, as the waiting run shows it.")]
Decision = Annotated[Literal["sign", "refuse"], Field(description="`sign` it, or `refuse` it for good.")]
OperatorName = Annotated[str, Field(max_length=32, description="Your name as it was enrolled; asked for if empty.")]


@procedure(APPROVE, run_name=run_named("approve", "request"))
def approve(request: RequestNumber, decision: Decision = "sign", operator: OperatorName = "") -> Outcome:
    """Sign a request for approval with a one-time code, or refuse it.

    Runbook 002, Live Guard & Confirm. The first signature asks, the second one, of another operator, approves exactly
    the plan that is shown, for a limited time and for one use. In a terminal it shows the request and asks for the
    code; started from the UI or by a call it is suspended until its form is answered. If it fails: the line names
    every reason; nothing was signed, and the code is used up.

    Safety: refuses who asked for it themselves, a used or late code, another plan, a request that is over. The code
    is never a parameter.
    """
    asked = answer_once(request, decision, operator)
    return APPROVE.says(
        Status.OK,
        request=asked.number,
        action=asked.action,
        state=asked.state.value,
        plan=asked.plan_hash,
        requested_by=asked.requested_by,
        approved_by=asked.approved_by,
        expires_at=stamp(asked.expires_at),
        woken=wake(run_that_waits(request)),
    )
