"""What is looked at while a runtime warms up: its metrics, and whether adapters are turned away (spec 002, 4)."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from tasks.rules.guard.answers import fault_for, unknown_answer
from tasks.runtime.reading import rows_at
from tasks.runtime.requests import look
from tasks.step import step

_EVENTS = "api/ui/events?limit=200&order=desc"
_SEVERE = ("warn", "warning", "error", "critical")


@step(retries=0)  # the request repeats itself
def read_authorisation_errors(base: str = "") -> tuple[str, ...]:
    """Texts of errors, alerts and events that may speak of refused keys; judged by the caller, never shown."""
    return (*_order_errors(base), *_texts(base, "api/ui/alerts"), *_texts(base, _EVENTS))


def _order_errors(base: str) -> Iterator[str]:
    for name, labels, value in _samples(base):
        if name == "order_errors_total" and value > 0:
            yield labels.get("reason", "")


def _texts(base: str, path: str) -> Iterator[str]:
    """Messages of what is worse than a note; what an operator did is no error of an adapter."""
    for row in rows_at(base, path):
        if str(row.get("severity") or row.get("level") or "").lower() in _SEVERE:
            yield f"{row.get('event_type') or row.get('code') or ''} {row.get('message') or ''}"


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
