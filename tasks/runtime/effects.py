"""What the runtime really does, beside what it says: orders that it still submits (spec 002, 7.1; W15)."""

import time
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tasks.runtime.requests import look
from tasks.settings.guard import runtime_settings
from tasks.step import step

_HTTP, _TEXTFILE = "order_submit_latency_ms_count", "propbot_orders_submitted_total"


@dataclass(frozen=True, slots=True)
class Submissions:
    """How many orders each of the two metric surfaces has seen submitted; None where it says nothing of them."""

    http: float | None
    textfile: float | None

    def more_than(self, before: "Submissions") -> int:
        """How many were submitted between the two looks; a counter that began anew counts from zero."""
        pairs = ((before.http, self.http), (before.textfile, self.textfile))
        return max(int(_grown(old or 0.0, new or 0.0)) for old, new in pairs)


def _grown(old: float, new: float) -> float:
    return new - old if new >= old else new


def count_submissions(base: str = "") -> Submissions:
    return Submissions(_total(look(base, "metrics").text, _HTTP), _total(_textfile(), _TEXTFILE))


def _textfile() -> str:
    try:
        return Path(runtime_settings().metrics_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # absent until the first order (W20)
        return ""


def _total(text: str, name: str) -> float | None:
    """The sum of a sample over its labels; None if there is none, or the text is none of metrics."""
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError:
        return None
    values = [sample.value for family in families for sample in family.samples if sample.name == name]
    return sum(values) if values else None


@step(retries=0)  # it looks twice by itself
def orders_submitted_within(base: str, seconds: float) -> int:
    """How many orders were submitted while it was watched; zero is what a hold has to come to."""
    before = count_submissions(base)
    time.sleep(seconds)
    return count_submissions(base).more_than(before)
