"""Notes of incidents as they are kept: opened once for each key, written on, reviewed, closed (runbook 002)."""

from collections.abc import Mapping, Sequence

from tasks.clock import utc_now
from tasks.operations import session
from tasks.records.chain import Chain, chain_held, read_chain, read_document, records_about
from tasks.records.shift import about_this_run
from tasks.rules.faults import Refused
from tasks.rules.incident_note import (
    CLOSED,
    OPENED,
    REVIEWED,
    WRITTEN,
    Note,
    NoteState,
    Section,
    next_incident,
    note_of,
    text_of,
)
from tasks.rules.records import INCIDENTS, Entry, Fact, Kept
from tasks.step import step


def note_of_key(key: str) -> Note | None:
    """The note that was opened for this key, if one was."""
    with chain_held(INCIDENTS) as chain:
        opened = chain.of_key(_opening(key))
        return _note(chain, str(opened.entry.subject)) if opened else None


@step(retries=0)  # safe to repeat: a key opens one note
def open_note(key: str, facts: Mapping[str, Fact], snapshot: str) -> Note:
    """The note of this key, opened now with its snapshot unless it is there already; its number is nobody else's."""
    now = utc_now()
    with chain_held(INCIDENTS) as chain:
        if opened := chain.of_key(_opening(key)):
            return _note(chain, str(opened.entry.subject))
        day = f"{now:%Y%m%d}"
        incident = next_incident(day, chain.subjects(f"INC-{day}-"))
        said = {**facts, **about_this_run()}
        chain.append(Entry(OPENED, said, incident, _opening(key), chain.keep(snapshot, now)), now)
        return _note(chain, incident)


@step(retries=0)  # a second time would stand in the note twice
def write_into(incident: str, author: str, facts: Mapping[str, Fact], sections: Mapping[Section, str]) -> Note:
    """Add what a person says: a text by sections, other words for profile, venue, why and flags, or both."""
    now = utc_now()
    said = {**facts, "author": author, "sections": tuple(sections) or None, **about_this_run()}
    with chain_held(INCIDENTS) as chain:
        _note(chain, incident)
        document = chain.keep(text_of(sections), now) if sections else None
        chain.append(Entry(WRITTEN, said, incident, None, document), now)
        return _note(chain, incident)


@step(retries=0)  # safe to repeat: a request for approval is used once
def mark_reviewed(signed: Note, asked_by: str, reviewer: str, request: int) -> Note:
    """Write down who has reviewed exactly this; refused if somebody wrote on meanwhile."""
    key = f"review:{signed.incident}:{request}"
    with chain_held(INCIDENTS) as chain:
        note = _note(chain, signed.incident)
        if not chain.of_key(key) and note.content_hash != signed.content_hash:
            raise Refused("note_changed", "somebody wrote on while it was reviewed: look at it and review it again")
        facts: dict[str, Fact] = {"asked_by": asked_by, "reviewer": reviewer, "request": request}
        chain.append(Entry(REVIEWED, {**facts, **about_this_run()}, signed.incident, key), utc_now())
        return _note(chain, signed.incident)


@step(retries=0)  # safe to repeat: what is closed stays closed
def close_note(incident: str) -> Note:
    """Close a note that was reviewed and in which nothing is wanting."""
    with chain_held(INCIDENTS) as chain:
        note = _note(chain, incident)
        if note.state is NoteState.CLOSED:
            return note
        if note.wanting:
            raise Refused("note_incomplete", "write what is wanting, then have it reviewed", wanting=note.wanting)
        if note.state is not NoteState.REVIEWED:
            raise Refused("note_not_reviewed", f"another person reviews it: --do review --incident {incident}")
        chain.append(Entry(CLOSED, about_this_run(), incident), utc_now())
        return _note(chain, incident)


@step
def read_note(incident: str) -> Note:
    """The note as it stands; refused if there is none of that number."""
    with session() as active:
        return _found(incident, records_about(active, INCIDENTS, incident))


@step
def list_notes() -> list[Note]:
    """Every note, in the order in which they were opened."""
    records: dict[str, list[Kept]] = {}
    for kept in read_chain.fn(INCIDENTS):
        records.setdefault(str(kept.entry.subject), []).append(kept)
    return [note for incident, own in records.items() if (note := note_of(incident, own))]


def texts_of(note: Note) -> dict[str, str]:
    """The documents of the note that are still there, by their digest."""
    found = {digest: read_document(digest) for digest in note.documents}
    return {digest: content for digest, content in found.items() if content is not None}


def _opening(key: str) -> str:
    return f"open:{key}"


def _note(chain: Chain, incident: str) -> Note:
    return _found(incident, chain.about(incident))


def _found(incident: str, records: Sequence[Kept]) -> Note:
    note = note_of(incident, records)
    if note is None:
        raise Refused("unknown_incident", "see which there are with: watchkeeper incident-note --do list")
    return note
