"""The release that is in use, looked at while it runs, and the word on it."""

from dataclasses import dataclass, replace

from flows.guard.switching import Demands, fault_of, verify_running
from tasks.clock import utc_now
from tasks.records.shift import record_shift
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.rollback import Standing, Word
from tasks.rules.outcome import Value
from tasks.runtime.after_start import base_at
from tasks.runtime.release_identity import check_as_started, identify
from tasks.runtime.release_link import check_release, check_runs_by_link, has_releases, listener_of, read_link
from tasks.runtime.release_memory import note_release
from tasks.runtime.starting import SERVICE
from tasks.services.commands import Place, alone_with


@dataclass(frozen=True, slots=True)
class Running:
    """The release that runs, and its process: another start of it is another one."""

    name: str
    pid: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the release in use has shown of itself, and what it failed by."""

    word: Word
    fault: Fault | None

    @property
    def is_good(self) -> bool:
        return self.fault is None


def look_at_release(demands: Demands) -> Seen:
    """Verify what runs."""
    name = _running(demands.place).name
    fault = fault_of(lambda: verify_running(demands))
    standing = Standing.FAILED if fault else Standing.PASSED
    return Seen(Word(name, standing, identify(demands.place, name)), fault)


def _running(place: Place) -> Running:
    """Refused where it is not certain that the release in use is what runs."""
    name: str = read_link(place.folder)
    check_release(place.folder, name)
    check_runs_by_link(place.folder, place.service.port)
    check_as_started(place, name)
    return Running(name, listener_of(place.service.port))


def record_release(service: str, word: Word) -> None:
    number = note_release(service, word, utc_now())
    key = f"release:{service}:{number}"
    record_shift("release", subject=service, key=key, release=word.name, standing=word.standing.value)


def record_if_good(demands: Demands) -> None:
    """What runs is recorded before it is left, if it is good at this moment; nothing of it stands against leaving."""

    def look() -> None:
        seen = look_at_release(replace(demands, ready_wait_s=0))
        if seen.is_good:
            record_release(demands.service, seen.word)

    fault_of(look)


def release_started(place: Place, pid: int, ready_wait_s: int, *, needs_readiness: bool) -> dict[str, Value]:
    """What is said of the release of a runtime that was just started: verified, and recorded if it is good.

    While readiness is waited for nobody is kept from the service, a rollback least of all.
    """
    if not _has_releases(place):
        return {}
    try:
        verify_running(Demands(place, base_at("", place.service.port), ready_wait_s, needs_readiness))
        with alone_with(place):
            return release_verified(place, pid)
    except Fault as fault:
        return _unverified(fault)


def release_verified(place: Place, pid: int | None = None) -> dict[str, Value]:
    """What is said of the release in use after all that was looked at is good; the caller is alone with the service.

    Nothing for what is not the runtime or has no releases. Never a fault: what runs, runs. Only good is recorded:
    that a release does not get ready may be the market's fault, and then it would be lost as one to go back to.
    `pid` is whose answers were looked at, if anybody could have started another one since.
    """
    if not _has_releases(place):
        return {}
    try:
        running = _running(place)
        if pid not in (None, running.pid):
            raise Refused("switched_meanwhile", "another start is in use by now; whoever made it looks at it")
        word = Word(running.name, Standing.PASSED, identify(place, running.name))
    except Fault as fault:
        return _unverified(fault)
    lost = fault_of(lambda: record_release(place.service.name, word))
    standing = "unrecorded" if lost else word.standing.value
    return {"release": word.name, "standing": standing, "why": lost.reason if lost else None}


def _has_releases(place: Place) -> bool:
    return place.service.name == SERVICE and has_releases(place.folder)


def _unverified(fault: Fault) -> dict[str, Value]:
    return {"standing": "unverified", "why": fault.reason}
