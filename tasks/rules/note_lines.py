"""What a line says of an incident note: its words, its counts, what is wanting; never a text."""

from tasks.rules.incident_note import Note
from tasks.rules.outcome import Value


def said_of(note: Note) -> dict[str, Value]:
    """The fields of `incident_note` that tell of this note."""
    opened = note.opened.facts
    facts: dict[str, Value] = {name: note.facts.get(name) for name in ("profile", "venue", "why", "flags")}
    return {
        "incident": note.incident,
        "state": note.state.value,
        **facts,
        "records": len(note.records),
        "snapshot": note.opened.entry.document,
        "sources": opened.get("sources"),
        "unavailable": opened.get("unavailable"),
        "wanting": note.wanting or None,
        "reviewer": note.reviewer,
    }
