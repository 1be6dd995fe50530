"""The shift log and the notes of incidents as files behind the artifacts door: JSON and Markdown."""

from tasks.files import write_artifact
from tasks.records.chain import export_name, read_chain, read_document
from tasks.records.notes import texts_of
from tasks.rules.incident_note import Note
from tasks.rules.record_pages import chain_json, chain_page, note_json, note_page
from tasks.step import step


@step(retries=0)  # safe to repeat: each file is replaced as a whole
def export_chain(chain: str, count: int) -> int:
    """Write the first `count` records, those that were verified; the number of files."""
    records = read_chain.fn(chain)[:count]
    named = {kept.entry.document for kept in records if kept.entry.kind == "remark" and kept.entry.document}
    remarks = {digest: text for digest in sorted(named) if (text := read_document.fn(digest)) is not None}
    write_artifact(export_name(chain, "md"), chain_page(chain, records, remarks))
    write_artifact(export_name(chain, "json"), chain_json(chain, records, remarks))
    return 2


@step(retries=0)  # safe to repeat: each file is replaced as a whole
def export_note(note: Note) -> int:
    """Write the note with all that people said and its snapshot; the number of files."""
    documents = texts_of(note)
    write_artifact(f"incidents/{note.incident}.md", note_page(note, documents))
    write_artifact(f"incidents/{note.incident}.json", note_json(note, documents))
    return 2
