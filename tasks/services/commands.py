"""Starting and stopping a declared service by its own processes: remembered, verified, with its log kept."""

import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import psutil

from tasks.files import replace_file
from tasks.folders import alone_in, disk_faults
from tasks.rules.faults import Fault, Refused
from tasks.rules.services.declaration import Service
from tasks.services.answers import healthy_after_ms
from tasks.services.declared import environment_of, own_values
from tasks.services.processes import (
    MARK,
    Holder,
    Started,
    end_family,
    family_of,
    holders_of,
    wait_until_free,
)
from tasks.step import step

_PAUSE_S = 0.1
_PORT_WAIT_S = 5.0
_ROOT = Path(__file__).parents[2]
log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Place:
    """A declared service and the folder of its declaration, in which its commands run."""

    service: Service
    folder: Path

    @property
    def own(self) -> Path:
        """Where its memory and its logs are."""
        return self.folder / ".watchkeeper" / "services" / self.service.name


@dataclass(frozen=True, slots=True)
class Stopped:
    """How it was ended: `none` was running, `asked`, `command`, or `killed`."""

    how: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Healthy:
    pid: int
    health_ms: float
    seconds: float


@contextmanager
def alone_with(place: Place) -> Iterator[None]:
    """Be the only one who starts or stops this service; a killed run frees it."""
    with disk_faults("artifact_not_written"):
        place.own.mkdir(parents=True, exist_ok=True)
    with alone_in(place.own):
        yield


@step
def check_before(place: Place) -> None:
    """Refuse before anything is touched: no start command, no env file, a port that somebody else holds."""
    service = place.service
    if not service.start:
        raise Refused("no_start_command", "declare start for this service, or deploy it with docker-deploy")
    own_values(service, place.folder)
    if not service.stop:
        refuse_foreign(service, remembered(place))


@step(retries=0)  # safe to repeat: what is gone stays gone
def stop_service(place: Place) -> Stopped:
    """End all that the last start led to, by its own stop command first; seen gone, and the port free."""
    began, service, started = monotonic(), place.service, remembered(place)
    how = "none"
    if service.stop and (family_of(started) or holders_of(service.port)):
        _run_stop(place)
        how = "command" if _is_over(service, started) else how
    if started and (ended := end_family(started, service.stop_grace_s)) != "none":
        how = ended
    if how == "alive":
        raise Fault("not_stopped", "its processes do not end even when killed; look at the machine")
    if not wait_until_free(service.port, _PORT_WAIT_S):
        refuse_foreign(service, None)
    return Stopped(how, round(monotonic() - began, 3))


def _is_over(service: Service, started: Started | None) -> bool:
    """Whether the stop command was enough, looked at for the grace period."""
    until = monotonic() + service.stop_grace_s
    while family_of(started) or holders_of(service.port):
        if monotonic() >= until:
            return False
        sleep(_PAUSE_S)
    return True


def _run_stop(place: Place) -> None:
    """The declared stop command; however it ends, what counts is whether the service is gone."""
    try:
        subprocess.run(
            place.service.stop,
            cwd=place.folder,
            env=environment_of(place.service, place.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=place.service.stop_grace_s,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("stop command: %s", type(error).__name__)


@step(retries=0)  # whoever wants it started again starts the procedure again, which ends this start first
def start_service(place: Place) -> Started:
    """Start it in a session of its own; its mark is on the disk before it is, its pid and start time after."""
    service = place.service
    refuse_foreign(service, None)
    intended = Started(uuid.uuid4().hex)
    _remember(place, intended)
    process = _launch(place, intended.mark)
    started = Started(intended.mark, process.pid, _birth_of(process.pid))
    _remember(place, started)
    return started


def _launch(place: Place, mark: str) -> "subprocess.Popen[bytes]":
    environment = environment_of(place.service, place.folder)
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tasks.services.log_keeper", str(place.own.absolute() / "service.log")],
        cwd=_ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return subprocess.Popen(
            place.service.start,
            cwd=place.folder,
            env=environment | {MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=keeper.stdin,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # neither the end of this run nor of its terminal reaches it
        )
    except (OSError, ValueError) as error:
        log.warning("start command: %s", error)
        raise Fault("not_started", f"correct the start command ({type(error).__name__})") from None
    finally:
        if keeper.stdin:
            keeper.stdin.close()


def _birth_of(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


@step(retries=0)  # the deadline counts from the start
def await_health(place: Place, started: Started) -> Healthy:
    """Ask /health until it is good and the listener is of this start, or the service's deadline is over."""
    service, began = place.service, monotonic()
    while monotonic() - began < service.health_timeout_s:
        listeners = holders_of(service.port)  # before the family: who is born in between is one of it
        family = {process.pid for process in family_of(started)}
        if not family:
            raise Fault("ended_early", "it ended by itself; its log says why", log="service.log")
        if foreign := [one for one in listeners if one.pid not in family]:
            raise _taken(foreign[0])
        if listeners and (took_ms := healthy_after_ms(service.health)) is not None:
            return Healthy(listeners[0].pid or 0, took_ms, round(monotonic() - began, 3))
        sleep(_PAUSE_S)
    raise Fault("health_timeout", "it runs and is not healthy; its log says why", log="service.log")


def refuse_foreign(service: Service, started: Started | None) -> None:
    """Refuse if somebody listens on the port who is not of this start."""
    holders = holders_of(service.port)
    family = {process.pid for process in family_of(started)} if holders else set()
    if foreign := [one for one in holders if one.pid not in family]:
        raise _taken(foreign[0])


def _taken(holder: Holder) -> Refused:
    return Refused(
        "port_taken",
        "somebody else listens on the port; end that, or declare a stop command that ends it",
        held_by=holder.name,
        pid=holder.pid,
    )


def remembered(place: Place) -> Started | None:
    """The last start, if there was one; a file that is none is refused, never taken for nothing."""
    try:
        return Started(**json.loads((place.own / "started.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        log.warning("memory of the start: %s", type(error).__name__)
        raise Refused(
            "memory_invalid", "started.json of this service is damaged; end it by hand, remove it"
        ) from None


def started_at(place: Place) -> datetime | None:
    """When we started it last; None if we never did."""
    try:
        return datetime.fromtimestamp((place.own / "started.json").stat().st_mtime, UTC)
    except OSError:
        return None


def _remember(place: Place, started: Started) -> None:
    with disk_faults("artifact_not_written"):
        replace_file(place.own / "started.json", json.dumps(asdict(started)).encode())
