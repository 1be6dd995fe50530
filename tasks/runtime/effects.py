"""What the runtime really does, beside what it says: orders that it still submits (spec 002, 7.1; W15)."""

import time
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tasks.rules.faults import RuntimeUnreachable
from tasks.runtime.requests import look
from tasks.settings.guard import runtime_settings
from tasks.step import step

_HTTP, _TEXTFILE = "order_submit_latency_ms_count", "propbot_orders_submitted_total"


@dataclass(frozen=True, slots=True)
class Submissions:
    """How many orders each of the two metric surfaces has seen submitted.

    Only the metrics of the runtime itself know of both order APIs; the file has what went through the router.
    """

    http: float
    textfile: float

    def more_than(self, before: "Submissions") -> int:
        """How many were submitted between the two looks; a counter that began anew counts from zero."""
        return max(int(_grown(before.http, self.http)), int(_grown(before.textfile, self.textfile)))


def _grown(old: float, new: float) -> float:
    return new - old if new >= old else new


def count_submissions(base: str = "") -> Submissions | None:
    """None where the runtime's metrics cannot be read: then nobody knows."""
    try:
        answer = look(base, "metrics")
    except RuntimeUnreachable:
        return None
    http = _total(answer.text, _HTTP) if answer.status == 200 else None
    return None if http is None else Submissions(http, _total(_textfile(), _TEXTFILE) or 0.0)


def _textfile() -> str:
    try:
        return Path(runtime_settings().metrics_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # absent until the first order (W20)
        return ""


def _total(text: str, name: str) -> float | None:
    """The sum of a sample over its labels; None if the text is none of metrics."""
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError:
        return None
    return sum((sample.value for family in families for sample in family.samples if sample.name == name), 0.0)


@step(retries=0)  # it looks twice by itself
def orders_submitted_within(base: str, seconds: float) -> int | None:
    """How many orders were submitted while it was watched: zero is what a hold has to come to, None is not seen."""
    before = count_submissions(base)
    time.sleep(seconds)
    after = count_submissions(base)
    return None if before is None or after is None else after.more_than(before)
