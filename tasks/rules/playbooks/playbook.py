"""What a playbook is, and the words that many of them share."""

from dataclasses import dataclass

BOOTSTRAP = "001 Production bootstrap"
ROUTINE = "001 Routine operations"
INCIDENTS = "001 Incident playbooks"
ESCALATION = "001 Escalation & post-incident"

ESCALATE = "Escalate with the line alone: aggregates and reasons, never a DSN, an identifier or a user's text."
AGAIN = "Start the procedure again: every one of them is safe to start twice."


@dataclass(frozen=True, slots=True)
class Playbook:
    """What happened, where the runbook speaks of it, and what to do, in order."""

    title: str
    section: str
    steps: tuple[str, ...]

    def as_data(self) -> dict[str, str | list[str]]:
        """The same for a program to read."""
        return {"title": self.title, "section": self.section, "steps": list(self.steps)}
