"""What turns a fork of the warm engine into a process that the client might have started itself."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_PR_SET_PDEATHSIG = 1
_DEFAULTS = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True)
class Run:
    """What a client handed over: the process that the run is to be."""

    environ: dict[str, str]
    cwd: str
    argv: list[str]
    umask: int
    streams: list[int]

    @classmethod
    def of(cls, request: Mapping[str, Any], streams: list[int]) -> Self:
        return cls(request["environ"], request["cwd"], request["argv"], request["umask"], streams)


def become(run: Run) -> None:
    """Take over streams, environment, folder and search path, and forget how the engine answers signals."""
    os.setsid()
    for number in _DEFAULTS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for standard, handed in enumerate(run.streams):
        os.dup2(handed, standard)
    _search_from(run)
    os.environ.clear()
    os.environ.update(run.environ)
    os.umask(run.umask)
    _enter(run.cwd)
    time.tzset()
    sys.argv[1:] = run.argv


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as refused:  # the engine would take an OSError for one of its own and go on in this process
        raise SystemExit(f"the run cannot enter its working folder: {refused.strerror}") from None


def _search_from(run: Run) -> None:
    """Python's own rule for `python -m`: the folder, then PYTHONPATH, then what belongs to the interpreter."""
    engine = [sys.path[0], *_python_path(os.environ)]
    installed = [entry for entry in sys.path if entry not in engine]
    sys.path[:] = [run.cwd, *_python_path(run.environ), *installed]


def _python_path(environ: Mapping[str, str]) -> list[str]:
    return [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process with the engine: a run without it could no longer be ended by the worker."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
