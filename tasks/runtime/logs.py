"""The end of a log, for a look at what it complains of."""

import os
from pathlib import Path

from tasks.rules.faults import Fault, Refused
from tasks.step import step

_MOST = 8 << 20


@step
def last_lines(path: Path) -> tuple[str, ...]:
    """The last lines of the log, 8 MiB of it at most."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST))
            return tuple(file.read().decode("utf-8", "replace").splitlines())
    except FileNotFoundError:
        raise Refused(
            "log_missing", "there is no such log; the runtime writes to stdout unless told otherwise"
        ) from None
    except OSError as error:
        raise Fault("log_unreadable", f"the log cannot be read ({type(error).__name__})") from None
