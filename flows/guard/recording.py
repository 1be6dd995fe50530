"""The release that is in use, looked at while it runs, and the word on it."""

from collections.abc import Callable
from dataclasses import dataclass

from flows.guard.switching import Demands, fault_of, verify_running
from tasks.clock import utc_now
from tasks.records.shift import record_shift
from tasks.rules.faults import Fault
from tasks.rules.guard.rollback import Standing, Word
from tasks.rules.outcome import Value
from tasks.runtime.after_start import base_at
from tasks.runtime.release_identity import check_as_started, identify
from tasks.runtime.release_link import check_release, check_runs_by_link, has_releases, read_link
from tasks.runtime.release_memory import note_release
from tasks.runtime.starting import SERVICE
from tasks.services.commands import Place


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
    name = _release_that_runs(demands.place)
    fault = fault_of(lambda: verify_running(demands))
    standing = Standing.FAILED if fault else Standing.PASSED
    return Seen(Word(name, standing, identify(demands.place, name)), fault)


def _release_that_runs(place: Place) -> str:
    """Its name; refused where it is not certain that the release in use is what runs."""
    name: str = read_link(place.folder)
    check_release(place.folder, name)
    check_runs_by_link(place.folder, place.service.port)
    check_as_started(place, name)
    return name


def record_release(service: str, word: Word) -> None:
    number = note_release(service, word, utc_now())
    key = f"release:{service}:{number}"
    record_shift("release", subject=service, key=key, release=word.name, standing=word.standing.value)


def release_started(place: Place, ready_wait_s: int, *, needs_readiness: bool) -> dict[str, Value]:
    """What is said of the release of a runtime that was just started: verified, and recorded if it is good."""

    def verify() -> None:
        verify_running(Demands(place, base_at("", place.service.port), ready_wait_s, needs_readiness))

    return release_verified(place, verify)


def release_verified(place: Place, verify: Callable[[], None] = lambda: None) -> dict[str, Value]:
    """What is said of the release in use when all that was looked at is good; without `verify` that was done.

    Nothing for what is not the runtime or has no releases. Never a fault: what runs, runs. Only good is recorded:
    that a release does not get ready may be the market's fault, and then it would be lost as one to go back to.
    """
    if place.service.name != SERVICE or not has_releases(place.folder):
        return {}
    name = word = None
    try:
        name = _release_that_runs(place)
        verify()
        word = Word(name, Standing.PASSED, identify(place, name))
        record_release(place.service.name, word)
    except Fault as fault:
        return {"release": name, "standing": "unrecorded" if word else "unverified", "why": fault.reason}
    return {"release": name, "standing": word.standing.value}
