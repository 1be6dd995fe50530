"""What is looked at while a runtime warms up: its metrics, and whether adapters are turned away (spec 002, 4)."""

from collections.abc import Iterator, Mapping

from prometheus_client.parser import text_string_to_metric_families

from tasks.runtime.requests import look
from tasks.step import step

_MOST = "?limit=200"


@step(retries=0)  # the request repeats itself
def read_authorisation_errors(base: str = "") -> tuple[str, ...]:
    """Texts of errors, alerts and events that may speak of refused keys; judged by the caller, never shown."""
    return (*_order_errors(base), *_texts(base, "api/ui/alerts"), *_texts(base, f"api/ui/events{_MOST}"))


def _order_errors(base: str) -> Iterator[str]:
    for name, labels, value in _samples(base):
        if name == "order_errors_total" and value > 0:
            yield labels.get("reason", "")


def _texts(base: str, path: str) -> Iterator[str]:
    """Messages of what is worse than a note; what an operator did is no error of an adapter."""
    answer = look(base, path)
    rows = answer.data.get("items") if isinstance(answer.data, Mapping) else answer.data
    for row in rows if isinstance(rows, list) else ():
        level = str(row.get("severity") or row.get("level") or "").lower() if isinstance(row, Mapping) else ""
        if level in ("warning", "warn", "error", "critical"):
            yield f"{row.get('event_type') or row.get('code') or ''} {row.get('message') or ''}"


@step(retries=0)  # the request repeats itself
def count_samples(base: str = "") -> int:
    """How many samples the runtime's own metrics have; taken once, so that there is something to compare with."""
    return sum(1 for _ in _samples(base))


def _samples(base: str) -> Iterator[tuple[str, dict[str, str], float]]:
    try:
        for family in text_string_to_metric_families(look(base, "metrics").text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value
    except ValueError:
        return
