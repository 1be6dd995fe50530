"""What a soak was like, in numbers: failures, rungs, time to recover, uptime (runbook 004, "Long Soak").

Everything is counted per phase and region; an episode that is still open counts as open, not as nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import fmean

from tasks.rules.artifacts import Json
from tasks.rules.contracts.soak import SOAK_REPORT
from tasks.rules.journal import Damage, Record
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak import LADDER, Phase, Verdict
from tasks.rules.soak_record import GAP, HOUR_S, REAL_CLOCK, Slot, Tick, slot_of_record, tick_of
from tasks.rules.soak_slots import slot_of

Place = tuple[Phase, str]
WHOLE = "ok"


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
    newest: datetime | None = None

    @property
    def mttr_s(self) -> float | None:
        """Mean seconds from the first failure to the next good tick; None while nothing has recovered."""
        return fmean(self.recoveries_s) if self.recoveries_s else None


@dataclass(slots=True)
class SoakReport:
    """One soak of a journal: its places in the order of their first line, its clock, its first and its last slot."""

    soak: str
    clock: str = REAL_CLOCK
    every_s: float = HOUR_S
    first: str = ""
    last: str = ""
    places: dict[Place, PlaceReport] = field(default_factory=dict)

    def add(self, slot: Slot, record: Record, tick: Tick | None) -> None:
        self.clock = str(record.get("clock", REAL_CLOCK))
        self.every_s = _seconds(record)
        self.first, self.last = self.first or slot.at, slot.at
        place = self.places.setdefault((slot.phase, slot.region), PlaceReport())
        if tick is None:
            place.gaps += 1
        else:
            _count(place, tick, self.every_s)

    def total(self, of: Callable[[PlaceReport], int]) -> int:
        return sum(of(place) for place in self.places.values())

    @property
    def mttr_s(self) -> float | None:
        """The mean over all that has recovered, wherever it was."""
        recoveries = [seconds for place in self.places.values() for seconds in place.recoveries_s]
        return fmean(recoveries) if recoveries else None


@dataclass(slots=True)
class Gathered:
    """All soaks of a journal by their name, and the one that the last tick belongs to."""

    soaks: dict[str, SoakReport] = field(default_factory=dict)
    last: str | None = None
    unreadable: int = 0

    def chosen(self, soak: str | None) -> SoakReport | None:
        name = self.last if soak is None else soak
        return None if name is None else self.soaks.get(name)


def gather(records: Iterable[Record | None]) -> Gathered:
    """Every soak of a journal in one pass; None is a line without a record."""
    found = Gathered()
    for record in records:
        if record is None:
            found.unreadable += 1
            continue
        tick = tick_of(record)
        if tick is not None or record.get("status") == GAP:
            slot = tick.slot if tick else slot_of_record(record)
            found.soaks.setdefault(slot.soak, SoakReport(slot.soak)).add(slot, record, tick)
            found.last = slot.soak
    return found


def canary_passed(places: dict[Place, PlaceReport]) -> bool:
    """Whether a canary has run with traffic and without a failure; nothing seen is not passed."""
    canary = [one for (phase, _), one in places.items() if phase is Phase.CANARY]
    return any(one.continues + one.warns for one in canary) and not any(one.fails for one in canary)


def _seconds(record: Record) -> float:
    every_s = record.get("every_s", HOUR_S)
    return float(every_s) if isinstance(every_s, int | float) and every_s > 0 else HOUR_S


def _count(place: PlaceReport, tick: Tick, every_s: float) -> None:
    at = slot_of(
        datetime.strptime(tick.slot.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), timedelta(seconds=every_s)
    )
    place.ticks += 1
    place.continues += tick.verdict is Verdict.CONTINUE
    place.warns += tick.verdict is Verdict.WARN
    place.fails += tick.verdict is Verdict.FAIL
    place.inconclusive += tick.verdict is Verdict.INCONCLUSIVE
    place.rollback_steps += tick.action in LADDER
    if tick.verdict in (Verdict.CONTINUE, Verdict.WARN) and at != place.newest:
        place.uptime_s += every_s  # the program before wrote many ticks in one second: that is no more than one hour
    place.newest = at
    _recover(place, tick, at)


def _recover(place: PlaceReport, tick: Tick, at: datetime) -> None:
    if tick.verdict is Verdict.FAIL and place.failing_since is None:
        place.failing_since = at
    elif tick.verdict is Verdict.CONTINUE and place.failing_since is not None:
        place.recoveries_s.append((at - place.failing_since).total_seconds())
        place.failing_since = None


def document_of(report: SoakReport, chain: str, zone: tzinfo) -> dict[str, Json]:
    """The report as a file: the runbook's six keys as they always were, and behind them what they were made from."""
    uptime: dict[str, Json] = {
        phase.value: sum(one.uptime_s for (where, _), one in report.places.items() if where is phase)
        for phase in Phase
    }
    return {
        "canary_passed": canary_passed(report.places),
        "fail_count": report.total(lambda place: place.fails),
        "mttr_sec": report.mttr_s,
        "phase_uptime": uptime,
        "rollback_steps": report.total(lambda place: place.rollback_steps),
        "warn_count": report.total(lambda place: place.warns),
        "chain": chain,
        "clock": report.clock,
        "every_s": report.every_s,
        "first_slot": _local(report.first, zone),
        "gap_count": report.total(lambda place: place.gaps),
        "inconclusive_count": report.total(lambda place: place.inconclusive),
        "last_slot": _local(report.last, zone),
        "places": [_place_of(where, place, zone) for where, place in report.places.items()],
        "soak": report.soak,
        "tick_count": report.total(lambda place: place.ticks),
    }


def _place_of(where: Place, place: PlaceReport, zone: tzinfo) -> dict[str, Json]:
    since = place.failing_since
    return {
        "phase": where[0].value,
        "region": where[1],
        "ticks": place.ticks,
        "continues": place.continues,
        "warns": place.warns,
        "fails": place.fails,
        "inconclusive": place.inconclusive,
        "gaps": place.gaps,
        "rollback_steps": place.rollback_steps,
        "uptime_sec": place.uptime_s,
        "recoveries": len(place.recoveries_s),
        "mttr_sec": place.mttr_s,
        "failing_since": since.astimezone(zone).isoformat() if since else None,
    }


def _local(slot: str, zone: tzinfo) -> str:
    return datetime.strptime(slot, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(zone).isoformat()


def report_line(report: SoakReport | None, unreadable: int, chain: str, file: str) -> Outcome:
    """A journal that cannot be trusted is told before all else; one without a tick is no data."""
    trusted = chain in (WHOLE, Damage.UNPROVEN.value, Damage.TORN.value)
    if report is None:
        return SOAK_REPORT.says(Status.INSUFFICIENT_DATA, "no_ticks", chain=chain)
    reason = "journal_damaged" if not trusted else "unreadable_lines" if unreadable else None
    return SOAK_REPORT.says(
        Status.FAIL if reason else Status.OK,
        reason,
        soak=report.soak or None,
        canary_passed=canary_passed(report.places),
        ticks=report.total(lambda place: place.ticks),
        gaps=report.total(lambda place: place.gaps),
        fails=report.total(lambda place: place.fails),
        warns=report.total(lambda place: place.warns),
        inconclusive=report.total(lambda place: place.inconclusive),
        rollback_steps=report.total(lambda place: place.rollback_steps),
        mttr_s=report.mttr_s,
        chain=chain,
        clock=report.clock if report.clock != REAL_CLOCK else None,
        file=file,
    )
