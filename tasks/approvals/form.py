"""The approval form of the Prefect UI: a run is suspended until somebody answers it, and woken from elsewhere.

A suspended run has no process and begins at the top when it comes back, also after the worker or the server were
started anew; what was answered lives in the database.
"""

import logging
from typing import Literal, cast
from uuid import UUID

import httpx
from prefect.client.schemas.objects import FlowRunInput
from prefect.exceptions import NotPausedError, ObjectNotFound
from prefect.flow_runs import resume_flow_run, suspend_flow_run
from prefect.input import RunInput, delete_flow_run_input, filter_flow_run_input
from pydantic import ConfigDict, Field

from tasks.approvals.requests import Answer, give_answer, next_step
from tasks.clock import stamp, utc_now
from tasks.rules.approval import LATE_ANSWERS, Asked, Problem, State

log = logging.getLogger("prefect.watchkeeper")
_MOST_KEPT = 200
_LATE_S = int(LATE_ANSWERS.total_seconds())  # the janitor ends it long before, in a line


class ApprovalForm(RunInput):
    """What the form asks. The code is checked and used up by the run that reads it, and then deleted."""

    model_config = ConfigDict(extra="ignore")  # who wakes a run answers every form alike

    decision: Literal["sign", "refuse", "look_again"] = Field(
        "sign",
        description="Sign this plan, or refuse it for good. Look again: it was answered in a terminal.",
    )
    operator: str = Field(max_length=32, description="Your name as it was enrolled.")
    code: str = Field(max_length=12, description="The six digits that your app shows now; each counts once.")


class ConfirmedForm(ApprovalForm):
    """The same where a confirmation has to be typed as well."""

    phrase: str = Field(
        title="LIVE_CONFIRM", max_length=80, description="The confirmation at the top of the plan's page."
    )


def answer_by_form(
    asked: Asked, key: str, said: tuple[Problem, ...] = (), *, page: str = "", own: bool = True
) -> tuple[Problem, ...]:
    """Suspend this run until the form is answered, then act on the answer; empty if it stands, else every reason.

    `page`: where what is signed can be read. `own`: whether it is the run that asks, which counts its forms and has a
    new one for the next answer.
    """
    left = max(0, int((asked.expires_at - utc_now()).total_seconds()))
    asks = ConfirmedForm if asked.phrase_hash else ApprovalForm
    form = asks.with_initial_data(description=described(asked, said, page))
    given: ApprovalForm = suspend_flow_run(wait_for_input=form, timeout=left + _LATE_S, key=key)
    typed = given.phrase if isinstance(given, ConfirmedForm) else ""
    name, code = given.operator.strip().lower(), "".join(given.code.split())
    problems = give_answer(asked.number, asked.plan_hash, Answer(given.decision, name, code, own, typed), utc_now())
    forget_answers()
    return problems


def forget_answers() -> None:
    """Delete what the forms of this run were answered with: its codes are used up, or no longer wanted.

    Also a run that is refused as soon as it comes back, and reads no answer, leaves none in Prefect's database.
    """
    try:
        found = filter_flow_run_input(key_prefix="suspended-", limit=_MOST_KEPT)
        for kept in cast("list[FlowRunInput]", found):
            if kept.key.endswith("-response"):
                delete_flow_run_input(key=kept.key)
    except (httpx.HTTPError, ObjectNotFound):
        log.warning("an answered form was not deleted; its code is of no more use")


def described(asked: Asked, said: tuple[Problem, ...] = (), page: str = "") -> str:
    """What stands above the form: why the last answer did not count, what is signed, until when, whose turn it is."""
    if asked.state is State.PENDING:
        turn = f"Asked for by **{asked.requested_by}**. The second signature, of another operator, approves."
    else:
        turn = "Nobody has signed yet: the first signature asks for it, another operator approves afterwards."
    plan = f"[Read the plan first]({page}):" if page else "Plan"
    parts = [
        *([f"**Not counted: {', '.join(said)}**: {next_step(said)}."] if said else []),
        f"**{asked.action}** `{asked.subject}`",
        f"{plan} `{asked.plan_hash[:16]}`, request {asked.number}, until **{stamp(asked.expires_at)}**.",
        turn,
    ]
    return "\n\n".join(parts)


def wake(run_id: UUID | None) -> bool:
    """Let the run that waits for an answer look again; False if none waits or no server answers."""
    if run_id is None:
        return False
    try:
        resume_flow_run(run_id, run_input={"decision": "look_again", "operator": "", "code": "", "phrase": ""})
    except (httpx.HTTPError, ObjectNotFound, NotPausedError, RuntimeError) as error:
        log.warning("the run that waits was not woken: %s", type(error).__name__)
        return False
    return True
