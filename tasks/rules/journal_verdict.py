"""What a journal that was read whole, and its outside heads, mean in one line (runbook 004, "Soak orchestration")."""

from collections.abc import Mapping, Sequence

from tasks.rules.contracts.soak import JOURNAL_VERIFY
from tasks.rules.journal import Damage, Head, Reading
from tasks.rules.outcome import Outcome, Status


def judge_journal(reading: Reading, heads: Mapping[str, Sequence[Head]]) -> Outcome:
    """A chain that is whole is proven only by a head from outside: without one nobody can say what is missing."""
    known = [head for held in heads.values() for head in held]
    damage = reading.judged(known)
    status = Status.FAIL
    if damage in (None, Damage.UNPROVEN):
        status = Status.OK if damage is None else Status.INSUFFICIENT_DATA
    return JOURNAL_VERIFY.says(
        status,
        damage.value if damage else None,
        lines=reading.found.count,
        head=reading.found.hash if reading.found.count and len(reading.found.hash) == 64 else None,
        line=reading.line,
        broken=reading.broken or None,
        known=max((head.count for head in known), default=None),
        proof=tuple(heads) or None,
    )
