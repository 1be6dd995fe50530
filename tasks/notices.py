"""Notices to the people on call: one message when an incident opens, one when it is over."""

from datetime import datetime

from tasks.rules.outcome import Outcome


def notify(procedure: str, outcome: Outcome, *, at: datetime) -> None:
    """Open, continue or close the procedure's incident, and send the message that this calls for."""
