"""What is looked at while a runtime warms up: its metrics, and whether adapters are turned away (spec 002, 4)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from tasks.rules.guard.answers import fault_for, unknown_answer
from tasks.runtime.reading import ALERTS, EVENTS, SEVERE, rows_at
from tasks.runtime.requests import look
from tasks.step import step

_ERRORS, _BEGAN = "order_errors_total", "process_start_time_seconds"


@step(retries=0)  # the request repeats itself
def read_authorisation_errors(base: str = "") -> tuple[str, ...]:
    """Texts of errors, alerts and events that may speak of refused keys; judged by the caller, never shown.

    Alerts and events outlive a restart there: what is older than the process is of an earlier start.
    """
    taken = tuple(_samples(base))
    errors = [labels.get("reason", "") for name, labels, value in taken if name == _ERRORS and value > 0]
    began = next((value for name, _, value in taken if name == _BEGAN), 0.0)
    return (*errors, *_texts(base, ALERTS, began), *_texts(base, EVENTS, began))


def _texts(base: str, path: str, began: float) -> Iterator[str]:
    """Messages of what is worse than a note; what an operator did is no error of an adapter."""
    for row in rows_at(base, path):
        severe = str(row.get("severity") or row.get("level") or "").lower() in SEVERE
        if severe and not _is_before(row.get("ts"), began):
            yield f"{row.get('event_type') or row.get('code') or ''} {row.get('message') or ''}"


def _is_before(said: object, began: float) -> bool:
    """Whole seconds are all that an event has; one whose time cannot be read counts."""
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() < int(began)


@step(retries=0)  # the request repeats itself
def count_samples(base: str = "") -> int:
    """How many samples the runtime's own metrics have; taken once, so that there is something to compare with."""
    return sum(1 for _ in _samples(base))


def _samples(base: str) -> Iterator[tuple[str, dict[str, str], float]]:
    answer = look(base, "metrics")
    if answer.status != 200:
        raise fault_for(answer.status, answer.detail)
    try:
        families = list(text_string_to_metric_families(answer.text))
    except ValueError:
        raise unknown_answer() from None
    yield from ((one.name, one.labels, one.value) for family in families for one in family.samples)
