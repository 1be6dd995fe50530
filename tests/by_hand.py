"""Procedures as somebody starts them in a terminal: without a server, every parameter checked, what they say kept."""

from typing import Any

from tasks.procedure import telling
from tasks.rules.outcome import Outcome
from tasks.step import without_server


def outcomes_of(flow: Any, **parameters: object) -> list[Outcome]:
    """All that a run says; the last one is its result."""
    with without_server(), telling(lambda _: None) as run:
        flow.fn(**flow.validate_parameters(parameters))
    return run.said


def lines_of(flow: Any, **parameters: object) -> list[str]:
    """The same as the lines that would be printed."""
    return [outcome.line for outcome in outcomes_of(flow, **parameters)]
