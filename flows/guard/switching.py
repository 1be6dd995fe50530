"""One release put in place of another and seen to be good: what a rollback does, once in each direction."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.rules.faults import Fault
from tasks.runtime.after_start import await_ready, held_after, smoke
from tasks.runtime.release_link import check_release, lead_link
from tasks.services.commands import Healthy, Place, Stopped, await_health, start_service, stop_service


@dataclass(frozen=True, slots=True)
class Demands:
    """The runtime that is dealt with, and what makes a release good."""

    place: Place
    base: str
    ready_wait_s: int
    needs_readiness: bool

    @property
    def service(self) -> str:
        return self.place.service.name


@dataclass(frozen=True, slots=True)
class Put:
    """A release in place, with its processes: how the old ones ended and which one answers."""

    stopped: Stopped
    healthy: Healthy


def put_in_place(demands: Demands, name: str, key: str) -> Put:
    """End what runs and see it gone, lead the link, start, and see the new process answer in HOLD."""
    check_release(demands.place.folder, name)
    stopped = stop_service(demands.place)
    lead_link(demands.place.folder, name)
    healthy = await_health(demands.place, start_service(demands.place))
    held_after(demands.base, key)
    return Put(stopped, healthy)


def verify_running(demands: Demands) -> int | None:
    """Smoke, and readiness where it is asked for; the seconds that it was waited for."""
    smoke(demands.base)
    return await_ready(demands.base, demands.ready_wait_s) if demands.needs_readiness else None


def fault_of(act: Callable[[], object]) -> Fault | None:
    """What stands against it, as a value: the way back begins there."""
    try:
        act()
    except Fault as fault:
        return fault
    return None
