"""How a tick stands in the journal, and how it is read back (runbook 004, "Soak orchestration").

The eleven keys of the runbook's journal stand in every record. Ours add the number of the line (`seq`, given by the
journal), the soak and its slot, all violations, the facts that were judged and where they came from, so that a
decision can be made again from the journal alone. What differs in length from tick to tick stands behind both hashes
(`seen`, not `facts`): then the hashes of all lines stand at one place, and a verifier checks hundreds at once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from tasks.rules.artifacts import Json
from tasks.rules.journal import Record
from tasks.rules.soak import CAPS, Action, Caps, Decision, Facts, Phase, Thresholds, Verdict, recommend

GAP = "GAP"
ACTION = "ACTION"
"""The status of a line that tells what became of a rung's action."""
HOUR_S = 3_600.0
REAL_CLOCK = "real"
_NAMES = tuple(field.name for field in fields(Facts) if field.name != "missing")


@dataclass(frozen=True, slots=True)
class Slot:
    """Which hour of which soak: unique for its phase and region. `soak` is empty in the journals of before."""

    soak: str
    phase: Phase
    region: str
    at: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A judged slot; `facts` is None in a record of the program before, which did not keep them."""

    slot: Slot
    verdict: Verdict
    action: Action
    code: str
    reason: str
    ts: str
    caps: Caps
    facts: Facts | None
    limits: Thresholds


def tick_record(
    slot: Slot,
    decision: Decision,
    action: Action,
    facts: Facts,
    problems: Mapping[str, str],
    limits: Thresholds,
    ts: str,
) -> Record:
    """The content of a tick's line; `problems` says of each input that counts as missing why it does."""
    seen: dict[str, Json] = {name: getattr(facts, name) for name in _NAMES}
    changed: Record = {} if limits == Thresholds() else {"limits": asdict(limits)}
    return {
        **_of_slot(slot, ts),
        **changed,
        "action": action.value,
        "problems": dict(problems),
        "reason": decision.reason,
        "reason_code": decision.code.value,
        "recommendation": recommend(decision),
        "seen": seen,
        "status": decision.verdict.value,
        "violations": list(decision.violations),
    }


def gap_record(slot: Slot, ts: str) -> Record:
    """The content of the line for an hour that nobody judged: no verdict is invented for it."""
    return {
        **_of_slot(slot, ts),
        "action": Action.NONE.value,
        "reason": "slot_missed",
        "reason_code": GAP,
        "recommendation": "",
        "status": GAP,
    }


def _of_slot(slot: Slot, ts: str) -> Record:
    return {
        "caps": asdict(CAPS[slot.phase]),
        "phase": slot.phase.value,
        "region": slot.region,
        "slot": slot.at,
        "soak": slot.soak,
        "ts": ts,
    }


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line was made from and under which clock: the real one, unless the line says otherwise."""

    clock: str = REAL_CLOCK
    every_s: float = HOUR_S
    sources: Mapping[str, Json] = field(default_factory=dict)


def with_origin(record: Record, origin: Origin) -> Record:
    """The same content with its origin; what is as it should be is not mentioned."""
    said: dict[str, Json] = {} if origin.clock == REAL_CLOCK else {"clock": origin.clock}
    if origin.every_s != HOUR_S:
        said["every_s"] = origin.every_s
    if origin.sources:
        said["sources"] = dict(origin.sources)
    return {**record, **said}


def action_record(slot: Slot, action: Action, *, hook: str, state: str, result: str, key: str, ts: str) -> Record:
    """The content of the line that says what became of an action: `state` is done or failed, `result` one word."""
    return {
        **_of_slot(slot, ts),
        "action": action.value,
        "hook": hook,
        "key": key,
        "reason": result,
        "reason_code": ACTION,
        "recommendation": "",
        "result": state,
        "status": ACTION,
    }


def tick_of(record: Record) -> Tick | None:
    """The tick on a journal line; None for a gap, a repair, and whatever is no tick of a soak."""
    try:
        return Tick(
            slot=slot_of_record(record),
            verdict=Verdict(str(record["status"])),
            action=Action(str(record["action"])),
            code=str(record["reason_code"]),
            reason=str(record["reason"]),
            ts=str(record["ts"]),
            caps=Caps(**record["caps"]),  # type: ignore[arg-type]
            facts=_facts(record),
            limits=Thresholds(**record.get("limits", {})),  # type: ignore[arg-type]
        )
    except (KeyError, ValueError, TypeError):
        return None


def slot_of_record(record: Record) -> Slot:
    """Which slot a line is about; a journal of before has the moment of writing only."""
    at = str(record.get("slot", record["ts"]))
    return Slot(str(record.get("soak", "")), Phase(str(record["phase"])), str(record["region"]), at)


def _facts(record: Record) -> Facts | None:
    seen = record.get("seen")
    if not isinstance(seen, Mapping):
        return None
    problems = record.get("problems", {})
    return Facts(**{name: seen.get(name) for name in _NAMES}, missing=tuple(problems or ()))  # type: ignore[arg-type]
