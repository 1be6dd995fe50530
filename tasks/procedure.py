"""`procedure`: Prefect's own `flow`, with what no flow may forget stacked below it.

A run always ends in one line of its contract, exceptions lose their secrets before Prefect stores them, the outcome
is recorded and alerted on, and the Prefect state says the same as the line (design, "The outcome contract").
"""

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ParamSpec, cast
from uuid import UUID

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.runtime import flow_run as this_run
from prefect.states import Completed, Failed

from tasks import evidence, notices, operations, redacted_logging
from tasks.clock import frozen_now, stamp, utc_now
from tasks.forms import described_signature
from tasks.rules.faults import Fault, Misconfigured, Refused
from tasks.rules.outcome import Contract, Outcome, Status, Value, checked
from tasks.rules.playbooks import playbook_for
from tasks.rules.redaction import scrub
from tasks.settings import known_secrets, settings
from tasks.step import has_server

P = ParamSpec("P")
log = logging.getLogger("prefect.watchkeeper")

# States the UI shows under their own name; everything else is plain Completed or Failed (design, outcome contract).
_STATE_NAMES = {
    Status.INSUFFICIENT_DATA: "InsufficientData",
    Status.NOT_CONFIGURED: "NotConfigured",
    Status.SKIPPED: "Skipped",
}
_BAD = (Status.FAIL, Status.ERROR, Status.UNHEALTHY)


@dataclass
class Run:
    """What this run has said so far, and how it says it."""

    write: Callable[[Outcome], None]
    said: list[Outcome] = field(default_factory=list)

    @property
    def final(self) -> Outcome | None:
        return self.said[-1] if self.said else None


class ProcedureFailed(Exception):
    """What a caller of a failed procedure gets: its line, and nothing of what was raised inside."""


def _to_stdout(outcome: Outcome) -> None:
    sys.stdout.write(outcome.line + "\n")
    sys.stdout.flush()


PROCEDURES: dict[str, Contract] = {}
"""The contract of the last line of every procedure that has been imported, by its flow's name."""

_run: ContextVar[Run | None] = ContextVar("run", default=None)


def procedure(
    contract: Contract,
    *,
    run_name: Callable[[], str] | str,
    on_bad: Callable[[str], None] | None = None,
    **options: Any,
) -> Callable[[Callable[P, Outcome]], Flow[P, Outcome]]:
    """A flow that ends in one line of `contract`, whatever happens inside.

    `on_bad` is called with the procedure's name after a bad line was said and stored; it must not raise.
    """

    def wrap(body: Callable[P, Outcome]) -> Flow[P, Outcome]:
        name = body.__name__.replace("_", "-")

        @functools.wraps(body)
        def run(*args: P.args, **kwargs: P.kwargs) -> State[Outcome]:
            outcome = _concluded(name, contract, functools.partial(body, *args, **kwargs))
            if on_bad and outcome.status in _BAD:
                on_bad(name)
            return _state_of(outcome)

        run.__signature__ = described_signature(body)  # type: ignore[attr-defined]
        PROCEDURES[name] = contract
        made = flow(name=name, flow_run_name=run_name, **_hooks(contract), **options)(run)
        return cast("Flow[P, Outcome]", made)

    return wrap


def _hooks(contract: Contract) -> dict[str, Any]:
    """Who speaks for a run that cannot: its process is gone, or Prefect refused its parameters.

    The worker calls them by keyword, so the names of their parameters are fixed.
    """

    def after_crash(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
        cancelled = state.is_cancelling() or state.is_cancelled()  # the worker calls while it is cancelling
        write_for_the_dead(contract, flow.name, flow_run.id, cancelled=cancelled)

    def after_failure(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
        if not (state.message or "").removeprefix("event=").startswith(contract.printed):
            say_for_the_refused(contract, flow.name, flow_run.id)

    return {"on_failure": [after_failure], "on_crashed": [after_crash], "on_cancellation": [after_crash]}


def part(procedure: Flow[..., Outcome], **parameters: object) -> Outcome:
    """Run another procedure inside this one, with a run and lines of its own, and return its last line.

    A part that fails raises nothing, so that it hides no part after it.
    """
    with telling(_writer()) as inner:
        if has_server():
            procedure(**parameters, return_state=True)
        else:
            procedure.fn(**procedure.validate_parameters(dict(parameters)))
    if outer := _run.get():
        outer.said.extend(inner.said)
    return inner.final or PROCEDURES[procedure.name].says(Status.ERROR, "invalid_parameter")


def _writer() -> Callable[[Outcome], None]:
    outer = _run.get()
    return outer.write if outer else _to_stdout


def tell(outcome: Outcome) -> Outcome:
    """Say one line now: to the terminal, to the log, to the artifact. The last one said is the run's result."""
    if (moment := _frozen()) is not None:
        outcome = replace(outcome, fields={**outcome.fields, "frozen_now": stamp(moment)})
    outcome = checked(outcome)
    run = _run.get()
    if run is None:
        _to_stdout(outcome)
    else:
        run.write(outcome)
        run.said.append(outcome)
    log.info("%s", outcome.line)
    return outcome


def _frozen() -> datetime | None:
    try:
        return frozen_now()
    except Misconfigured:  # the line that reports the bad variable must still come out
        return None


@contextmanager
def telling(write: Callable[[Outcome], None] = _to_stdout) -> Iterator[Run]:
    """Collect what a run says and choose where its lines go (text or JSON)."""
    run = Run(write)
    token = _run.set(run)
    try:
        yield run
    finally:
        _run.reset(token)


def _concluded(name: str, contract: Contract, body: Callable[[], Outcome]) -> Outcome:
    redacted_logging.install()
    outer = _run.get()
    with telling(outer.write if outer else _to_stdout) as run:
        outcome = tell(_outcome_of(contract, body))
    if outer is not None:
        outer.said.extend(run.said)
    run_id = UUID(this_run.id) if has_server() and this_run.id else None
    _remember(name, run.said, run_id)
    if run_id:
        evidence.show_lines(name, [said.line for said in run.said])
        if outcome.status in _BAD and (playbook := playbook_for(outcome.token, outcome.reason)):
            evidence.show_playbook(name, playbook)
    return outcome


def _outcome_of(contract: Contract, body: Callable[[], Outcome]) -> Outcome:
    """The one place where an exception becomes an outcome."""
    try:
        settings()  # a variable that does not parse is refused before anything is done
        return body()
    except Fault as fault:
        return failed(contract, fault)
    except Exception:
        log.exception("the procedure crashed")
        return contract.says(Status.ERROR, "crash")


def failed(contract: Contract, fault: Fault, **fields: Value) -> Outcome:
    """What `contract` says of a fault, with more fields or, given as None, fewer; the next step goes to the log."""
    log.error("%s", fault)
    status = Status.ERROR
    if isinstance(fault, Misconfigured) and Status.NOT_CONFIGURED in contract.statuses:
        status = Status.NOT_CONFIGURED if fault.reason == "missing_dsn" else Status.FAIL
    elif Status.FAIL in contract.statuses:
        status = Status.FAIL
    return contract.says(status, fault.reason, **(dict(fault.fields) | fields))


def _state_of(outcome: Outcome) -> State[Any]:
    if outcome.status in _BAD:
        return Failed(message=outcome.line, data=ProcedureFailed(outcome.line))
    return Completed(message=outcome.line, data=outcome, name=_STATE_NAMES.get(outcome.status, "Completed"))


def _remember(name: str, said: list[Outcome], run_id: UUID | None) -> None:
    """Store the outcome and tell the people on call; neither may change the outcome."""
    lines = [outcome.line for outcome in said]
    try:
        operations.store_outcome(
            name, said[-1], lines, at=utc_now(), frozen=frozen_now() is not None, flow_run_id=run_id
        )
    except Fault as fault:
        _say_to_operator(f"watchkeeper: outcome not stored ({fault})")
    try:
        notices.notify(name, said[-1], at=utc_now())
    except Fault as fault:
        _say_to_operator(f"watchkeeper: nobody was notified ({fault})")


def _say_to_operator(sentence: str) -> None:
    sys.stderr.write(scrub(sentence, known_secrets()) + "\n")


def write_for_the_dead(contract: Contract, name: str, run_id: UUID, *, cancelled: bool) -> None:
    """The process of the run is gone: say its line for it, store it and alert on it."""
    _conclude_for(name, run_id, contract.says(Status.ERROR, "interrupted" if cancelled else "crash"))


def say_for_the_refused(contract: Contract, name: str, run_id: UUID) -> None:
    """Prefect refused the parameters before the procedure began: that is a line too, and never their values."""
    fault = Refused("invalid_parameter", "start the run again with parameters that its form allows")
    _conclude_for(name, run_id, failed(contract, fault))


def _conclude_for(name: str, run_id: UUID, outcome: Outcome) -> None:
    redacted_logging.install()
    outer = _run.get()
    with telling(outer.write if outer else _to_stdout) as run:
        tell(outcome)
    _remember(name, run.said, run_id)
