"""Which runs are dead and which only look it (runbook 001).

A run that is being worked on shows a sign of life at least once per heartbeat. One that has shown none for several
heartbeats has lost its process and its worker; one that has been Pending for minutes was never started. A run that
waits for a person is neither, however long it waits. Of a run whose heartbeat is not known (by hand, or somebody
else's) nothing is concluded.

An approval form whose time is over is answered by nobody any more: its run is woken, sees that, and says so.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Phase(Enum):
    RUNNING = "running"
    PENDING = "pending"
    PAUSED = "paused"


class Verdict(Enum):
    HEALTHY = "healthy"
    WAITING = "waiting"  # for a person
    SILENT = "silent"  # its process is gone
    STUCK = "stuck"  # it was never started


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one run: its phase, since when, and when anything was last heard of it."""

    run_id: str
    procedure: str
    phase: Phase
    since: datetime
    last_sign: datetime | None
    heartbeat_s: int | None
    answer_until: datetime | None = None  # of an approval form


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run may be silent, in heartbeats, and Pending, in seconds."""

    missed_heartbeats: float
    pending_grace_s: int


def judge_run(run: Watched, now: datetime, patience: Patience) -> Verdict:
    if run.phase is Phase.PAUSED:
        return Verdict.WAITING
    if run.heartbeat_s is None:
        return Verdict.HEALTHY
    quiet_s = (now - max(run.since, run.last_sign or run.since)).total_seconds()
    if run.phase is Phase.PENDING:
        return Verdict.STUCK if quiet_s > patience.pending_grace_s else Verdict.HEALTHY
    return Verdict.SILENT if quiet_s > run.heartbeat_s * patience.missed_heartbeats else Verdict.HEALTHY


def lost(runs: list[Watched], now: datetime, patience: Patience) -> dict[str, Verdict]:
    """The runs to give up, by id, each with why."""
    verdicts = {run.run_id: judge_run(run, now, patience) for run in runs}
    return {run_id: why for run_id, why in verdicts.items() if why in (Verdict.SILENT, Verdict.STUCK)}


def unanswered(runs: list[Watched], now: datetime, grace_s: int) -> list[str]:
    """The runs whose approval form is open beyond its time and so many seconds more."""
    return [run.run_id for run in runs if run.answer_until and (now - run.answer_until).total_seconds() > grace_s]


def confirmed(first: dict[str, Verdict], second: dict[str, Verdict]) -> dict[str, Verdict]:
    """Only what two looks agree on: after an outage of the server the heartbeats need a moment to arrive again."""
    return {run_id: why for run_id, why in second.items() if first.get(run_id) is why}
