"""The shift log and an incident note as files: JSON for programs, Markdown for people; the same bytes each time."""

import json
import re
from collections.abc import Mapping, Sequence

from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.incident_note import Note
from tasks.rules.journal import GENESIS
from tasks.rules.records import Fact, Kept

_NOT_THERE = "unavailable: the document was taken away"


def _record(kept: Kept) -> dict[str, Json]:
    entry = kept.entry
    facts: dict[str, Json] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in sorted(entry.facts.items())
    }
    named = {"subject": entry.subject, "key": entry.key, "document": entry.document}
    row: dict[str, Json] = {"seq": kept.seq, "at": kept.at, "kind": entry.kind, "facts": facts, "hash": kept.hash}
    return row | {name: value for name, value in named.items() if value}


def chain_json(chain: str, records: Sequence[Kept], texts: Mapping[str, str]) -> bytes:
    """A whole chain, with the head that a later verification compares with."""
    head = records[-1].hash if records else GENESIS
    rows: list[Json] = [_record(kept) for kept in records]
    document: dict[str, Json] = {"chain": chain, "count": len(records), "head": head, "records": rows}
    return canonical_json({**document, "texts": dict(texts)})


def chain_page(title: str, records: Sequence[Kept], texts: Mapping[str, str]) -> bytes:
    """The same for people: one row a record, and below what people handed over."""
    rows = [
        f"| {kept.seq} | {kept.at} | {kept.entry.kind} | {kept.entry.subject or ''} | {_facts(kept.facts)} |"
        for kept in records
    ]
    head = ["| no | UTC | what | about | facts |", "|---|---|---|---|---|"]
    end = [f"{len(records)} records, the last one {records[-1].hash}" if records else "no records"]
    remarks = [
        line
        for kept in records
        if kept.entry.kind == "remark"
        for line in ("", f"## {kept.seq}: {kept.facts.get('author')}", "", *_fenced(_text(kept, texts).splitlines()))
    ]
    return _bytes([f"# {title}", "", *head, *rows, "", *end, *remarks])


def _facts(facts: Mapping[str, Fact]) -> str:
    return ", ".join(f"{name}={_word(value)}" for name, value in sorted(facts.items()) if value is not None)


def _word(value: Fact) -> str:
    return "+".join(value) if isinstance(value, tuple) else str(value)


def note_json(note: Note, documents: Mapping[str, str]) -> bytes:
    """A note with its snapshot, its texts and the records that it is made of."""
    return canonical_json(
        {
            "incident": note.incident,
            "state": note.state.value,
            "opened_at": note.opened.at,
            **{name: _word(note.facts.get(name)) if note.facts.get(name) else "unknown" for name in _FIELDS},
            "wanting": list(note.wanting),
            "snapshot": _snapshot(note, documents),
            "texts": [
                {"at": kept.at, "author": str(kept.facts.get("author")), "text": _text(kept, documents)}
                for kept in _written(note)
            ],
            "records": [_record(kept) for kept in note.records],
        }
    )


_FIELDS = ("profile", "venue", "why", "flags")


def note_page(note: Note, documents: Mapping[str, str]) -> bytes:
    """The same for people, in the order in which they ask."""
    fields = [f"- {name}: {_word(note.facts[name]) if note.facts.get(name) else 'unknown'}" for name in _FIELDS]
    lines = [
        f"# {note.incident}",
        "",
        f"- state: {note.state.value}" + (f", wanting {', '.join(note.wanting)}" if note.wanting else ""),
        f"- opened (UTC): {note.opened.at}",
        *fields,
    ]
    for kept in _written(note):
        lines += ["", f"## Written by {kept.facts.get('author')} at {kept.at}", "", _demoted(_text(kept, documents))]
    lines += ["", "## Snapshot", "", f"SHA-256 {note.opened.entry.document or 'none'}"]
    for name, value in sorted(_snapshot(note, documents).items()):
        lines += ["", f"### {name}", "", *_fenced(value)]
    lines += [
        "",
        "## Records",
        "",
        *(f"{kept.seq}. {kept.at} {kept.entry.kind} {kept.hash}" for kept in note.records),
    ]
    return _bytes(lines)


def _written(note: Note) -> list[Kept]:
    return [kept for kept in note.records if kept.entry.kind == "written" and kept.entry.document]


def _text(kept: Kept, documents: Mapping[str, str]) -> str:
    return documents.get(kept.entry.document or "", _NOT_THERE).strip()


def _demoted(text: str) -> str:
    """Headings of a text below the heading that it stands under."""
    return re.sub(r"^(#{1,5} )", r"#\1", text, flags=re.M)


def _snapshot(note: Note, documents: Mapping[str, str]) -> dict[str, Json]:
    content = documents.get(note.opened.entry.document or "")
    found = json.loads(content) if content else {"snapshot": _NOT_THERE}
    return found if isinstance(found, dict) else {}


def _fenced(value: Json) -> list[str]:
    """What a source gave, in a fence that nothing inside of it can end; a source that failed in plain words."""
    if isinstance(value, str) and value.startswith("unavailable: "):
        return [value]
    is_lines = isinstance(value, list) and all(isinstance(one, str) for one in value)
    text = "\n".join(map(str, value)) if is_lines else canonical_json(value).decode().rstrip("\n")  # type: ignore[arg-type]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return [fence, text or "(nothing)", fence]


def _bytes(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode()
