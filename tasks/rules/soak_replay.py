"""The same rules over a journal again: with its own limits every decision comes out as it was, with others one sees
where the soak would have stopped (runbook 004, "Soak orchestration").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tasks.rules.contracts.soak import SOAK_REPLAY
from tasks.rules.journal import Record
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import LADDER, Action, Decision, Phase, Thresholds, evaluate, fails_after, next_action
from tasks.rules.soak_record import Tick, tick_of


@dataclass(slots=True)
class Replayed:
    """How many ticks were judged again and how many came out otherwise; ticks are counted from 1 as they stand.

    `stopped_at` is the first tick at which the asked rung would have been reached. `unjudged` ticks are those of a
    journal of before, which holds decisions without the numbers they were made from.
    """

    ticks: int = 0
    same: int = 0
    different: int = 0
    unjudged: int = 0
    first_different: int | None = None
    stopped_at: int | None = None
    unreadable: int = 0
    fails: int = 0
    warns: int = 0


def replay(
    records: Iterable[Record | None], changed: Mapping[str, float], stop: Action = Action.DISABLE_STRAT
) -> Replayed:
    """Judge every tick again under its own limits with the `changed` ones put in; None is a line without a record."""
    seen = Replayed()
    ladders: dict[tuple[str, Phase, str], int] = {}
    for record in records:
        seen.unreadable += record is None
        tick = tick_of(record or {})
        if tick is None:
            continue
        seen.ticks += 1
        place = (tick.slot.soak, tick.slot.phase, tick.slot.region)
        if tick.facts is None:
            seen.unjudged += 1
            continue
        decision = evaluate(tick.facts, tick.caps, replace(tick.limits, **changed))
        action = next_action(decision.verdict, ladders.get(place, 0))
        ladders[place] = fails_after(decision.verdict, ladders.get(place, 0))
        _note(seen, tick, decision, action, stop)
    return seen


def _note(seen: Replayed, tick: Tick, decision: Decision, action: Action, stop: Action) -> None:
    seen.fails += decision.verdict == "FAIL"
    seen.warns += decision.verdict == "WARN"
    now = (decision.verdict, action, decision.code.value, decision.reason)
    if now == (tick.verdict, tick.action, tick.code, tick.reason):
        seen.same += 1
    else:
        seen.different += 1
        seen.first_different = seen.first_different or seen.ticks
    if action in LADDER and LADDER.index(action) >= LADDER.index(stop):
        seen.stopped_at = seen.stopped_at or seen.ticks


def limits_changed(given: Mapping[str, float | None]) -> dict[str, float]:
    """The limits that were given, by the name they have in `Thresholds`."""
    names = Thresholds.__dataclass_fields__
    return {name: value for name, value in given.items() if value is not None and name in names}


def judge_replay(seen: Replayed, changed: Mapping[str, float]) -> Outcome:
    """With its own limits a journal must reproduce itself; with others, differing is the answer asked for."""
    status, reason = Status.OK, None
    if seen.unreadable:
        status, reason = Status.FAIL, "unreadable_lines"
    elif seen.ticks == seen.unjudged:
        status, reason = Status.INSUFFICIENT_DATA, "no_facts"
    elif seen.different and not changed:
        status, reason = Status.FAIL, "decisions_differ"
    return SOAK_REPLAY.says(
        status,
        reason,
        ticks=seen.ticks,
        same=seen.same,
        different=seen.different,
        unjudged=seen.unjudged or None,
        unreadable=seen.unreadable or None,
        warns=seen.warns,
        fails=seen.fails,
        first_different=seen.first_different,
        stopped_at=seen.stopped_at,
        limits=tuple(f"{name}:{value:g}" for name, value in sorted(changed.items())) or None,
    )
