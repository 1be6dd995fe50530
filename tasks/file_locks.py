"""A lock on an open file that the kernel frees when its holder dies (flock)."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.rules.faults import LockHeld

_WAIT_S = 30.0
_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.002


@contextmanager
def file_locked(descriptor: int, *, shared: bool = False, wait_s: float = _WAIT_S) -> Iterator[None]:
    """Hold the file while the block runs; whoever waits longer than `wait_s` seconds gets `LockHeld`.

    Asked again and again instead of waiting in the kernel: a writer that was stopped must not hang everybody else.
    """
    _acquire(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, wait_s)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _acquire(descriptor: int, kind: int, wait_s: float) -> None:
    deadline, pause = time.monotonic() + wait_s, _FIRST_PAUSE_S
    while True:
        try:
            return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockHeld("another_writer", None) from None
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
