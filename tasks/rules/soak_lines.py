"""The lines of the soak: its ticks, what became of its actions, what it stands at (runbook 004)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.rules.contracts.soak import SOAK_ACTION, SOAK_TICK
from tasks.rules.journal import Head, Record
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import CAPS, Phase, Verdict
from tasks.rules.soak_hooks import Called

BY_HAND = "by-hand"
_STATUS = {
    Verdict.CONTINUE: Status.OK,
    Verdict.WARN: Status.WARN,
    Verdict.FAIL: Status.FAIL,
    Verdict.INCONCLUSIVE: Status.INSUFFICIENT_DATA,
}
_WORST_LAST = (Status.SKIPPED, Status.OK, Status.WARN, Status.INSUFFICIENT_DATA, Status.FAIL, Status.ERROR)


@dataclass(frozen=True, slots=True)
class Judged:
    """A slot that was judged just now (or by a writer that died with it): its line and where the journal ends."""

    record: Record
    head: Head
    gaps: int = 0
    moved: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of one action."""

    key: str
    soak: str
    phase: str
    region: str
    slot: str
    action: str
    reason_code: str
    hook: str
    called: Called
    head: Head


def tick_line(judged: Judged, now: int, finished: Sequence[Finished] | None) -> Outcome:
    """The line of a tick; `finished` is None where what the rung asks for could not be finished."""
    record = judged.record
    caps = CAPS[Phase(str(record["phase"]))]
    violations = record.get("violations")
    broken = [str(one) for one in violations] if isinstance(violations, list) else []
    return SOAK_TICK.says(
        _STATUS[Verdict(str(record["status"]))],
        str(record["reason"]),
        phase=str(record["phase"]),
        action=str(record["action"]),
        reason_code=str(record["reason_code"]),
        caps_share=caps.share,
        caps_capital=caps.capital_usd,
        recommendation=str(record["recommendation"]),
        now=now,
        region=str(record["region"]),
        slot=str(record["slot"]),
        gaps=judged.gaps or None,
        violations=";".join(broken) if len(broken) > 1 else None,
        soak=str(record["soak"]),
        seq=_number(record, "seq"),
        rung=_number(record, "rung"),
        moved=judged.moved,
        hook=_hook_word(record, finished),
        clock=_clock(record),
    )


def _hook_word(record: Record, finished: Sequence[Finished] | None) -> str | None:
    if record["action"] == "NONE":
        return None
    mine = [one for one in finished or () if (one.soak, one.slot) == (record["soak"], record["slot"])]
    mine = [one for one in mine if (one.phase, one.region) == (record["phase"], record["region"])]
    return f"{mine[0].hook}:{mine[0].called.state}" if mine else "unfinished"


def _number(record: Record, name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) else None


def _clock(record: Record) -> str | None:
    clock = record.get("clock")
    return str(clock) if clock else None


def skipped(reason: str, now: int, **about: str | None) -> Outcome:
    return SOAK_TICK.says(Status.SKIPPED, reason, now=now, **about)


def worst(lines: Sequence[Outcome]) -> tuple[list[Outcome], Outcome]:
    """All lines but the worst, and the worst, which a run of several soaks ends in."""
    ordered = sorted(lines, key=lambda line: _WORST_LAST.index(line.status))
    return ordered[:-1], ordered[-1]


def planned_line(about: Mapping[str, str]) -> Outcome:
    """What the people on call are told of a rung."""
    return SOAK_ACTION.says(Status.PLANNED, **about)


def action_line(done: Finished) -> Outcome:
    """What became of an action."""
    return SOAK_ACTION.says(
        Status.OK if done.called.state == "done" else Status.FAIL,
        done.called.result,
        phase=done.phase,
        action=done.action,
        region=done.region,
        slot=done.slot,
        hook=done.hook,
        soak=done.soak,
        reason_code=done.reason_code,
        seq=done.head.count,
    )
