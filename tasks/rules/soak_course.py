"""How a soak has gone so far, slot by slot: what its picture and its page are made from (runbook 004)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from tasks.rules.soak import LADDER
from tasks.rules.soak_progress import State, hours_left, so_far, ticks_planned
from tasks.rules.soak_record import GAP
from tasks.rules.soak_slots import slot_of
from tasks.rules.soak_standing import Point, Standing, keeps


@dataclass(frozen=True, slots=True)
class Place:
    """One slot at its place: `at` counts slots from the soak's first."""

    at: int
    point: Point


@dataclass(frozen=True, slots=True)
class Band:
    """The slots from `first` to `last` (both of them in it) that have something in common."""

    first: int
    last: int
    label: str


def placed(standing: Standing, points: Iterable[Point]) -> list[Place]:
    """Every slot at its place. A gap stands on the rung where the slot before it has left the ladder."""
    every = timedelta(seconds=standing.every_s)
    first = first_slot(standing)
    places: list[Place] = []
    for point in points:
        before = places[-1].point if places else None
        stays = point.is_gap and before is not None and before.phase is point.phase
        shown = replace(point, rung=before.rung) if stays and before else point
        places.append(Place((point.slot - first) // every, shown))
    return places


def first_slot(standing: Standing) -> datetime:
    return slot_of(standing.started_at, timedelta(seconds=standing.every_s))


def width_of(standing: Standing, places: Sequence[Place]) -> int:
    """How many slots the whole soak takes as far as one knows: those behind us and those that it still needs."""
    behind = places[-1].at + 1 if places else 0
    ahead = round(_hours_left(standing) * 3600 / standing.every_s) if standing.state is State.ACTIVE else 0
    return max(1, behind + ahead)


def phase_bands(places: Iterable[Place]) -> list[Band]:
    """One band for each phase as long as it lasted, in order."""
    return list(_bands((place.at, place.point.phase.value) for place in places))


def gap_bands(places: Iterable[Place]) -> list[Band]:
    """The slots that nobody judged, neighbours together."""
    return [band for band in _bands((place.at, GAP if place.point.is_gap else "") for place in places) if band.label]


def _bands(labelled: Iterable[tuple[int, str]]) -> Iterator[Band]:
    for label, group in groupby(labelled, key=lambda pair: pair[1]):
        slots = [at for at, _ in group]
        yield Band(slots[0], slots[-1], label)


def step_of(rung: int) -> int:
    """The step that so many failures stand on; the ladder ends, failures do not."""
    return min(rung, len(LADDER))


def soak_page(standing: Standing, points: Sequence[Point]) -> list[str]:
    """The page about a soak: a table of what a person asks first."""
    ended = f" ({standing.ended})" if standing.ended else ""
    last = points[-1] if points else None
    rows = {
        "region": standing.region,
        "state": standing.state.value + ended,
        "phase": f"{standing.phase.value}, {_phase_hours(standing)}",
        "ladder": _ladder(standing.seen.fails_on_ladder),
        "last": f"{last.slot:%Y-%m-%d %H:%M:%S} UTC: {last.status}, {last.reason}" if last else "none yet",
        "ticks": f"{standing.ticks}, {standing.fails} failed, {standing.gaps} missed",
        "left": f"{_hours_left(standing):g} hours" if standing.state is State.ACTIVE else "none",
        "keeps": ", ".join(keeps(standing) or ()) or "nothing",
        "journal": f"line {standing.head.count}, {standing.head.hash}" if standing.head else "empty",
    }
    return [
        f"## Soak {standing.soak}",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {said} |" for name, said in rows.items()),
    ]


def _phase_hours(standing: Standing) -> str:
    planned = standing.hours.get(standing.phase, 0)
    done = so_far(standing.seen, planned, standing.every_s).hours_done
    return f"{done:g} of {ticks_planned(planned, standing.every_s) * standing.every_s / 3600:g} hours"


def _ladder(fails: int) -> str:
    return (
        f"{LADDER[step_of(fails) - 1].value} ({fails} failed without a good one between)"
        if fails
        else "on the ground"
    )


def _hours_left(standing: Standing) -> float:
    return hours_left(standing.phase, standing.seen, standing.hours, standing.every_s)
