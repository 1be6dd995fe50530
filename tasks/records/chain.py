"""Chains of records in the operations database: appended one after the other, read whole, verified (runbook 002).

Who appends holds the chain's lock until the transaction ends, so that numbers and hashes have no gap and no fork.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tasks.clock import stamp
from tasks.files import read_artifact
from tasks.journal_reading import walk
from tasks.operations import session
from tasks.records.memory import RecordDocument, RecordRow
from tasks.rules.faults import Fault
from tasks.rules.journal import GENESIS, Damage, Head
from tasks.rules.record_verdict import Proof
from tasks.rules.records import Columns, Entry, Kept, damage_of_columns, document_digest, kept_of, sealed_entry
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that nobody else appends to while this transaction lasts."""

    name: str
    _active: Session

    def of_key(self, key: str) -> Kept | None:
        line = self._active.scalar(select(RecordRow.line).where(RecordRow.chain == self.name, RecordRow.key == key))
        return kept_of(line) if line else None

    def about(self, subject: str) -> list[Kept]:
        return records_about(self._active, self.name, subject)

    def subjects(self, prefix: str) -> list[str]:
        """Every subject that begins so."""
        mine = (RecordRow.chain == self.name, RecordRow.subject.startswith(prefix, autoescape=True))
        return [
            subject for subject in self._active.scalars(select(RecordRow.subject).where(*mine).distinct()) if subject
        ]

    def keep(self, content: str, now: datetime) -> str:
        """Put a document beside the chain; its digest, for a record to name."""
        digest = document_digest(content)
        row = insert(RecordDocument).values(sha256=digest, at=now, content=content)
        self._active.execute(row.on_conflict_do_nothing())
        return digest

    def append(self, entry: Entry, now: datetime) -> Kept:
        """Add one record at the end; one with the same key is returned instead, whatever else it says."""
        if entry.key and (known := self.of_key(entry.key)):
            return known
        last = self._active.execute(
            select(RecordRow.seq, RecordRow.hash)
            .where(RecordRow.chain == self.name)
            .order_by(RecordRow.seq.desc())
            .limit(1)
        ).first()
        seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
        line, own = sealed_entry(entry, self.name, seq, stamp(now), prev_hash)
        found_by = {"kind": entry.kind, "subject": entry.subject, "key": entry.key, "document": entry.document}
        self._active.add(RecordRow(chain=self.name, seq=seq, at=now, hash=own, line=line, **found_by))
        self._active.flush()
        return kept_of(line) or Kept(seq, own, stamp(now), entry)


@contextmanager
def chain_held(name: str) -> Iterator[Chain]:
    """The chain, to read and append in one transaction; `LockHeld` after a minute behind somebody who was stopped."""
    with session() as active:
        active.execute(text("SET LOCAL lock_timeout = '60s'"))
        active.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"records:{name}", 0))))
        yield Chain(name, active)


def records_about(active: Session, chain: str, subject: str) -> list[Kept]:
    mine = (RecordRow.chain == chain, RecordRow.subject == subject)
    lines = active.scalars(select(RecordRow.line).where(*mine).order_by(RecordRow.seq))
    return [kept for line in lines if (kept := kept_of(line))]


@step
def read_chain(name: str, since: datetime | None = None) -> list[Kept]:
    """The records of a chain in their order, or those since a moment."""
    query = select(RecordRow.line).where(RecordRow.chain == name).order_by(RecordRow.seq)
    with session() as active:
        lines = active.scalars(query.where(RecordRow.at >= since) if since else query)
        return [kept for line in lines if (kept := kept_of(line))]


@step
def read_document(digest: str) -> str | None:
    """The document of that digest; None if it was taken away or is not what the digest is of."""
    with session() as active:
        row = active.get(RecordDocument, digest)
        return row.content if row and document_digest(row.content) == digest else None


@step
def verify_chain(name: str) -> Proof:
    """The chain line by line, its columns, its documents, and its end against the head in the last export."""
    known = exported_head(name)
    with session() as active:
        rows = [(row.line, _columns(row)) for row in active.scalars(_whole(name))]
        there = active.execute(select(RecordDocument.sha256, RecordDocument.content)).all()
    documents = {digest for digest, content in there if document_digest(content) == digest}
    with TemporaryFile() as file:  # the walk of the journal reads from a file
        file.writelines(f"{line}\n".encode() for line, _ in rows)
        file.flush()
        reading = walk(file, file.tell(), {known.count} if known else set())
    damage, line = reading.judged([known] if known else []), reading.line
    if damage in (None, Damage.UNPROVEN):
        wrong = next((columns.seq for text, columns in rows if damage_of_columns(text, columns)), None)
        damage, line = (Damage.FLIPPED, wrong) if wrong else (damage, line)
    missing = {columns.document for _, columns in rows if columns.document} - documents
    return Proof(reading, known, len(missing), damage, line)


def _whole(name: str) -> Select[tuple[RecordRow]]:
    return select(RecordRow).where(RecordRow.chain == name).order_by(RecordRow.seq)


def _columns(row: RecordRow) -> Columns:
    return Columns(row.seq, row.kind, row.subject, row.key, row.document, row.hash)


def export_name(chain: str, kind: str) -> str:
    return f"records/{chain}.{kind}"


def exported_head(chain: str) -> Head | None:
    """The head that the newest export of the chain holds; None where there is none that can be read."""
    try:
        content = read_artifact(export_name(chain, "json"))
        document = json.loads(content) if content else {}
        return Head(int(document["count"]), str(document["head"])) if document.get("count") else None
    except (Fault, ValueError, KeyError, TypeError, AttributeError) as trouble:
        log.warning("the export of %s tells nothing: %s", chain, type(trouble).__name__)
        return None
