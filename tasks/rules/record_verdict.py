"""What verifying a chain of records means, in one line."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.contracts.records import SHIFT_LOG
from tasks.rules.journal import Damage, Head, Reading
from tasks.rules.outcome import Outcome, Status
from tasks.rules.records import Fact

_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Proof:
    """What verifying has found: the reading of the whole chain, the first damage, and the head of the last export."""

    reading: Reading
    known: Head | None
    missing_documents: int
    damage: Damage | None
    line: int | None

    @property
    def count(self) -> int:
        return self.reading.found.count


def judge_chain(chain: str, do: str, proof: Proof) -> Outcome:
    """A chain that is whole is proven by an export; a document that was taken away is said where nothing else is."""
    found, damage = proof.reading.found, proof.damage
    status, reason = Status.FAIL, damage.value if damage else None
    if damage in (None, Damage.UNPROVEN):
        status = Status.INSUFFICIENT_DATA if damage else Status.OK
        if proof.missing_documents:
            status, reason = Status.FAIL, "document_missing"
    return SHIFT_LOG.says(
        status,
        reason,
        do=do,
        chain=chain,
        records=found.count,
        head=found.hash if found.count else None,
        line=proof.line,
        broken=proof.reading.broken or None,
        known=proof.known.count if proof.known else None,
        missing=proof.missing_documents or None,
    )


def shown_facts(facts: Mapping[str, Fact]) -> str | None:
    """The facts of a record as one text of a line, cut where a line ends."""
    pairs = [
        f"{name}:{'+'.join(value) if isinstance(value, tuple) else value}"
        for name, value in sorted(facts.items())
        if value is not None
    ]
    return ",".join(pairs)[:_MOST_SHOWN] or None
