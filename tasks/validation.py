"""The checks of a validation as processes of their own: side by side, with limits, each with its log."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO

from tasks.clock import utc_now
from tasks.declarations import read_declaration
from tasks.files import replace_file
from tasks.folders import alone_in, disk_faults
from tasks.progress import progress
from tasks.rules.faults import Refused
from tasks.rules.redaction import scrub
from tasks.rules.validation import Check, Ran, checks_of
from tasks.settings import child_environment, is_set, known_secrets
from tasks.step import step

LOGS_KEPT = 5
LOG_BYTES = 1 << 20
_GRACE_S = 5
# The runbook's. MM_FREEZE_UTC is for checks that know it; our own clock does not, so nothing of ours is dated 1970.
_FIXED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TZ": "UTC", "LANG": "C", "LC_ALL": "C", "MM_FREEZE_UTC": "1"}
log = logging.getLogger("prefect.watchkeeper")


@step
def read_checks(path: Path) -> tuple[Check, ...]:
    """The checks that the file declares."""
    try:
        return read_declaration(
            path, checks_of, "the file of checks", unread="config_missing", invalid="config_invalid"
        )
    except FileNotFoundError:
        raise Refused("config_missing", "give --config the file that declares the checks") from None


@step(retries=0)  # checks may write; whoever wants them again starts the procedure again
def run_checks(checks: Sequence[Check], folder: Path, logs: Path, at_once: int) -> list[Ran]:
    """Run them in the folder, at most so many at a time; results in the order of the checks, a log for each.

    If this process is told to end, so are all of theirs.
    """
    with disk_faults("artifact_not_written"):
        logs.mkdir(parents=True, exist_ok=True)
        with alone_in(logs), progress("full-validate", len(checks)) as advance, ThreadPoolExecutor(at_once) as pool:
            runner = _Runner(folder, logs, f"{utc_now():%Y%m%d_%H%M%S}")
            try:
                results = []
                for future in [pool.submit(runner.run, check) for check in checks]:
                    results.append(future.result())
                    advance(1)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                runner.end_all()
                raise
    return results


@dataclass
class _Runner:
    """Starts checks, knows which of them are still running, and ends them."""

    folder: Path
    logs: Path
    stamp: str
    ending: Event = field(default_factory=Event)
    running: set["subprocess.Popen[bytes]"] = field(default_factory=set)

    def run(self, check: Check) -> Ran:
        began = monotonic()
        with tempfile.TemporaryFile() as output:
            details = self._ended_how(check, output)
            self._keep_log(check.name, output)
        return Ran(check.name, details, round(monotonic() - began, 3))

    def _ended_how(self, check: Check, output: IO[bytes]) -> str:
        if self.ending.is_set():
            return "not_started"
        try:
            process = subprocess.Popen(
                check.command,
                cwd=self.folder,
                env=_environment(check),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, so that its children end with it
            )
        except (OSError, ValueError) as error:
            log.warning("check %s: %s", check.name, error)
            return "not_started"
        self.running.add(process)
        try:
            code = process.wait(check.timeout_s)
        except subprocess.TimeoutExpired:
            return "timed_out"
        finally:
            _end(process)
            self.running.discard(process)
        return f"exit_{code}" if code >= 0 else f"signal_{-code}"

    def _keep_log(self, name: str, output: IO[bytes]) -> None:
        """The end of what it said, without secrets; of older logs the newest stay."""
        output.seek(max(0, output.seek(0, os.SEEK_END) - LOG_BYTES))
        text = scrub(output.read().decode("utf-8", "replace"), known_secrets())
        replace_file(self.logs / f"{name}.{self.stamp}.log", text.encode())
        for old in sorted(self.logs.glob(f"{name}.[0-9]*.log"))[:-LOGS_KEPT]:
            old.unlink(missing_ok=True)

    def end_all(self) -> None:
        self.ending.set()
        for process in list(self.running):
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group: asked first, then made to; what is gone already is fine."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _environment(check: Check) -> dict[str, str]:
    """The fixed environment where nothing else was set, then the check's own; our tools come first on the path.

    What Prefect tells a run about itself is left out: a check is not this run.
    """
    own = {name: value for name, value in child_environment().items() if not name.startswith("PREFECT__")}
    fixed = {name: value for name, value in _FIXED.items() if not is_set(name)}
    path = os.pathsep.join((str(Path(sys.executable).parent), own.get("PATH", os.defpath)))
    return {**own, **fixed, "PATH": path, **check.env}
