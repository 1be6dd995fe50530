"""Which processes are ours, who listens on a port, and how a family of processes is ended for certain.

A process is ours by pid *and* start time, or by the mark that stands in its environment: a mark is written down
before anything is started, so that a start that was killed half-way is found again, its detached children too.
"""

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from time import monotonic, sleep

import psutil

MARK = "WATCHKEEPER_STARTED"
_CLOCK_SLACK_S = 1.0
_LAST_PATIENCE_S = 10.0
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Started:
    """What is remembered of a start; without a pid it was broken off before there was one, or just after."""

    mark: str
    pid: int | None = None
    started: float | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who listens on a port; a process of another user may have neither pid nor name for us."""

    pid: int | None
    name: str


def family_of(started: Started | None) -> list[psutil.Process]:
    """Every living process that this start has led to."""
    if started is None:
        return []
    found = {process.pid: process for process in psutil.process_iter() if _is_marked(process, started.mark)}
    if first := _remembered(started):
        for process in (first, *_children(first)):
            found.setdefault(process.pid, process)
    return [process for process in found.values() if _is_alive(process)]


def _is_marked(process: psutil.Process, mark: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK) == mark
    return False


def _remembered(started: Started) -> psutil.Process | None:
    if started.pid is None or started.started is None:
        return None
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(started.pid)
        return process if abs(process.create_time() - started.started) < _CLOCK_SLACK_S else None
    return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def holders_of(port: int) -> list[Holder]:
    """Whoever listens on the TCP port, on whatever address."""
    found = _holders(port)
    # Who began to listen between the two tables that are read has no pid in them yet: then they are read again.
    return list((_holders(port) if None in found else found).values())


def _holders(port: int) -> dict[int | None, Holder]:
    found: dict[int | None, Holder] = {}
    for one in psutil.net_connections(kind="tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port:
            found[one.pid] = Holder(one.pid, _name_of(one.pid))
    return found


def _name_of(pid: int | None) -> str:
    name = ""
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            name = psutil.Process(pid).name()
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)[:40] or "unknown"


def wait_until_free(port: int, wait_s: float) -> bool:
    """Whether nobody listens on the port, looked at again and again for so long."""
    until = monotonic() + wait_s
    while holders_of(port):
        if monotonic() >= until:
            return False
        sleep(_PAUSE_S)
    return True


def end_family(started: Started, grace_s: float) -> str:
    """End all of it and see it gone: `none` was there, `asked` was enough, it was `killed`; `alive` if it stays."""
    family = family_of(started)
    if not family:
        return "none"
    _signal_all(family, signal.SIGTERM)
    if not _left_after(family, grace_s) and not family_of(started):
        return "asked"
    _kill_until_gone(started)
    return "alive" if family_of(started) else "killed"


def _kill_until_gone(started: Started) -> None:
    """Again and again, because a process may start another while it is looked at."""
    until = monotonic() + _LAST_PATIENCE_S
    while (family := family_of(started)) and monotonic() < until:
        _signal_all(family, signal.SIGKILL)
        _left_after(family, 1)


def _left_after(family: Collection[psutil.Process], wait_s: float) -> list[psutil.Process]:
    """Who lives on after so long; not waited for is the one who is over and whose parent has not looked yet."""
    until = monotonic() + wait_s
    while (living := _living(family)) and (left_s := until - monotonic()) > 0:
        psutil.wait_procs(living, timeout=min(_PAUSE_S, left_s))
    return living


def _signal_all(family: Collection[psutil.Process], number: signal.Signals) -> None:
    """To their process groups, so far as these are theirs alone, and to each of them."""
    members = {process.pid for process in family}
    for group in members & set(_groups(family)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _groups(family: Collection[psutil.Process]) -> Iterator[int]:
    for process in family:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            yield os.getpgid(process.pid)


def _living(processes: Collection[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if _is_alive(process)]
