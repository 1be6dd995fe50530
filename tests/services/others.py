"""Processes of somebody else, which are gone when the test is."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def somebody_else(program: str | Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A service on the port that nobody of ours has started."""
    with ended(subprocess.Popen([sys.executable, str(program), str(port)], stdout=subprocess.DEVNULL)) as process:
        yield process
