"""The checklist of a promotion: what has to be true before a stage, by what evidence, and how it stands now.

The checklist is data. An item is `pass`, `fail`, `waived` (by an operator, with a reason) or `missing_evidence`;
what fails or is missing blocks, all of it named. Pure (runbook 002, Rollback & Release; spec 002, 5 and 12).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tasks.rules.guard.observation import OBSERVED_S, Start
from tasks.rules.guard.promotion import Stage

A_DAY, A_MONTH = 86_400, 30 * 86_400


class Word(StrEnum):
    """How an item of the checklist stands."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    MISSING = "missing_evidence"


EITHER, NEVER = (Word.FAIL, Word.MISSING), ()


@dataclass(frozen=True, slots=True)
class Gate:
    """What has to be true: by the newest good outcome of a procedure, by a document, or by the runtime itself.

    `profile`, `of_commit`, `of_file`: what the outcome is about; `since_start`: of the process that runs; `codes`: of
    all findings only these count here.
    """

    name: str
    procedure: str = ""
    profile: str = ""
    limit_s: int = A_DAY
    waivable: tuple[Word, ...] = EITHER
    of_commit: bool = False
    of_file: bool = False
    since_start: bool = False
    codes: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        return self.procedure or ("runtime" if self.name in RUNTIME_GATES else "document")


# Read at the runtime itself, at this moment, twice: for the plan and again after the approval.
RUNTIME_GATES = ("profile", "safe_mode", "readiness", "risk_limits", "two_operators", "two_tokens")
DOCUMENTS = {"idempotency_windows": A_MONTH, "cooldown_windows": A_MONTH, "experimental_flags_off": A_DAY}
SECRET_CODES = ("key_reuse", "placeholder", "readable_by_others")
OBSERVATION = "observation"


def gates_for(target: Stage) -> tuple[Gate, ...]:
    """Every gate of a target; the stage below it is what the start was checked for."""
    below = {Stage.TESTNET: "paper", Stage.LIVE_CANARY: "testnet", Stage.LIVE: "live"}[target]
    common = (
        Gate("profile", waivable=NEVER),
        Gate("safe_mode", waivable=NEVER),
        Gate("two_operators", waivable=NEVER),
        Gate("acceptance", "smoke-acceptance", of_commit=True),
        Gate("smoke_guard", "smoke-guard", of_commit=True),
        Gate("environment", "env-check", target.category, waivable=NEVER, of_file=True),
        Gate("secrets", "env-check", target.category, waivable=(Word.MISSING,), of_file=True, codes=SECRET_CODES),
        Gate("start", "start-check", below),
        Gate("metrics", "metrics-check", since_start=True),
    )
    return (*common, *_live_gates(target)) if target.is_live else common


def _live_gates(target: Stage) -> tuple[Gate, ...]:
    canary = (Gate("canary", "canary", waivable=NEVER, since_start=True),) if target is Stage.LIVE else ()
    return (
        Gate("readiness", waivable=NEVER),
        Gate("risk_limits", waivable=NEVER),
        Gate("two_tokens", waivable=NEVER),
        Gate("golden", "golden-check"),
        Gate(OBSERVATION, limit_s=OBSERVED_S, waivable=(Word.MISSING,)),  # who knows that it is too early waits
        *(Gate(name, limit_s=limit) for name, limit in DOCUMENTS.items()),
        *canary,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """An outcome of a procedure, or a document: how it ended, when, and what it said of itself."""

    status: str
    at: datetime
    profile: str = ""
    commit: str = ""
    file: str = ""
    codes: tuple[str, ...] = ()
    compared: bool = False


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
class Facts:
    """What the checklist is judged by.

    `runtime` has, for each gate read there, what is wrong with it, or None; `environment` is the SHA-256 of the file
    that it is going to start with, empty if an operator starts it.
    """

    outcomes: Mapping[str, Sequence[Evidence]]
    papers: Papers
    runtime: Mapping[str, str | None]
    environment: str = ""
    started: Start | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One gate as it stands now; the age is that of its evidence, None where there is none."""

    gate: Gate
    word: Word
    age_s: int | None = None
    why: str = ""
    waiver: Waiver | None = None
    by: str = ""

    @property
    def blocks(self) -> bool:
        return self.word in EITHER

    @property
    def evidence(self) -> str:
        return self.by or self.gate.evidence


GOOD = ("ok", "healthy")
_WANTING = ("before_start", "keys_not_compared")  # the others speak against it
# How a run ends that has looked at nothing: neither evidence for anything nor against it.
_SAYS_NOTHING = ("skipped", "planned", "not_configured")


def judged(target: Stage, commit: str, now: datetime, facts: Facts) -> tuple[Item, ...]:
    """The checklist, every item of it."""
    return tuple(_waived(_item(gate, commit, now, facts), facts.papers.waivers) for gate in gates_for(target))


def _item(gate: Gate, commit: str, now: datetime, facts: Facts) -> Item:
    if gate.name in RUNTIME_GATES:
        if gate.name not in facts.runtime:
            return Item(gate, Word.MISSING, why="not_read")
        why = facts.runtime[gate.name]
        return Item(gate, Word.FAIL if why else Word.PASS, 0, why or "")
    if gate.name == OBSERVATION:
        return _observed(gate, facts.started, now)
    found = facts.outcomes.get(gate.procedure, ()) if gate.procedure else _document(facts.papers, gate.name)
    about = [one for one in found if gate.profile in ("", one.profile) and one.status not in _SAYS_NOTHING]
    return _of_evidence(gate, about, commit, now, facts)


def _observed(gate: Gate, started: Start | None, now: datetime) -> Item:
    if started is None:
        return Item(gate, Word.MISSING, why="no_start_known")
    age = int((now - started.at).total_seconds())
    early = age < gate.limit_s
    return Item(gate, Word.FAIL if early else Word.PASS, max(0, age), "too_early" if early else "", by=started.by)


def _document(papers: Papers, name: str) -> list[Evidence]:
    return [papers.documents[name]] if name in papers.documents else []


def _of_evidence(gate: Gate, found: Sequence[Evidence], commit: str, now: datetime, facts: Facts) -> Item:
    """The newest word counts: what failed after it was good is no longer good."""
    if not found:
        return Item(gate, Word.MISSING, why="no_outcome")
    newest = max(found, key=lambda one: one.at)
    age = int((now - newest.at).total_seconds())
    if bad := _bad(gate, newest):
        return Item(gate, Word.FAIL, age, bad)
    if age < -5:
        return Item(gate, Word.FAIL, None, "from_the_future")
    if age > gate.limit_s:
        return Item(gate, Word.MISSING, age, "too_old")
    if other := _about_another(gate, newest, commit, facts):
        return Item(gate, Word.MISSING if other in _WANTING else Word.FAIL, age, other)
    return Item(gate, Word.PASS, max(0, age))


def _bad(gate: Gate, newest: Evidence) -> str:
    if gate.codes and newest.codes:
        return "+".join(code for code in newest.codes if code in gate.codes)
    return "" if newest.status in GOOD else f"status:{newest.status}"


def _about_another(gate: Gate, newest: Evidence, commit: str, facts: Facts) -> str:
    """What it is evidence of instead: another commit, another file, another process; or nothing, empty."""
    if gate.of_commit and commit and not newest.commit:
        return "no_commit"
    if commit and newest.commit and not _same_commit(commit, newest.commit):
        return "other_commit"
    if gate.of_file and facts.environment and not (newest.file and facts.environment.startswith(newest.file)):
        return "other_file"
    if gate.codes and not newest.compared:
        return "keys_not_compared"
    if gate.since_start and facts.started and newest.at < facts.started.at:
        return "before_start"
    return ""


def _same_commit(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _waived(item: Item, waivers: Mapping[str, Waiver]) -> Item:
    waiver = waivers.get(item.gate.name)
    if waiver is None or item.word not in item.gate.waivable:
        return item
    return replace(item, word=Word.WAIVED, waiver=waiver)


def blocking(items: Iterable[Item]) -> tuple[str, ...]:
    """Every item that blocks, with its reason, in the order of the list."""
    return tuple(f"{one.gate.name}:{one.why}" if one.why else one.gate.name for one in items if one.blocks)


def checklist_hash(items: Sequence[Item]) -> str:
    """Of what was judged and how it stands, waivers with it; ages move on while people read."""
    return hashlib.sha256("\n".join(sorted(map(_signed_word, items))).encode()).hexdigest()


def _signed_word(item: Item) -> str:
    waiver = f"{item.waiver.approver}:{item.waiver.reason}" if item.waiver else ""
    return f"{item.gate.name}|{item.word}|{item.gate.limit_s}|{waiver}"
