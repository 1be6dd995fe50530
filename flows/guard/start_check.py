"""Whether the trading runtime may be used in a profile: the quick starts, done and recorded."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.env_sample import RuntimeProfile
from flows.guard.readiness import BaseUrl
from flows.guard.recording import release_verified
from flows.naming import run_named
from tasks.clock import utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.records.confirmations import confirmed_stage
from tasks.rules.contracts.runtime import START_CHECK
from tasks.rules.faults import Fault
from tasks.rules.guard.environment import findings
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.readiness import required_in
from tasks.rules.guard.readiness_verdict import Demand
from tasks.rules.guard.safe_mode import runtime_word
from tasks.rules.guard.start_check import (
    SUITES,
    Check,
    Level,
    authorisation_check,
    clock_check,
    confirm_check,
    environment_checks,
    failed,
    held_check,
    limits_check,
    line_of,
    metrics_check,
    overall,
    profile_check,
    readiness_check,
    said,
    status_of,
    suite_check,
    unread_environment,
)
from tasks.rules.outcome import Outcome, Value
from tasks.runtime.environment_files import read_environment
from tasks.runtime.reading import is_healthy, moment, probe, read_runtime_profile, read_state, textfile_age_s
from tasks.runtime.starting import env_file_for, find_runtime, last_run_of
from tasks.runtime.waiting import healthy_within, ready_within
from tasks.runtime.warmup import count_samples, read_authorisation_errors
from tasks.services.commands import Place, alone_with, await_health, check_before, start_service, stop_service
from tasks.settings.guard import runtime_settings

EnvFile = Annotated[
    str,
    Field(
        max_length=300,
        description="The file of variables it starts with, where none is declared; else RUNTIME_ENV_FILE.",
    ),
]
Declaration = Annotated[str, Field(min_length=1, description="The declaration that may have a command to start it.")]
Keep = Annotated[
    bool, Field(description="Leave a runtime that was started here running when all is OK; it is in HOLD.")
]
BootWait = Annotated[int, Field(ge=0, le=600, description="For how long an answer is waited for, in seconds.")]
ReadyWait = Annotated[int, Field(ge=0, le=3600, description="For how long readiness is waited for, in seconds.")]


@procedure(START_CHECK, run_name=run_named("start-check", "profile"))
def start_check(
    profile: RuntimeProfile,
    base_url: BaseUrl = "",
    env_file: EnvFile = "",
    config: Declaration = "services.toml",
    keep: Keep = False,
    boot_wait_s: BootWait = 30,
    ready_wait_s: ReadyWait = 120,
) -> Outcome:
    """Check everything that the quick start of a profile asks for, and record each check.

    Runbook 002, Quick Start (Paper, Testnet) and Live Guard & Confirm. Tests and acceptance green within a day, the
    environment with its keys, endpoints and SAFE_MODE, then the runtime itself: booted, in the profile that was asked
    for, in HOLD and safe mode, clocks together, risk limits active, ready in time, metrics taken, no adapter turned
    away; for live also LIVE_CONFIRM, typed by two people for the stage that runs. Where services.toml declares a
    service `runtime` and nobody listens, it is started for the check and its end is verified, also when it ignores
    SIGTERM. The release that it runs is recorded for `rollback` if all is OK. If it fails: each start_check_item line
    says what was found.

    Safety: only OK may start; a warning is exit 2, never 0. Reads only what is free of side effects, sends no token
    and places no order. What is started begins in HOLD and is stopped again unless --keep.
    """
    asked = Profile(profile)
    where = find_runtime(base_url, config)
    base, place = where.base, where.place
    checks = [*_said(_before_start(asked, env_file, place))]
    if place is None or is_healthy(base):
        there = healthy_within(base, boot_wait_s)
        booted = Check("boot", Level.OK, "answers") if there else failed("boot", "silent")
        checks += _said((booted, *_while_it_runs(asked, base, booted, ready_wait_s)))
        return _concluded(asked, checks, started=False, stopped=None, release=_release_there(place, checks))
    with alone_with(place):
        check_before(place)
        return _started_here(asked, place, base, checks, keep=keep, ready_wait_s=ready_wait_s)


def _started_here(
    asked: Profile, place: Place, base: str, checks: list[Check], *, keep: bool, ready_wait_s: int
) -> Outcome:
    """Start it unless something already fails, look, and end it again."""
    stands = overall(checks) is not Level.FAIL
    booted = _looked("boot", lambda: _boot(place)) if stands else failed("boot", "not_started")
    checks += _said((booted, *_while_it_runs(asked, base, booted, ready_wait_s)))
    is_good = overall(checks) is Level.OK
    release = release_verified(place) if is_good else {}
    stopped = "kept" if keep and is_good else stop_service(place).how
    return _concluded(asked, checks, started=stands, stopped=stopped, release=release)


def _release_there(place: Place | None, checks: list[Check]) -> dict[str, Value]:
    """The release of a runtime that ran before; not looked at while somebody else is at work on the service."""
    if place is None or overall(checks) is not Level.OK:
        return {}
    try:
        with alone_with(place):
            return release_verified(place)
    except Fault as fault:
        return {"standing": "unverified", "why": fault.reason}


def _boot(place: Place) -> Check:
    healthy = await_health(place, start_service(place))
    return Check("boot", Level.OK, f"{healthy.seconds:.1f}s")


def _before_start(asked: Profile, env_file: str, place: Place | None) -> Iterator[Check]:
    for name in SUITES[asked]:
        yield _looked(name, lambda name=name: suite_check(name, last_run_of(name, utc_now())))  # type: ignore[misc]
    try:
        path = env_file_for(env_file, place)
        yield from environment_checks(findings(asked, read_environment(path, asked, Path(path).absolute().parent)))
    except Fault as fault:
        yield from unread_environment(fault.reason)


def _while_it_runs(asked: Profile, base: str, booted: Check, wait_s: int) -> Iterator[Check]:
    """The runtime's own checks, each by itself; what cannot be looked at is no pass."""
    found = runtime_settings()
    demand = Demand(required_in(found.readiness_required), found.readiness_ttl_s, hold_may_stand=True)
    looks: dict[str, Callable[[], Check]] = {
        "profile": lambda: profile_check(asked, read_runtime_profile(base)),
        "hold": lambda: held_check(read_state(base)),
        "risk_limits": lambda: limits_check(asked, read_state(base)),
        "clock": lambda: clock_check(probe(base).skew_s),
        "readiness": lambda: readiness_check(ready_within(base, demand, wait_s)[1]),
        "metrics": lambda: metrics_check(count_samples(base), textfile_age_s(moment())),
        "authorisation": lambda: authorisation_check(read_authorisation_errors(base)),
    }
    if asked is Profile.LIVE:
        looks["live_confirm"] = lambda: confirm_check(read_state(base), confirmed_stage(runtime_word(base)))
    for name, look in looks.items():
        yield _looked(name, look) if booted.level is Level.OK else failed(name, "not_looked_at")


def _looked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Fault as fault:
        return failed(name, fault.reason)


def _said(checks: Iterable[Check]) -> list[Check]:
    """Each check with its line, said as soon as it is known."""
    told = []
    for check in checks:
        tell(line_of(check))
        told.append(check)
    return told


def _concluded(
    asked: Profile, checks: list[Check], *, started: bool, stopped: str | None, release: dict[str, Value]
) -> Outcome:
    show_table("start-check", [said(one) for one in checks], f"start check of {asked.value}")
    level = overall(checks)
    by_level = {which: tuple(one.name for one in checks if one.level is which) or None for which in Level}
    return START_CHECK.says(
        status_of(level),
        {Level.FAIL: "check_failed", Level.WARN: "check_warned"}.get(level),
        profile=asked.value,
        checks=len(checks),
        warned=by_level[Level.WARN],
        failed=by_level[Level.FAIL],
        started=started,
        stopped=stopped,
        **release,
    )
