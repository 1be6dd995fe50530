"""A runtime brought to another stage: started anew with that stage's file, or by an operator, and seen there.

A profile is changed by a restart alone (spec 002, 5). It begins in HOLD and safe mode, and that is looked at too.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.rules.faults import Fault, LockHeld, Refused, RuntimeUnreachable
from tasks.rules.guard.promotion import Stage
from tasks.rules.guard.state import RuntimeState
from tasks.rules.services.declaration import Service
from tasks.runtime.promotions import refuse_closed
from tasks.runtime.reading import read_runtime_profile, read_state
from tasks.runtime.stage_link import lead_env
from tasks.services.commands import (
    Place,
    Stopped,
    alone_with,
    await_health,
    check_before,
    start_service,
    stop_service,
)
from tasks.services.declared import env_file_of, read_service
from tasks.settings.guard import runtime_address
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Staged:
    """A declared runtime with the file of a stage, and the file that every other start of it takes."""

    place: Place
    declared: str | None


@step
def find_place(config: Path, name: str, env_file: str, base: str = "") -> Staged | None:
    """The runtime as it is declared, to be started with that file; None if an operator restarts it.

    One that is declared with another port than the runtime at `base` has is another runtime.
    """
    try:
        declared = read_service.fn(config, name)
    except Refused as refused:
        if refused.reason == "unknown_service":
            return None
        raise
    if declared is None or (base and not _answers_at(base, declared)):
        return None
    return Staged(Place(replace(declared, env_file=env_file), config.absolute().parent), declared.env_file)


def _answers_at(base: str, declared: Service) -> bool:
    address = runtime_address(base)
    return address.is_loopback and address.port == declared.port


def env_file_at(staged: Staged) -> Path:
    """The file that it starts with; refused if it is not there."""
    path = env_file_of(staged.place.service, staged.place.folder)
    if path is None:
        raise Refused("env_file_missing", "the declared env file is not there; make it, readable by its owner alone")
    return path


@step(retries=0)  # whoever wants it again starts the procedure again
def restart_at(staged: Staged, wait_s: float = 0, promotion: int | None = None) -> Stopped:
    """Ended for certain, although it swallows SIGTERM (W6), and started with the file of its new stage.

    From here on every other start takes that file too. Whoever else starts or stops it is waited for; a promotion
    that was closed meanwhile starts nothing.
    """
    place = staged.place
    with _alone_within(place, wait_s):
        if promotion is not None:
            refuse_closed.fn(promotion)
        check_before.fn(place)
        if staged.declared and place.service.env_file:
            lead_env(place.folder, staged.declared, place.service.env_file)
        stopped: Stopped = stop_service.fn(place)
        await_health.fn(place, start_service.fn(place))
    return stopped


@contextmanager
def _alone_within(place: Place, wait_s: float) -> Iterator[None]:
    until = time.monotonic() + wait_s
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(alone_with(place))
                break
            except LockHeld:
                if time.monotonic() >= until:
                    raise
                time.sleep(_POLL_S)
        yield


@step(retries=0)  # it asks again by itself
def held_at(base: str, stage: Stage, wait_s: float, promotion: int | None = None) -> RuntimeState:
    """The runtime's state once it says that stage at both of its endpoints, in HOLD and safe mode.

    Silence is waited for, and no longer than the promotion is open. `stage_not_reached` when the time is over,
    `not_held_after_start` if it does not hold.
    """
    until = time.monotonic() + wait_s
    while (state := _state_at(base, stage)) is None:
        if promotion is not None:
            refuse_closed.fn(promotion)
        if time.monotonic() >= until:
            raise Fault("stage_not_reached", f"the runtime does not say that it is {stage}: look at its env file")
        time.sleep(_POLL_S)
    if not state.is_held:
        raise Fault("not_held_after_start", "it runs without HOLD or without safe mode: hold it, then look why")
    return state


def _state_at(base: str, stage: Stage) -> RuntimeState | None:
    try:
        state, profile = read_state.fn(base), read_runtime_profile.fn(base)
    except RuntimeUnreachable:
        return None
    canary = state.canary or stage is not Stage.LIVE_CANARY
    same = profile == state.profile and state.category == stage.category
    return state if same and canary and not (stage is Stage.LIVE and state.canary) else None
