"""The checklist of a promotion: what has to be true before a stage, by what evidence, and how it stands now.

The checklist is data. An item is `pass`, `fail`, `waived` (by an operator, with a reason) or `missing_evidence`;
what fails or is missing blocks, all of it named. Pure (runbook 002, Rollback & Release; spec 002, 5 and 12).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.rules.guard.promotion import Stage

A_DAY, A_MONTH = 86_400, 30 * 86_400


class Word(StrEnum):
    """How an item of the checklist stands."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    MISSING = "missing_evidence"


@dataclass(frozen=True, slots=True)
class Gate:
    """What has to be true: by the newest good outcome of a procedure, by a document, or by the runtime itself."""

    name: str
    procedure: str = ""
    profile: str = ""
    limit_s: int = A_DAY
    may_be_waived: bool = True

    @property
    def evidence(self) -> str:
        return self.procedure or ("runtime" if self.name in RUNTIME_GATES else "document")


# Read at the runtime itself, at this moment, twice: for the plan and again after the approval.
RUNTIME_GATES = ("profile", "safe_mode", "readiness", "risk_limits", "two_operators", "two_tokens")
DOCUMENTS = ("idempotency_windows", "cooldown_windows", "experimental_flags_off")


def gates_for(target: Stage) -> tuple[Gate, ...]:
    """Every gate of a target; the stage below it is what the start was checked for."""
    below = {Stage.TESTNET: "paper", Stage.LIVE_CANARY: "testnet", Stage.LIVE: "live"}[target]
    common = (
        Gate("profile", may_be_waived=False),
        Gate("safe_mode", may_be_waived=False),
        Gate("two_operators", may_be_waived=False),
        Gate("acceptance", "smoke-acceptance"),
        Gate("smoke_guard", "smoke-guard"),
        Gate("environment", "env-check", target.category, may_be_waived=False),
        Gate("start", "start-check", below),
        Gate("metrics", "metrics-check"),
    )
    if not target.is_live:
        return common
    live = (
        Gate("readiness", may_be_waived=False),
        Gate("risk_limits", may_be_waived=False),
        Gate("two_tokens", may_be_waived=False),
        *(Gate(name, limit_s=A_MONTH) for name in DOCUMENTS),
    )
    canary = (Gate("canary", "canary", may_be_waived=False),) if target is Stage.LIVE else ()
    return (*common, *live, *canary)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The newest outcome of a procedure, or a document: how it ended, when, and what it said of itself."""

    status: str
    at: datetime
    profile: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who lets an item pass without evidence, and why; stands in the file that both people sign by its hash."""

    reason: str
    approver: str


@dataclass(frozen=True, slots=True)
class Papers:
    """What people wrote into the checklist file: documents by item, waivers by item."""

    documents: Mapping[str, Evidence]
    waivers: Mapping[str, Waiver]


@dataclass(frozen=True, slots=True)
class Item:
    """One gate as it stands now; the age is that of its evidence in seconds, None where there is none."""

    gate: Gate
    word: Word
    age_s: int | None = None
    why: str = ""
    waiver: Waiver | None = None

    @property
    def blocks(self) -> bool:
        return self.word in (Word.FAIL, Word.MISSING)


GOOD = ("ok", "healthy")


def judged(
    target: Stage,
    commit: str,
    now: datetime,
    *,
    outcomes: Mapping[str, Sequence[Evidence]],
    papers: Papers,
    runtime: Mapping[str, str | None],
) -> tuple[Item, ...]:
    """The checklist. `runtime` has, for each gate read at the runtime, what is wrong with it, or None."""
    return tuple(
        _waived(_item(gate, commit, now, outcomes, papers, runtime), papers.waivers) for gate in gates_for(target)
    )


def _item(
    gate: Gate,
    commit: str,
    now: datetime,
    outcomes: Mapping[str, Sequence[Evidence]],
    papers: Papers,
    runtime: Mapping[str, str | None],
) -> Item:
    if gate.name in RUNTIME_GATES:
        if gate.name not in runtime:
            return Item(gate, Word.MISSING, why="not_read")
        why = runtime[gate.name]
        return Item(gate, Word.FAIL if why else Word.PASS, 0, why or "")
    found = outcomes.get(gate.procedure, ()) if gate.procedure else _document(papers, gate.name)
    return _of_evidence(gate, [one for one in found if gate.profile in ("", one.profile)], commit, now)


def _document(papers: Papers, name: str) -> list[Evidence]:
    return [papers.documents[name]] if name in papers.documents else []


def _of_evidence(gate: Gate, found: list[Evidence], commit: str, now: datetime) -> Item:
    """The newest word counts: what failed after it was good is no longer good."""
    if not found:
        return Item(gate, Word.MISSING, why="no_outcome")
    newest = max(found, key=lambda one: one.at)
    age = int((now - newest.at).total_seconds())
    if newest.status not in GOOD:
        return Item(gate, Word.FAIL, age, f"status:{newest.status}")
    if age < -5:
        return Item(gate, Word.FAIL, None, "from_the_future")
    if age > gate.limit_s:
        return Item(gate, Word.MISSING, age, "too_old")
    if commit and newest.commit and not _same_commit(commit, newest.commit):
        return Item(gate, Word.FAIL, age, "other_commit")
    return Item(gate, Word.PASS, max(0, age))


def _same_commit(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _waived(item: Item, waivers: Mapping[str, Waiver]) -> Item:
    waiver = waivers.get(item.gate.name)
    if waiver is None or not item.blocks or not item.gate.may_be_waived:
        return item
    return Item(item.gate, Word.WAIVED, item.age_s, item.why, waiver)


def blocking(items: Iterable[Item]) -> tuple[str, ...]:
    """Every item that blocks, with its reason, in the order of the list."""
    return tuple(f"{one.gate.name}:{one.why}" if one.why else one.gate.name for one in items if one.blocks)


def checklist_hash(items: Sequence[Item]) -> str:
    """Of what was judged and how it stands, waivers with it; ages move on while people read."""
    return hashlib.sha256("\n".join(sorted(map(_signed_word, items))).encode()).hexdigest()


def _signed_word(item: Item) -> str:
    waiver = f"{item.waiver.approver}:{item.waiver.reason}" if item.waiver else ""
    return f"{item.gate.name}|{item.word}|{item.gate.limit_s}|{waiver}"
