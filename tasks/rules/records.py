"""What stands in a record of the shift log or of an incident note, and how it is chained.

A record is a line of the one journal law (`tasks.rules.journal`): canonical JSON that names the hash of the line
before it. It holds words and numbers alone; a text of people, an excerpt or a snapshot is a document beside it, named
by its SHA-256, so that a text can be taken away without breaking the chain (runbook 002, Incident Notes).
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.rules.artifacts import Json
from tasks.rules.journal import Damage, Record, own_hash, parsed, sealed
from tasks.rules.redaction import looks_secret

SHIFT_LOG, INCIDENTS = "shift-log", "incidents"
MOST_FACTS = 40
_WORD = re.compile(r"[A-Za-z0-9_.:+-]{1,80}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TEXT = re.compile(r"[A-Za-z0-9_.:,=+/@%-]{1,200}")

Fact = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it is asked for. `key` makes it happen once, `subject` is what it is about."""

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    subject: str | None = None
    key: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as it stands in its chain."""

    seq: int
    hash: str
    at: str
    entry: Entry

    @property
    def facts(self) -> Mapping[str, Fact]:
        return self.entry.facts


def sealed_entry(entry: Entry, chain: str, seq: int, at: str, prev_hash: str) -> tuple[str, str]:
    """The record's line, without its newline, and its hash; a ValueError for what is no word or number."""
    problem = _problem(entry)
    if problem:
        raise ValueError(f"a record holds words and numbers alone: {problem}")
    content: dict[str, Json] = {"at": at, "chain": chain, "kind": entry.kind, "seq": seq}
    content["facts"] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in entry.facts.items()
        if value is not None
    }
    named = {"subject": entry.subject, "key": entry.key, "document": entry.document}
    line, own = sealed(content | {name: value for name, value in named.items() if value}, prev_hash)
    return line.decode("ascii").rstrip("\n"), own


def _problem(entry: Entry) -> str | None:
    for word in (entry.kind, entry.subject, entry.key):
        if word is not None and not _WORD.fullmatch(word):
            return "kind, subject and key are one word each"
    if len(entry.facts) > MOST_FACTS:
        return f"at most {MOST_FACTS} facts"
    wrong = sorted(name for name, value in entry.facts.items() if not (_NAME.fullmatch(name) and _is_fact(value)))
    return f"{', '.join(wrong)}" if wrong else None


def _is_fact(value: Fact) -> bool:
    if isinstance(value, tuple):
        return len(value) <= 64 and all(isinstance(one, str) and _is_fact(one) for one in value)
    if isinstance(value, str):
        return bool(_TEXT.fullmatch(value)) and not looks_secret(value)
    return not isinstance(value, float) or math.isfinite(value)


def is_fact_word(text: str) -> bool:
    """Whether the text is one word that a line may say as well."""
    return bool(_WORD.fullmatch(text)) and not looks_secret(text)


def as_word(text: str, most: int = 80) -> str:
    """A text as one word: what a word may not hold becomes `_`. For names that came from elsewhere."""
    return re.sub(r"[^A-Za-z0-9_.:+-]+", "_", text.strip()).strip("_")[:most] or "unnamed"


def kept_of(line: str) -> Kept | None:
    """The record on a line; None for a line that is no record of ours."""
    record = parsed(line.encode()) or {}
    facts = record.get("facts")
    if not isinstance(facts, Mapping):
        return None
    seq, own, at = record.get("seq"), record.get("hash"), record.get("at")
    return Kept(seq if isinstance(seq, int) else 0, str(own), str(at), _entry_of(record, facts))


def _entry_of(record: Record, facts: Mapping[str, Json]) -> Entry:
    said = {name: fact for name, value in facts.items() if (fact := _fact_of(value)) is not None}
    subject, key, document = (str(record[name]) if record.get(name) else None for name in _NAMES)
    return Entry(str(record.get("kind")), said, subject, key, document)


_NAMES = ("subject", "key", "document")


def _fact_of(value: Json) -> Fact:
    if isinstance(value, list):
        return tuple(map(str, value))
    return value if isinstance(value, (str, int, float)) else None


def document_digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Columns:
    """By what a record is found in its table. They stand outside of the hash, so they are compared with the line."""

    seq: int
    kind: str
    subject: str | None
    key: str | None
    document: str | None
    hash: str


def damage_of_columns(line: str, columns: Columns) -> Damage | None:
    """Whether a record that is whole would be found as something else."""
    found = kept_of(line) if own_hash(line.encode() + b"\n") else None
    if found is None:
        return None  # a line that is broken is judged by the chain
    entry = found.entry
    same = columns == Columns(found.seq, entry.kind, entry.subject, entry.key, entry.document, found.hash)
    return None if same else Damage.FLIPPED
