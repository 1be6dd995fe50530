"""What a soak was like, in numbers: failures, rungs, time to recover, uptime (runbook 004, "Long Soak").

Everything is counted per phase and region; an episode that is still open counts as open, not as nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean

from tasks.rules.journal import Record
from tasks.rules.soak import LADDER, Phase, Verdict
from tasks.rules.soak_record import GAP, Tick, slot_of_record, tick_of

Place = tuple[Phase, str]


@dataclass(slots=True)
class PlaceReport:
    """One phase in one region; times in seconds. Uptime is the judged slots that did not fail times the interval."""

    ticks: int = 0
    continues: int = 0
    warns: int = 0
    fails: int = 0
    inconclusive: int = 0
    gaps: int = 0
    rollback_steps: int = 0
    uptime_s: float = 0.0
    recoveries_s: list[float] = field(default_factory=list)
    failing_since: datetime | None = None

    @property
    def mttr_s(self) -> float | None:
        """Mean seconds from the first failure to the next good tick; None while nothing has recovered."""
        return fmean(self.recoveries_s) if self.recoveries_s else None


def report(records: Iterable[Record], every_s: float = 3_600) -> dict[Place, PlaceReport]:
    """The report of each phase and region that occurs, in the order of their first line."""
    places: dict[Place, PlaceReport] = {}
    for record in records:
        tick = tick_of(record)
        if tick is not None:
            _count(places.setdefault((tick.slot.phase, tick.slot.region), PlaceReport()), tick, every_s)
        elif record.get("status") == GAP:
            slot = slot_of_record(record)
            places.setdefault((slot.phase, slot.region), PlaceReport()).gaps += 1
    return places


def canary_passed(places: dict[Place, PlaceReport]) -> bool:
    """Whether a canary has run with traffic and without a failure; nothing seen is not passed."""
    canary = [one for (phase, _), one in places.items() if phase is Phase.CANARY]
    return any(one.continues + one.warns for one in canary) and not any(one.fails for one in canary)


def _count(place: PlaceReport, tick: Tick, every_s: float) -> None:
    place.ticks += 1
    place.continues += tick.verdict is Verdict.CONTINUE
    place.warns += tick.verdict is Verdict.WARN
    place.fails += tick.verdict is Verdict.FAIL
    place.inconclusive += tick.verdict is Verdict.INCONCLUSIVE
    place.rollback_steps += tick.action in LADDER
    if tick.verdict in (Verdict.CONTINUE, Verdict.WARN):
        place.uptime_s += every_s
    _recover(place, tick)


def _recover(place: PlaceReport, tick: Tick) -> None:
    at = datetime.strptime(tick.slot.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if tick.verdict is Verdict.FAIL and place.failing_since is None:
        place.failing_since = at
    elif tick.verdict is Verdict.CONTINUE and place.failing_since is not None:
        place.recoveries_s.append((at - place.failing_since).total_seconds())
        place.failing_since = None
