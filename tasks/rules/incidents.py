"""What an outcome means for the people on call (runbook 001, Incident playbooks, Escalation).

A bad outcome opens the incident of its procedure, further ones count up in silence, a good one closes it. An outcome
that proves nothing does neither: skipped, not configured, planned, too little data, or a run that touched nothing.
"""

import json
from enum import Enum

from tasks.rules.outcome import Outcome, Status

_BAD = (Status.FAIL, Status.ERROR, Status.UNHEALTHY)
_GOOD = (Status.OK, Status.HEALTHY, Status.NORMALIZED)
_MODES_THAT_TOUCH_NOTHING = ("ci", "dry_run")


class Meaning(Enum):
    BAD = "bad"
    GOOD = "good"
    NOTHING = "nothing"


def meaning_of(outcome: Outcome) -> Meaning:
    """Whether the outcome opens an incident, closes it, or leaves it as it is."""
    if outcome.status in _BAD:
        return Meaning.BAD
    proves_something = outcome.fields.get("mode") not in _MODES_THAT_TOUCH_NOTHING
    return Meaning.GOOD if outcome.status in _GOOD and proves_something else Meaning.NOTHING


def message(line: str, link: str | None) -> bytes:
    """The body of a Slack-compatible webhook: the line, the link to the run, and nothing else."""
    text = f"{line}\n{link}" if link else line
    return json.dumps({"text": text}).encode()
