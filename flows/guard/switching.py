"""One release put in place of another, seen to be good or taken back, and written down: in either direction."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from tasks.clock import utc_now
from tasks.procedure import failed
from tasks.records.shift import record_shift
from tasks.rules.faults import Fault
from tasks.rules.guard.release_identity import Comparison, Identity, compared, refuse_changed
from tasks.rules.guard.rollback import Switch, SwitchKind, SwitchState, words_after
from tasks.rules.outcome import Contract, Outcome, Status, Value
from tasks.runtime.after_start import await_ready, held_after, held_before, smoke
from tasks.runtime.release_identity import identify
from tasks.runtime.release_link import check_release, lead_link, read_link
from tasks.runtime.release_memory import begin_switch, end_switch, note_turning_back
from tasks.services.commands import (
    Healthy,
    Place,
    Stopped,
    await_health,
    check_before,
    start_service,
    stop_service,
)


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
class Way:
    """From one release to another, for whom, and what was found of the other; `switch` was broken off, if any."""

    contract: Contract
    demands: Demands
    kind: SwitchKind
    before: str
    to: str
    found: Identity | None
    same: Comparison
    switch: Switch | None

    @property
    def said(self) -> dict[str, Value]:
        """What stands in every line of it."""
        half_done = self.switch is not None
        said: dict[str, Value] = {"service": self.demands.service, "before": self.before, "to": self.to}
        if self.kind is SwitchKind.DEPLOY:
            return said | {"half_done": half_done}
        same = {name: found.value for name, found in asdict(self.same).items()}
        return {"do": "back"} | said | {"half_done": half_done} | same


@dataclass(frozen=True, slots=True)
class Put:
    """A release in place, with its processes: how the old ones ended and which one answers."""

    stopped: Stopped
    healthy: Healthy


def way_to(
    contract: Contract, demands: Demands, kind: SwitchKind, to: str, verified: Identity | None, switch: Switch | None
) -> Way:
    """The release that is gone to looked at: there, readable, and compared with what was verified of it.

    One that is gone after its switch was broken off is no refusal: the way back has to be taken then.
    """
    before = switch.before if switch else read_link(demands.place.folder)
    found = None
    try:
        check_release(demands.place.folder, to)
        found = identify(demands.place, to)
    except Fault:
        if switch is None:
            raise
    return Way(contract, demands, kind, before, to, found, compared(verified, found), switch)


def go(way: Way) -> Outcome:
    """Hold, write down that it begins, switch; a switch that had turned back already is only turned back."""
    demands, place = way.demands, way.demands.place
    check_before(place)
    key = f"{way.kind.value}:{demands.service}:{way.before}:{way.to}:{utc_now():%Y%m%dT%H%M%S}"
    held = held_before(demands.base, key)
    try:
        switch = way.switch or begin_switch(demands.service, way.kind, way.before, way.to, utc_now())
        _journalled(way, switch, "begun", held=held)
    except Fault as unrecorded:  # held is safe, and what nobody would know of is not begun
        return failed(way.contract, unrecorded, **way.said, now=read_link(place.folder), held=held)
    if switch.state is not SwitchState.BEGUN or switch.kind is not way.kind:
        return _taken_back(way, switch, held, switch.reason or "broken_off")
    try:
        refuse_changed(way.same)
        put = put_in_place(demands, switch.to, f"{way.kind.value}:{switch.number}:to")
        ready_s = verify_running(demands)
    except Fault as fault:
        return _taken_back(way, switch, held, fault.reason)
    return _done(way, switch, put, held, ready_s)


def _done(way: Way, switch: Switch, put: Put, held: str, ready_s: int | None) -> Outcome:
    lost = _ended(way, switch, SwitchState.DONE)
    return way.contract.says(
        Status.FAIL if lost else Status.OK,
        lost.reason if lost else None,
        **way.said,
        now=switch.to,
        held=held,
        stopped=put.stopped.how,
        stop_s=put.stopped.seconds,
        pid=put.healthy.pid,
        healthy_s=put.healthy.seconds,
        ready_s=ready_s,
        unrecorded=lost.reason if lost else None,
    )


def _taken_back(way: Way, switch: Switch, held: str, why: str) -> Outcome:
    """The release before in its place again and seen good; what does not even come up in HOLD is ended."""
    demands = way.demands
    fault_of(lambda: note_turning_back(switch, why))  # the way back is taken also when the database is gone
    not_up = fault_of(lambda: put_in_place(demands, switch.before, f"{way.kind.value}:{switch.number}:back"))
    not_good = not_up or fault_of(lambda: verify_running(demands))
    if not_up:
        fault_of(lambda: stop_service(demands.place))
    lost = _ended(way, switch, SwitchState.FAILED if not_up else SwitchState.TAKEN_BACK, why)
    return way.contract.says(
        Status.FAIL,
        "back_failed" if not_up else "release_failed",
        **way.said,
        now=read_link(demands.place.folder),
        held=held,
        why=why,
        back="failed" if not_up else "unverified" if not_good else "verified",
        back_why=not_good.reason if not_good else None,
        unrecorded=lost.reason if lost else None,
    )


def _ended(way: Way, switch: Switch, state: SwitchState, why: str | None = None) -> Fault | None:
    """Write down how it ended; what stands against that as a value, for the line has to be said all the same."""

    def write() -> None:
        end_switch(switch, state, words_after(switch, state, way.found, why), utc_now())
        _journalled(way, switch, state.value, **({"why": why} if why else {}))

    return fault_of(write)


def _journalled(way: Way, switch: Switch, what: str, **facts: str) -> None:
    word = "rollback" if switch.kind is SwitchKind.BACK else "release_deploy"
    kind = word if what == "begun" else f"{word}_{what}"
    key = f"{word}:{switch.number}:{what}"
    record_shift(kind, subject=way.demands.service, key=key, before=switch.before, to=switch.to, **facts)


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
