"""Safe mode on and off: what is refused before anything is asked, and what the journal must already say.

On is an emergency: a reason is enough, and nothing may stand in its way. Off needs a reason, an incident that has a
note, and two people; it is refused when somebody held the runtime after it was asked for. The journal is a chain of
records (`safe-mode`); a change is its incident, its direction and how many changes the other way were done before, so
that the same change asked for twice is one. Pure (runbook 002, Profiles & Modes; spec 002, 7.1).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.rules.artifacts import Json
from tasks.rules.records import Kept, as_word
from tasks.rules.redaction import looks_secret

CHAIN = "safe-mode"
ASKED, APPROVED, CALL_FAILED, DONE, DONE_AGAIN = "asked", "approved", "call_failed", "done", "done_again"
APPROVAL_ACTION = "safe-mode-off"
UNLINKED = "unlinked"
Direction = Literal["on", "off"]
REFUSALS = (
    "reason_missing",
    "reason_not_shareable",
    "incident_missing",
    "incident_unknown",
    "held_meanwhile",
    "live_needs_restart",
    "foreign_resume_request",
    "orders_after_hold",
    "orders_not_watched",
    "journal_not_written",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one incident at one runtime; `number` tells it from an earlier one the same way."""

    direction: Direction
    incident: str
    runtime: str
    number: int

    @property
    def key(self) -> str:
        """The name of this change in the journal and, with a step behind it, at the runtime."""
        return f"{self.incident}:{self.runtime}:{self.direction}:{self.number}"

    def call_key(self, step: str) -> str:
        """The idempotency key of one of its calls."""
        return hashlib.sha256(f"{self.key}:{step}".encode()).hexdigest()[:32]


def refusal_of(direction: Direction, reason: str, incident: str) -> str | None:
    """Why the change is refused unseen; None if it may be asked for."""
    if not reason.strip():
        return "reason_missing"
    if looks_secret(reason):
        return "reason_not_shareable"
    return "incident_missing" if direction == "off" and not incident else None


def doubt_after_hold(orders: int | None, *, is_written: bool) -> str | None:
    """What is wrong although the hold was seen, the gravest first: orders, orders that nobody could see, no row."""
    if orders:
        return "orders_after_hold"
    if orders is None:
        return "orders_not_watched"
    return None if is_written else "journal_not_written"


def runtime_word(address: str) -> str:
    """Which runtime is meant, without saying where it is."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def change_of(direction: Direction, incident: str, runtime: str, records: Iterable[Kept]) -> Change:
    """The change that is asked for now, by how often this runtime was changed the other way before."""
    other = "off" if direction == "on" else "on"
    done = [one for one in records if one.entry.kind in (DONE, DONE_AGAIN) and one.facts.get("runtime") == runtime]
    return Change(direction, incident, runtime, sum(one.facts.get("direction") == other for one in done))


def is_done(change: Change, records: Iterable[Kept]) -> bool:
    return any(one.entry.key == f"{change.key}:{DONE}" for one in records)


def askers(change: Change, records: Iterable[Kept]) -> tuple[str, ...]:
    """Who asked for this change in every run of it that two people signed."""
    signed = (one.facts for one in records if one.entry.kind == APPROVED and one.entry.subject == change.incident)
    same = {"runtime": change.runtime, "direction": change.direction, "number": change.number}
    return tuple(str(facts["asked_by"]) for facts in signed if same.items() <= facts.items())


def held_since(change: Change, records: Sequence[Kept]) -> bool:
    """Whether safe mode was asked for at this runtime after this change was, or nobody asked for the change."""
    asked = next((one.seq for one in records if one.entry.key == f"{change.key}:{ASKED}"), None)
    return asked is None or any(
        one.seq > asked
        and one.entry.kind == ASKED
        and (one.facts.get("direction"), one.facts.get("runtime")) == ("on", change.runtime)
        for one in records
    )


def plan_of(change: Change, reason: str) -> dict[str, Json]:
    """What two people sign: any other reason, incident or runtime is another plan."""
    said = hashlib.sha256(reason.strip().encode()).hexdigest()
    return {"action": APPROVAL_ACTION, "change": change.key, "reason": said}


def reason_at_runtime(incident: str, reason: str) -> str:
    """The reason as the runtime gets it: the incident first, then the words, bounded."""
    return f"{incident}:{as_word(reason, 60)}"
