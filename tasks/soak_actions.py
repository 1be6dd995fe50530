"""Finishing what the rungs of committed ticks ask for: each once, and what became of it in the journal.

An action is planned in the transaction of its tick. Whoever finishes it holds its lock, calls the hook and then
writes the result into journal and books in one transaction. A caller that dies in between leaves it planned, and the
next tick calls again with the same key (runbook 004, "Soak orchestration").
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from tasks import operations
from tasks.clock import stamp
from tasks.journal import journal_at
from tasks.rules.soak import Action, Phase
from tasks.rules.soak_hooks import Called
from tasks.rules.soak_lines import Finished
from tasks.rules.soak_record import REAL_CLOCK, Origin, Slot, action_record, with_origin
from tasks.soak_hooks import REHEARSED, call
from tasks.soak_memory import Soak, SoakAction, name_of
from tasks.soak_ticks import Books
from tasks.step import step


@dataclass(frozen=True, slots=True)
class _Planned:
    key: str
    slot: Slot
    action: Action
    reason_code: str
    hooks: str | None
    origin: Origin

    @property
    def about(self) -> dict[str, str]:
        return {
            "action": self.action.value,
            "phase": self.slot.phase.value,
            "reason_code": self.reason_code,
            "region": self.slot.region,
            "slot": self.slot.at,
            "soak": self.slot.soak,
        }


@step(retries=0)  # what is not finished here the next tick finishes
def finish_actions(journal: Path, hooks: str | None, now: datetime) -> list[Finished]:
    """Do what is planned for this journal, the oldest first; `hooks` is the file for ticks that belong to no soak."""
    finished = [_finished(journal, key, hooks, now) for key in _planned_keys(journal)]
    return [one for one in finished if one is not None]


def _planned_keys(journal: Path) -> list[str]:
    mine = select(SoakAction.key).where(SoakAction.journal == name_of(journal), SoakAction.state == "planned")
    with operations.session() as active:
        return list(active.scalars(mine.order_by(SoakAction.slot, SoakAction.key)))


def _finished(journal: Path, key: str, hooks: str | None, now: datetime) -> Finished | None:
    with operations.session() as holding:
        # For as long as the call takes; the journal itself stays free meanwhile.
        if not holding.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(f"action {key}", 0)))):
            return None
        planned = _still_planned(journal, key, hooks, now)
        if planned is None:
            return None
        kind, called = call(planned.hooks, planned.about, key)
        return _written(journal, planned, kind, called, now)


def _still_planned(journal: Path, key: str, hooks: str | None, now: datetime) -> _Planned | None:
    """The action, unless its result stands in the journal already, left there by a caller that died."""
    with journal_at(journal) as opened, operations.session() as active:
        Books(active, opened, now).adopt()
        row = active.get_one(SoakAction, key)
        if row.state != "planned":
            return None
        soak = active.get(Soak, row.soak)
        slot = Slot(row.soak, Phase(row.phase), row.region, stamp(row.slot))
        origin = Origin(soak.clock, soak.every_s) if soak else Origin()
        file = _hooks_of(soak) if soak else hooks
        return _Planned(key, slot, Action(row.action), row.reason_code, file, origin)


def _hooks_of(soak: Soak) -> str | None:
    """A rehearsal calls nobody unless its hooks were named when it was started."""
    named: str | None = soak.files.get("hooks")
    return REHEARSED if named is None and soak.clock != REAL_CLOCK else named


def _written(journal: Path, planned: _Planned, kind: str, called: Called, now: datetime) -> Finished:
    record = action_record(
        planned.slot,
        planned.action,
        hook=kind,
        state=called.state,
        result=called.result,
        key=planned.key,
        ts=stamp(now),
    )
    with journal_at(journal) as opened, operations.session() as active:
        books = Books(active, opened, now)
        books.adopt()
        books.add(with_origin(record, planned.origin))
        head = books.head
    about = planned.about
    return Finished(key=planned.key, hook=kind, called=called, head=head, **about)
