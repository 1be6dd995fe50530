"""Are the artifacts as young as they must be? (Runbook 004, Daily routine step 2.)

An artifact is as old as the older of two times: the one written inside it and the file's own. Neither may lie in the
future, and what cannot be read is stale, never fine. The window is elapsed seconds, so that a change of the clocks in
spring or autumn moves nothing; the zone decides one thing only, on which moment Monday begins and the weekly rollup
is looked at as well.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import cast

from tasks.rules.artifacts import Json
from tasks.rules.contracts.daily import CRON_SENTINEL, SENTINEL_CHECK
from tasks.rules.outcome import Outcome, Status
from tasks.rules.soak_inputs import Input

DAILY_TARGETS = ("KPI_GATE", "FULL_STACK_VALIDATION", "EDGE_REPORT", "EDGE_SENTINEL")
WEEKLY_TARGET, WEEKLY_MAX_AGE_S = "WEEKLY_ROLLUP", 8 * 86_400  # it is made on Saturdays; a week and a day of grace
SKEW_S = 60
"""Clocks of two machines may differ by this much before a time counts as one from the future."""

_MONDAY = 0


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    max_age_s: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What an artifact shows of its age, in seconds since 1970; `problem` is why its contents cannot tell."""

    modified: int
    written: int | None = None
    problem: str | None = None


def targets_due(now: datetime, zone: tzinfo, window_hours: int) -> tuple[Target, ...]:
    """What must be fresh at that moment: four artifacts, and the weekly rollup while it is Monday in the zone."""
    window_s = window_hours * 3600
    daily = tuple(Target(name, window_s) for name in DAILY_TARGETS)
    if now.astimezone(zone).weekday() != _MONDAY:
        return daily
    return (*daily, Target(WEEKLY_TARGET, max(window_s, WEEKLY_MAX_AGE_S)))


def time_inside(document: object) -> int | None:
    """When it says it was made: `timestamp`, else `ts`, else `runtime.utc`; ValueError if that is no time."""
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004  bad data of others, not a wrong call
    runtime = document.get("runtime")
    in_runtime = runtime.get("utc") if isinstance(runtime, Mapping) else None
    times = (document.get("timestamp"), document.get("ts"), in_runtime)
    said = next((time for time in times if time is not None), None)
    return None if said is None else epoch_of(said)


def epoch_of(time: object) -> int:
    """Seconds since 1970 of a number or of an ISO time with a zone; ValueError if it is neither."""
    if isinstance(time, str):
        moment = datetime.fromisoformat(time.replace("Z", "+00:00"))
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return int(moment.timestamp())
    if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time):
        raise ValueError("not a time")
    return int(time)


def age_of(seen: Seen, now: int) -> int:
    """Seconds by the older of its times; below zero where one of them lies in the future."""
    times = [time for time in (seen.modified, seen.written) if time is not None]
    ahead = max(times) - now
    return -ahead if ahead > SKEW_S else max(0, now - min(times))


def input_of(seen: Seen | None, document: object, now: int) -> Input:
    """A file as it was found, with its age by the times it shows."""
    if seen is None:
        return Input(problem="missing")
    return Input(cast("Json", document), age_of(seen, now), seen.problem)


def judge_target(target: Target, seen: Seen | None, now: int) -> Outcome:
    """One `sentinel_check` line; exactly as old as allowed is fine."""
    own_age = target.max_age_s if target.name == WEEKLY_TARGET else None
    if seen is None:
        return SENTINEL_CHECK.says(
            Status.INSUFFICIENT_DATA, target=target.name, age_sec=0, now=now, max_age_sec=own_age
        )
    times = [time for time in (seen.modified, seen.written) if time is not None]
    age = max(0, now - min(times))
    reason = seen.problem
    if reason is None and max(times) > now + SKEW_S:
        reason = "time_in_future"
    elif reason is None and age > target.max_age_s:
        reason = "too_old"
    status = Status.UNHEALTHY if reason else Status.OK
    return SENTINEL_CHECK.says(status, reason, target=target.name, age_sec=age, now=now, max_age_sec=own_age)


def sum_up(checks: Sequence[Outcome], window_hours: int) -> Outcome:
    """The sentinel's last line: good only if every target is there and fresh."""
    missing = sum(check.status is Status.INSUFFICIENT_DATA for check in checks)
    stale = sum(check.status is Status.UNHEALTHY for check in checks)
    status = Status.FAIL if missing or stale or not checks else Status.OK
    return CRON_SENTINEL.says(status, missing=missing, stale=stale, checked=len(checks), window_hours=window_hours)
