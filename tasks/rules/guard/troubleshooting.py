"""Which trouble a line speaks of: of the runtime, of its checks, or of a procedure (runbook 002, "Troubleshooting").

Pure. What is taken out of a line is words of known shape alone: signals, variables, seconds.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tasks.rules.contracts.environment import TROUBLE, TROUBLESHOOT
from tasks.rules.guard.symptoms import SYMPTOMS, Symptom
from tasks.rules.guard.variables import KNOWN
from tasks.rules.outcome import Outcome, Status
from tasks.rules.playbooks import Playbook, playbook_for

_MOST_DETAILS = 12
_SIGNALS = re.compile(r"readiness-(?:missing|bad):([\w:,-]{1,200})|missing_signal::(\w{1,40})")
_REMAINING = re.compile(r"cooldown_remaining\W{1,4}(\d{1,6}(?:\.\d{1,3})?)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,62}")
_OUTCOME = re.compile(r"(?:event=)?([a-z][a-z0-9_]{1,60}) (?:\S+ )*?status=\w+(?: \S+)*? reason=([a-z0-9_]{1,60})")


@dataclass
class Diagnosis:
    """What was found: how often each symptom, with its details, and the playbooks of outcome lines."""

    counts: Counter[str] = field(default_factory=Counter)
    details: dict[str, list[str]] = field(default_factory=dict)
    playbooks: dict[tuple[str, str], Playbook] = field(default_factory=dict)


def diagnose(lines: Iterable[str]) -> Diagnosis:
    """Look at each line once; a line may speak of several troubles."""
    found = Diagnosis()
    for line in lines:
        for symptom in SYMPTOMS:
            if symptom.seen.search(line):
                found.counts[symptom.kind] += 1
                known = found.details.setdefault(symptom.kind, [])
                known += [detail for detail in _details(symptom, line) if detail not in known]
        for token, reason in _OUTCOME.findall(line):
            if playbook := playbook_for(token, reason):
                found.playbooks[token, reason] = playbook
    return found


def _details(symptom: Symptom, line: str) -> Iterator[str]:
    match symptom.kind:
        case "readiness":
            for several, one in _SIGNALS.findall(line):
                yield from (word for word in (several or one).split(",") if word)
        case "idempotency":
            yield from (f"remaining_s:{seconds}" for seconds in _REMAINING.findall(line))
        case "startup":
            yield from (name for name in _VARIABLE.findall(line) if name in KNOWN)


def diagnosis_lines(found: Diagnosis) -> Iterator[Outcome]:
    for symptom in SYMPTOMS:
        if found.counts[symptom.kind]:
            details = tuple(found.details[symptom.kind][:_MOST_DETAILS])
            yield TROUBLE.says(
                Status.OK,
                kind=symptom.kind,
                seen=found.counts[symptom.kind],
                flow=symptom.flow,
                details=details or None,
                look_at=symptom.look_at,
            )
    for (token, reason), playbook in found.playbooks.items():
        yield TROUBLE.says(
            Status.OK,
            kind="outcome",
            seen=1,
            flow="explain",
            details=(token, reason),
            look_at=playbook.steps[0][:200],
        )


def diagnosis_said(found: Diagnosis, lines: int) -> Outcome:
    kinds = tuple(symptom.kind for symptom in SYMPTOMS if found.counts[symptom.kind])
    kinds += ("outcome",) if found.playbooks else ()
    status = Status.OK if kinds else Status.INSUFFICIENT_DATA
    return TROUBLESHOOT.says(status, None if kinds else "not_recognised", lines=lines, kinds=kinds or None)
