"""Processes that outlive the command that started them, and are ended by pid *and* start time.

A pid alone may belong to somebody else by the time `make down` runs; a process is ours only if it also started when
we wrote down that it did.
"""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

_CLOCK_SLACK_S = 1.0
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Child:
    pid: int
    started: float

    @property
    def process(self) -> psutil.Process | None:
        """The process if it is still the one that we started."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_SLACK_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True)
class Stack:
    """What `up` has started so far; written down after each step, so that a broken-off `up` is understood."""

    port: int
    children: dict[str, Child] = field(default_factory=dict)

    def alive(self, name: str) -> bool:
        child = self.children.get(name)
        return child is not None and child.process is not None


def read_stack(home: Path) -> Stack | None:
    try:
        held = json.loads((home / "stack.json").read_text(encoding="utf-8"))
        return Stack(held["port"], {name: Child(**child) for name, child in held["children"].items()})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_stack(home: Path, stack: Stack) -> None:
    fresh = home / f"stack.json.{os.getpid()}"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(stack), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home / "stack.json")


def forget_stack(home: Path) -> None:
    (home / "stack.json").unlink(missing_ok=True)


def launch(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Child:
    """Start a process in a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A background job of a shell ignores SIGINT, and its children would inherit that: a worker needs it to end.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(process.pid, psutil.Process(process.pid).create_time())


def end(child: Child) -> bool:
    """End a child and what it has started itself; ask first, insist after ten seconds. False if it was gone."""
    process = child.process
    if process is None:
        return False
    family = [process, *process.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, stubborn = psutil.wait_procs(family, timeout=_PATIENCE_S)
    for member in stubborn:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(stubborn, timeout=_PATIENCE_S)
    return True
