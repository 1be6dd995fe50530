"""Two signatures, asked for where the run is: in the form of the Prefect UI, or in the terminal.

`await_approval` is what a procedure calls before what cannot be undone (runbook 002, "Live Guard & Confirm").
"""

from datetime import timedelta
from typing import Literal

from tasks.approvals.form import answer_by_form, forget_answers
from tasks.approvals.requests import Answer, denied, draft, find_request, give_answer
from tasks.approvals.terminal import Terminal, is_by_hand, run_id, terminal
from tasks.clock import stamp, utc_now
from tasks.rules.approval import Asked, Problem, State, is_hopeless, refusal_problems, request_problems

_TRIES_AT_TERMINAL = 3
_OPEN = (State.DRAFTED, State.PENDING)


def await_approval(
    action: str,
    plan_hash: str,
    subject: str,
    *,
    within: timedelta = timedelta(hours=4),
    phrase: str = "",
    page: str = "",
) -> Asked:
    """The request, once two operators have signed exactly this plan; `Refused` with every reason otherwise.

    `subject` says in tokens what would be done; `plan_hash` is `plan_hash_of(plan)`; `phrase`, if given, has to be
    typed with each signature; `page` leads to what is signed. Call it in the flow's own body:
    a run of a deployment is suspended here and begins at the top when it comes back. Right before the effect the
    caller uses the approval with `consume(asked.number, action, plan_hash, now)`.
    """
    run = run_id()
    asked = draft(action, plan_hash, subject, within, utc_now(), run, phrase)
    if asked.plan_hash != plan_hash:
        if run is not None:
            forget_answers()
        raise denied((Problem.PLAN_CHANGED,), asked.number)
    return _ask_at_terminal(asked) if run is None else _ask_by_form(asked, page)


def _ask_by_form(asked: Asked, page: str) -> Asked:
    said: tuple[Problem, ...] = ()
    while _is_open(asked):
        said = answer_by_form(asked, f"approval-{asked.number}-{asked.forms}", said, page=page)
        asked = find_request(asked.number)
    forget_answers()
    return _approved(asked)


def _ask_at_terminal(asked: Asked) -> Asked:
    with terminal() as person:
        show_request(person, asked)
        for question in ("who asks", "who approves"):
            asked = _signature(person, asked, question) if _is_open(asked) else asked
    return _approved(asked)


def _signature(person: Terminal, asked: Asked, question: str) -> Asked:
    """Another state of the request, or the refusal after three tries; what was answered elsewhere counts as well."""
    before = asked.state
    for _ in range(_TRIES_AT_TERMINAL):
        problems = answer_at_terminal(person, asked, "sign", question)
        asked = find_request(asked.number)
        if asked.state is not before or not _is_open(asked):
            return asked
    raise denied(problems, asked.number)


def answer_at_terminal(
    person: Terminal, asked: Asked, decision: Literal["sign", "refuse"], question: str, operator: str = ""
) -> tuple[Problem, ...]:
    """Ask for a name, unless it is given, and for a code; empty if the answer stands."""
    name = (operator or person.ask(f"{question} (Enter: answered elsewhere): ")).strip().lower()
    if not name:
        return (Problem.NO_ANSWER,)
    code = person.ask_code(f"code of {name}: ")
    wanted = asked.phrase_hash and decision == "sign"
    phrase = person.ask("LIVE_CONFIRM, as the plan shows it: ") if wanted else ""
    answer = Answer(decision, name, code, phrase=phrase)
    problems = give_answer(asked.number, asked.plan_hash, answer, utc_now())
    if problems:
        person.say(f"not counted: {', '.join(problems)}")
    return problems


def show_request(person: Terminal, asked: Asked) -> None:
    """What would be signed, before anybody types a code."""
    person.say(f"{asked.action}: {asked.subject}")
    person.say(f"plan {asked.plan_hash[:16]}, request {asked.number}, until {stamp(asked.expires_at)}")
    if asked.requested_by:
        person.say(f"asked for by {asked.requested_by}")
    person.say(f"from another terminal: watchkeeper approve --request {asked.number}")


def _is_open(asked: Asked) -> bool:
    return asked.state in _OPEN and not is_hopeless(_problems(asked))


def _approved(asked: Asked) -> Asked:
    if asked.state_at(utc_now()) is not State.APPROVED:
        raise denied(_problems(asked) or (Problem.NOT_APPROVED,), asked.number)
    return asked


def _problems(asked: Asked) -> tuple[Problem, ...]:
    """What stands against any further signature, whoever gives it."""
    return request_problems(asked, asked.plan_hash, utc_now())


def answer_once(number: int, decision: Literal["sign", "refuse"], operator: str = "") -> Asked:
    """Answer a request that another run asked; the request afterwards, or `Refused` with every reason."""
    asked = find_request(number)
    problems = _problems(asked) if decision == "sign" else refusal_problems(asked, utc_now())
    if problems:
        if not is_by_hand():
            forget_answers()
        raise denied(problems, number)
    if is_by_hand():
        with terminal() as person:
            show_request(person, asked)
            problems = answer_at_terminal(person, asked, decision, decision, operator)
    else:
        problems = answer_by_form(asked, "approve", own=False)
    if problems:
        raise denied(problems, number)
    return find_request(number)
