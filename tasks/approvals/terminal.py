"""The terminal of the machine: where secrets are shown and codes are typed, and nothing of it is kept.

It is opened by itself, past stdout, stderr and whatever they are redirected to. A run of a deployment has none.
"""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from uuid import UUID

from prefect.runtime import deployment, flow_run

from tasks.rules.faults import Refused
from tasks.settings import is_set

DEVICE = "/dev/tty"
_RUN_OF_WORKER = "PREFECT__FLOW_RUN_ID"
_OTHER_SCREEN, _FIRST_SCREEN = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[?1049l"


def is_by_hand() -> bool:
    """Whether this run was started by a command; a deployment's was by a click, a call or a clock."""
    # A part of a deployment's run has no deployment of its own; the worker names the run in the environment.
    return deployment.id is None and not is_set(_RUN_OF_WORKER)


def run_id() -> UUID | None:
    """The run of a deployment, which comes back under its number after it was suspended; None by hand."""
    return None if is_by_hand() else UUID(str(flow_run.id))


@contextmanager
def terminal() -> Iterator["Terminal"]:
    """The terminal of the person who started this; refused where there is none."""
    if not is_by_hand():
        raise Refused("by_hand_only", "start it in a terminal of the machine: watchkeeper --help")
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise Refused(
            "no_terminal", "start it in a terminal of the machine, not from a script or a service"
        ) from None
    with os.fdopen(descriptor, "r+b", buffering=0) as device:
        if not device.isatty():
            raise Refused("no_terminal", "start it in a terminal of the machine, not from a script or a service")
        yield Terminal(device)


class Terminal:
    def __init__(self, device: IO[bytes]) -> None:
        self._device = device

    def say(self, text: str) -> None:
        self._device.write(text.encode() + b"\r\n")

    def ask(self, question: str) -> str:
        """What is typed, seen while it is typed; empty at the end of input."""
        self._device.write(question.encode())
        return self._device.readline().decode(errors="replace").strip()

    def ask_code(self, question: str) -> str:
        """The same without showing it; blanks that apps put into codes are left out."""
        with self._unseen():
            typed = self.ask(question)
        self._device.write(b"\r\n")
        return "".join(typed.split())

    @contextmanager
    def other_screen(self) -> Iterator[None]:
        """A screen that is gone, with its scrollback, when the block ends."""
        self._device.write(_OTHER_SCREEN.encode())
        try:
            yield
        finally:
            self._device.write(_FIRST_SCREEN.encode())

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        before = termios.tcgetattr(self._device)
        silent = termios.tcgetattr(self._device)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(self._device, termios.TCSADRAIN, silent)
        try:
            yield
        finally:
            termios.tcsetattr(self._device, termios.TCSADRAIN, before)
