"""The note of an incident: what has to stand in it, what state it is in, who may review it (runbook 002).

A note is the fold of its records: it is opened with a snapshot, people write, somebody else reviews, it is closed.
Nothing is overwritten: what is written later stands below, and a note that was reviewed or closed is a draft again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.approval import plan_hash_of
from tasks.rules.faults import Refused
from tasks.rules.records import Fact, Kept

OPENED, WRITTEN, REVIEWED, CLOSED = "opened", "written", "reviewed", "closed"
UNKNOWN, AUTOMATIC = "unknown", "watchkeeper"
LARGEST_TEXT = 64 << 10
_ID = re.compile(r"INC-(\d{8})-(\d{2,6})")
_REQUIRED = ("profile", "venue", "why")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*\s*$")


class Section(StrEnum):
    """What people write; the last two have to be there before a note may be closed."""

    WHAT_HAPPENED = "what_happened"
    DECISIONS = "decisions"
    NEXT_STEPS = "next_steps"

    @property
    def heading(self) -> str:
        return self.value.replace("_", " ").capitalize()


_MUST_BE_WRITTEN = (Section.DECISIONS, Section.NEXT_STEPS)


class NoteState(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as its records have it. `facts` holds the newest word for each of profile, venue, why and flags."""

    incident: str
    records: tuple[Kept, ...]
    state: NoteState
    facts: Mapping[str, Fact]
    authors: frozenset[str]
    sections: frozenset[str]

    @property
    def wanting(self) -> tuple[str, ...]:
        """What still has to be said before the note may be closed; every item."""
        facts = [name for name in _REQUIRED if self.facts.get(name) in (None, UNKNOWN)]
        return (*facts, *(section.value for section in _MUST_BE_WRITTEN if section.value not in self.sections))

    @property
    def opened(self) -> Kept:
        return self.records[0]

    @property
    def documents(self) -> tuple[str, ...]:
        """The digests of its texts and snapshots, in their order."""
        return tuple(record.entry.document for record in self.records if record.entry.document)

    @property
    def reviewer(self) -> str | None:
        """Who reviewed it, as long as nothing was written since."""
        reviews = [record for record in self.records if record.entry.kind == REVIEWED]
        return None if self.state is NoteState.DRAFT else str(reviews[-1].facts.get("reviewer"))

    @property
    def content_hash(self) -> str:
        """The hash of its last record: any later word is another one."""
        return self.records[-1].hash


def note_of(incident: str, records: Sequence[Kept]) -> Note | None:
    """The note that these records make; None without any."""
    if not records:
        return None
    state, facts, authors, sections = NoteState.DRAFT, dict[str, Fact](), set[str](), set[str]()
    for record in records:
        kind, said = record.entry.kind, record.facts
        state = {REVIEWED: NoteState.REVIEWED, CLOSED: NoteState.CLOSED}.get(kind, NoteState.DRAFT)
        facts |= {name: said[name] for name in (*_REQUIRED, "flags") if said.get(name) not in (None, UNKNOWN, ())}
        if kind in (OPENED, WRITTEN):
            authors.add(str(said.get("author", UNKNOWN)))
        sections |= _words(said.get("sections"))
    return Note(incident, tuple(records), state, facts, frozenset(authors), frozenset(sections))


def _words(value: Fact) -> set[str]:
    return set(value) if isinstance(value, tuple) else set()


def review_plan(note: Note) -> str:
    """What the reviewer signs: every record of the note; a later word makes it another one."""
    return plan_hash_of({"incident": note.incident, "records": [record.hash for record in note.records]})


def refuse_author(note: Note, reviewer: str | None) -> None:
    if reviewer in note.authors:
        raise Refused("reviewer_is_author", "somebody who wrote nothing in it approves the review")


def is_incident(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def next_incident(day: str, taken: Iterable[str]) -> str:
    """`INC-20261121-03` after 02, whatever has been taken out of order; `day` is YYYYMMDD in UTC."""
    numbers = [int(found[2]) for one in taken if (found := _ID.fullmatch(one)) and found[1] == day]
    return f"INC-{day}-{max(numbers, default=0) + 1:02d}"


def sections_of(text: str) -> dict[Section, str] | None:
    """What a text says under the headings `Decisions`, `Next steps` and `What happened`; None if it has others.

    What stands above the first heading is what happened. Empty sections are left out.
    """
    found: dict[Section, list[str]] = {}
    section = Section.WHAT_HAPPENED
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            named = heading[1].strip().lower().replace(" ", "_")
            if named not in set(Section):
                return None
            section = Section(named)
        else:
            found.setdefault(section, []).append(line.rstrip())
    texts = {one: "\n".join(lines).strip("\n") for one, lines in found.items()}
    return {one: texts[one] for one in Section if texts.get(one, "").strip()}


def text_of(sections: Mapping[Section, str]) -> str:
    """The sections as one text that `sections_of` reads back."""
    return "\n\n".join(f"## {one.heading}\n\n{sections[one]}" for one in Section if sections.get(one)) + "\n"
