"""`step`: Prefect's own `task`, with what no task may forget stacked below it.

An exception loses its secrets before Prefect stores it; a retry happens only where reading again may help; and when
no Prefect server answers, a command by hand runs the same functions without it (`without_server`).
"""

import functools
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, overload

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from tasks.rules.faults import Fault, Unreachable
from tasks.rules.redaction import scrub
from tasks.settings import known_secrets

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("prefect.watchkeeper")
_server: ContextVar[bool] = ContextVar("server", default=True)


class Step(Task[P, R]):
    """A Prefect task that is a plain function call while no Prefect server answers."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # the signature of Task.__call__ is an overload set
        return super().__call__(*args, **kwargs) if _server.get() else self.fn(*args, **kwargs)


@overload
def step(fn: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(**options: Any) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(fn: Any = None, /, **options: Any) -> Any:
    """A task. Retries come from the deployment and happen only where reading again may help (`Unreachable`)."""
    if fn is None:
        return functools.partial(step, **options)
    options.setdefault("retry_condition_fn", _may_be_repeated)
    return Step(_scrubbed(fn), **options)


@contextmanager
def without_server() -> Iterator[None]:
    """Run steps as plain functions: for a command by hand when no Prefect server answers."""
    token = _server.set(False)
    try:
        yield
    finally:
        _server.reset(token)


def has_server() -> bool:
    return _server.get()


def _may_be_repeated(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001  Prefect's form
    try:
        state.result()
    except Unreachable:
        return True
    except Exception:  # noqa: BLE001  whatever else it was, it is not known to be safe to repeat
        return False
    return False


class StepFailed(Exception):
    """What Prefect may store of an unexpected exception: its class and its scrubbed text."""


def _scrubbed(fn: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return fn(*args, **kwargs)
        except (Fault, StepFailed):
            raise
        except Exception as error:  # noqa: BLE001  nothing unscrubbed may reach Prefect
            log.debug("%s", "".join(traceback.format_exception(error)))
            raise StepFailed(scrub(f"{type(error).__name__}: {error}", known_secrets())) from None

    return run
