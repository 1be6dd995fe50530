"""Opening a note: the words of who asks, or of the snapshot where nobody said them (runbook 002, Incident Notes)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.records.notes import note_of_key, open_note
from tasks.records.sources import sources_in, take_snapshot, unavailable
from tasks.rules.approval import is_operator_name
from tasks.rules.artifacts import Json
from tasks.rules.faults import Refused
from tasks.rules.incident_note import AUTOMATIC, Note
from tasks.rules.records import Fact, is_fact_word


@dataclass(frozen=True, slots=True)
class Words:
    """The fields of a note that are words; empty where nobody said one."""

    profile: str = ""
    venue: str = ""
    why: str = ""
    flags: tuple[str, ...] = ()

    def facts(self) -> dict[str, Fact]:
        """What was said; refused if it is no word, because a free text must not get in here."""
        said: dict[str, Fact] = {"profile": self.profile, "venue": self.venue, "why": self.why, "flags": self.flags}
        given: dict[str, Fact] = {name: value for name, value in said.items() if value}
        for value in given.values():
            if not all(map(is_fact_word, value if isinstance(value, tuple) else (str(value),))):
                raise Refused("invalid_word", "profile, venue, why and flags are words; texts go into --text-file")
        return given


def draft_note(
    key: str,
    words: Words,
    author: str,
    logs: tuple[str, ...],
    minutes: int = 30,
    beside: Mapping[str, Json] | None = None,
) -> Note:
    """The note of this key: the one that is there, or a new one with a snapshot of this moment."""
    if not key or not is_fact_word(key):
        raise Refused("missing_key" if not key else "invalid_word", "give the incident one word: --key WORD")
    if author and not is_operator_name(author):
        raise Refused("missing_operator", "say who writes: --operator NAME, or leave it out")
    facts = words.facts()
    if there := note_of_key(key):
        return there
    snapshot = take_snapshot(logs, minutes, beside)
    counts: dict[str, Fact] = {"sources": sources_in(snapshot), "unavailable": len(unavailable(snapshot))}
    note: Note = open_note(key, {**_seen_in(snapshot), **facts, **counts, "author": author or AUTOMATIC}, snapshot)
    return note


def _seen_in(snapshot: str) -> dict[str, Fact]:
    """Profile and reason as the runtime itself said them, where it did."""
    hold = json.loads(snapshot).get("runtime hold")
    seen = {"profile": hold.get("profile"), "why": hold.get("hold_reason")} if isinstance(hold, dict) else {}
    return {name: str(value) for name, value in seen.items() if value and is_fact_word(str(value))}
