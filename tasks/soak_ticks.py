"""Judging one slot: the journal's line and the books are written together, in one transaction.

The line is on the disk before the transaction commits, so a writer that dies in between leaves a line that the books
do not know. Whoever holds the journal next books it exactly as its writer would have done (the line holds all that is
needed), and only then looks whether its own slot is still to be judged (runbook 004, "Soak orchestration").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from tasks import operations
from tasks.clock import frozen_now, stamp
from tasks.journal import OpenJournal, journal_at
from tasks.rules import journal as law
from tasks.rules.faults import Refused
from tasks.rules.journal import Head, Record
from tasks.rules.soak import CAPS, Action, Phase, Thresholds, evaluate, fails_after, next_action
from tasks.rules.soak_hooks import action_key
from tasks.rules.soak_inputs import EDGE_REPORT, KPI_GATE, Input, facts_of, sources_of
from tasks.rules.soak_lines import BY_HAND, Judged
from tasks.rules.soak_progress import State, next_move
from tasks.rules.soak_record import (
    ACTION,
    HOUR_S,
    REAL_CLOCK,
    Origin,
    Slot,
    gap_record,
    slot_of_record,
    tick_of,
    tick_record,
    with_origin,
)
from tasks.rules.soak_slots import gaps_before, slot_of, why_not
from tasks.soak_memory import (
    Soak,
    SoakAction,
    SoakTick,
    fails_on_ladder,
    hold_journal,
    keep_head,
    name_of,
    newest_head,
    newest_slot,
    seen_so_far,
    set_ladder,
    take_move,
    tick_of_slot,
)
from tasks.step import step

_NEXT_STEP = {
    "clock_went_back": "set the worker's clock right; the hours that are in the books stay as they are",
    "clock_ahead": "set the worker's clock right; if the soak really slept that long, stop it and start a new one",
    "phase_differs": "leave --phase out, or stop the soak of this region first",
}


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be judged: the slot of this moment, of a soak or (`by-hand`) of none. No `phase`: the soak's own."""

    soak: str
    region: str
    phase: Phase | None
    journal: Path
    kpi_gate: Path
    edge_report: Path
    hooks: str | None
    every_s: float = HOUR_S
    clock: str = REAL_CLOCK
    first: datetime | None = None

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.every_s)


@dataclass(slots=True)
class Books:
    """The open journal and the transaction that is to commit with it."""

    active: Session
    journal: OpenJournal
    now: datetime
    head: Head = law.START
    moved: dict[str, str] = field(default_factory=dict)

    def adopt(self) -> list[Slot]:
        """Hold the journal, book what dead writers left in it, and say which slots those were."""
        hold_journal(self.active, self.journal.path)
        known = newest_head(self.active, self.journal.path)
        self.head, left = self.journal.settled(now=self.now, known=known)
        if self.head != known:
            keep_head(self.active, self.journal.path, self.head, self.now)
        records = [record for line in left if (record := law.parsed(line))]
        return [slot for record in records if (slot := self.book(record))]

    def add(self, record: Record) -> Record:
        """Append one line and book it; returns the line's content with its number."""
        self.head = self.journal.append(record, now=self.now, known=self.head)
        keep_head(self.active, self.journal.path, self.head, self.now)
        numbered = {**record, "seq": self.head.count}
        self.book(numbered)
        return numbered

    def book(self, record: Record) -> Slot | None:
        """Write into the books what a line of the journal says; a line that is none of ours says nothing."""
        if "slot" not in record or "soak" not in record:
            return None
        if record.get("status") == ACTION:
            self._book_action(record)
            return None
        slot = slot_of_record(record)
        if tick_of_slot(self.active, slot, moment(slot.at), any_phase=False) is None:
            self._book_tick(slot, record)
        return slot

    def _book_tick(self, slot: Slot, record: Record) -> None:
        at = moment(str(record["ts"]))
        row = {name: str(record[name]) for name in ("status", "action", "reason_code", "reason")}
        where = {"soak": slot.soak, "phase": slot.phase.value, "region": slot.region, "slot": moment(slot.at)}
        self.active.add(SoakTick(**where, **row, record=dict(record), seq=record["seq"], at=at))
        tick = tick_of(record)
        if tick is not None:
            fails = fails_after(tick.verdict, fails_on_ladder(self.active, slot))
            set_ladder(self.active, slot, fails, at)
            if tick.action is not Action.NONE:
                self.active.add(self._planned(slot, record, at))
        self.active.flush()
        self._move_on(slot, at)

    def _planned(self, slot: Slot, record: Record, at: datetime) -> SoakAction:
        return SoakAction(
            key=action_key(slot.soak, slot.phase.value, slot.region, slot.at),
            journal=name_of(self.journal.path),
            soak=slot.soak,
            phase=slot.phase.value,
            region=slot.region,
            slot=moment(slot.at),
            action=str(record["action"]),
            reason_code=str(record["reason_code"]),
            state="planned",
            planned_at=at,
        )

    def _book_action(self, record: Record) -> None:
        row = self.active.get(SoakAction, str(record["key"]))
        if row is not None and row.state == "planned":
            row.state, row.hook, row.result = (str(record[name]) for name in ("result", "hook", "reason"))
            row.finished_at = moment(str(record["ts"]))

    def _move_on(self, slot: Slot, at: datetime) -> None:
        """Into the next phase, or to the end, if the rules say so after this tick."""
        soak = self.active.get(Soak, slot.soak, with_for_update=True)
        if soak is None or soak.ended_at is not None or soak.phase != slot.phase.value:
            return
        seen = seen_so_far(self.active, slot.soak, slot.phase, slot.region)
        move = next_move(slot.phase, seen, hours_of(soak), soak.every_s)
        if move is not None:
            take_move(soak, move, at)
            self.active.flush()  # a later look at the row reads it anew
            self.moved[slot.soak] = move.phase.value if move.phase else move.state.value


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def hours_of(soak: Soak) -> dict[Phase, float]:
    return {Phase(name): float(hours) for name, hours in soak.hours.items()}


@step  # safe to repeat: a slot that has its line is never judged again
def judge_slot(due: Due, found: Mapping[str, Input], now: datetime) -> Judged | str:
    """Judge the slot of this moment once; or the reason why there is nothing to judge."""
    with journal_at(due.journal) as journal:
        _settle(journal, now)
        with operations.session() as active:
            books = Books(active, journal, now)
            adopted = books.adopt()
            return _judged(books, due, found, adopted)


def _settle(journal: OpenJournal, now: datetime) -> None:
    """Keep where a journal ends before anything of ours is added, so that everything behind it is known as ours."""
    with operations.session() as active:
        hold_journal(active, journal.path)
        if newest_head(active, journal.path) is None:
            keep_head(active, journal.path, journal.settled(now=now)[0], now)


def _judged(books: Books, due: Due, found: Mapping[str, Input], adopted: list[Slot]) -> Judged | str:
    at = slot_of(books.now, due.every)
    soak = None if due.soak == BY_HAND else books.active.get(Soak, due.soak, with_for_update=True)
    phase = due.phase or Phase(soak.phase if soak else Phase.SHADOW)
    slot = Slot(due.soak, phase, due.region, stamp(at))
    row = tick_of_slot(books.active, slot, at, any_phase=soak is not None)
    if row is not None:
        was_left = any((one.soak, one.region, one.at) == (slot.soak, slot.region, slot.at) for one in adopted)
        return Judged(row.record, books.head, 0, books.moved.get(due.soak)) if was_left else "slot_judged"
    if soak is not None and soak.state != State.ACTIVE.value:
        return "no_active_soak"
    if soak is not None and soak.phase != phase.value:
        raise Refused("phase_differs", _NEXT_STEP["phase_differs"])
    gaps = _gaps(books, due, slot, at)
    return _write(books, due, slot, gaps, found)


def _gaps(books: Books, due: Due, slot: Slot, at: datetime) -> list[datetime]:
    """The hours that passed unjudged; a tick by hand belongs to no soak, so nothing is missed before it."""
    newest = newest_slot(books.active, slot)
    if due.first is None:
        problem = "clock_went_back" if newest and at < newest else None
    else:
        problem = why_not(at, due.first, newest, due.every)
    if problem:
        raise Refused(problem, _NEXT_STEP[problem])
    return gaps_before(at, due.first, newest, due.every) if due.first else []


def _write(books: Books, due: Due, slot: Slot, gaps: list[datetime], found: Mapping[str, Input]) -> Judged:
    ts = stamp(books.now)
    clock = "frozen" if due.clock == REAL_CLOCK and frozen_now() else due.clock
    for gap in gaps:
        missed = gap_record(Slot(slot.soak, slot.phase, slot.region, stamp(gap)), ts)
        books.add(with_origin(missed, Origin(clock, due.every_s)))
    facts, problems = facts_of(found[KPI_GATE], found[EDGE_REPORT])
    decision = evaluate(facts, CAPS[slot.phase], Thresholds())
    fails = fails_on_ladder(books.active, slot)
    action = next_action(decision.verdict, fails)
    record = tick_record(slot, decision, action, facts, problems, Thresholds(), ts)
    origin = Origin(clock, due.every_s, sources_of(found))
    written = books.add({**with_origin(record, origin), "rung": fails_after(decision.verdict, fails)})
    return Judged(written, books.head, len(gaps), books.moved.get(due.soak))
