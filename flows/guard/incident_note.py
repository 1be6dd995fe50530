"""The note of an incident: drafted with a snapshot, written, reviewed by another person, closed, exported."""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.approvals.asking import await_approval
from tasks.approvals.requests import consume
from tasks.clock import utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure
from tasks.records.drafting import Words, draft_note
from tasks.records.exports import export_note
from tasks.records.notes import close_note, list_notes, mark_reviewed, read_note, write_into
from tasks.records.texts import author_given, sections_given
from tasks.rules.contracts.records import INCIDENT_NOTE
from tasks.rules.faults import Refused
from tasks.rules.incident_note import Note, NoteState, is_incident, refuse_author, review_plan
from tasks.rules.note_lines import said_of
from tasks.rules.outcome import Outcome, Status

Do = Annotated[
    Literal["list", "draft", "write", "review", "close", "show", "export"],
    Field(description="A note is drafted, written, reviewed by another person and closed; list, show, export read."),
]
Incident = Annotated[str, Field(max_length=24, description="Which note: INC-YYYYMMDD-NN. Not for a draft.")]
IncidentKey = Annotated[
    str, Field(max_length=80, description="For a draft: one word for the incident; it opens one note, however often.")
]
Word = Annotated[str, Field(max_length=80, description="One word; left out it stays as it is, or is not known.")]
Flags = Annotated[tuple[str, ...], Field(max_length=32, description="The flags involved, by name.")]
Logs = Annotated[tuple[str, ...], Field(max_length=20, description="Logs whose last lines go into the snapshot.")]
Minutes = Annotated[int, Field(ge=1, le=1440, description="How far back the snapshot looks.")]
OperatorName = Annotated[str, Field(max_length=32, description="Who writes.")]
TextFile = Annotated[
    str, Field(max_length=4096, description="A file with Decisions and Next steps; without it the terminal asks.")
]


@procedure(INCIDENT_NOTE, run_name=run_named("incident-note", "do", "incident"))
def incident_note(  # noqa: PLR0913, PLR0917  the fields of the note are the form
    do: Do = "list",
    incident: Incident = "",
    key: IncidentKey = "",
    profile: Word = "",
    venue: Word = "",
    why: Word = "",
    flags: Flags = (),
    logs: Logs = ("data/logs/paper.log",),
    minutes: Minutes = 30,
    operator: OperatorName = "",
    text_file: TextFile = "",
) -> Outcome:
    """Draft the note of an incident, write into it, have it reviewed, close it, export it.

    Runbook 002, Incident Notes. A draft takes a snapshot (runtime, metrics, logs, flags, outcomes, shift log) and
    names every source that failed. `write` adds decisions and next steps; `review` takes two operators, and the one
    who approves wrote nothing in it; `close` needs every field. What is written later stands below and makes it a
    draft again. Export writes `incidents/ID.md` and `.json`. If it fails: `wanting=` names what is missing.

    Safety: never changes what is measured. Nothing of a note is changed or taken out. A text comes from a file or the
    terminal, never as a parameter, and what looks like a secret is taken out of all that is kept.
    """
    if do == "list":
        return _listed()
    words = Words(profile, venue, why, flags)
    note = draft_note(key, words, operator, logs, minutes) if do == "draft" else _named(incident)
    match do:
        case "write":
            note = _written(note, words, operator, text_file)
        case "review":
            note = _reviewed(note)
        case "close":
            note = close_note(note.incident)
    files = export_note(note) if do == "export" else None
    return INCIDENT_NOTE.says(Status.OK, None, do=do, files=files, **said_of(note))


def _named(incident: str) -> Note:
    if not is_incident(incident):
        raise Refused("missing_incident", "name a note: --incident INC-YYYYMMDD-NN")
    note: Note = read_note(incident)
    return note


def _written(note: Note, words: Words, operator: str, text_file: str) -> Note:
    author, facts = author_given(operator), words.facts()
    sections = sections_given(text_file) if text_file or not facts else {}
    written: Note = write_into(note.incident, author, facts, sections)
    return written


def _reviewed(note: Note) -> Note:
    plan = review_plan(note)
    asked = await_approval("incident-review", plan, f"incident={note.incident} records={len(note.records)}")
    refuse_author(note, asked.approved_by)
    consume(asked.number, "incident-review", plan, utc_now())
    reviewed: Note = mark_reviewed(note, str(asked.requested_by), str(asked.approved_by), asked.number)
    return reviewed


def _listed() -> Outcome:
    notes = list_notes()
    rows = [{"incident": one.incident, "state": one.state.value, "opened": one.opened.at} for one in notes]
    show_table("incident-notes", rows, f"{len(rows)} notes")
    still_open = sum(one.state is not NoteState.CLOSED for one in notes)
    return INCIDENT_NOTE.says(Status.OK, do="list", notes=len(notes), open=still_open)
