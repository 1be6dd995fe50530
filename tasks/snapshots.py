"""Keep what was there when something failed: one archive of the artifacts, the tail of the journal, a manifest."""

import logging
import os
from pathlib import Path

from tasks.archives import pack, publish, unfinished_folder
from tasks.clock import utc_now
from tasks.folders import walk
from tasks.rules.archiving import Archived, Caps, caps_for, select
from tasks.rules.faults import Fault, Refused
from tasks.rules.snapshot import TAIL_BYTES, TAIL_FILE, tail_of
from tasks.settings import settings
from tasks.step import step

FAILURES = "failures"
FAST = caps_for(fast=True, max_files=None, max_mb=None)
log = logging.getLogger("prefect.watchkeeper")


@step
def read_tail(journal: Path) -> bytes:
    """The last lines of the journal, however long it is and however its last line ends."""
    try:
        with journal.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            return tail_of(file.read(), whole=size <= TAIL_BYTES)
    except FileNotFoundError:
        raise Refused("journal_missing", "there is no such journal; correct --journal") from None
    except OSError as error:
        raise Fault("journal_missing", f"the journal cannot be read ({type(error).__name__})") from None


@step(retries=0)  # safe to repeat: the second time it is there already
def take_snapshot(
    source: Path, name: str, caps: Caps, tail: bytes | None = None, journal: str = ""
) -> Archived | None:
    """Keep the folder as `failures/<name>`; None if that was done before. Earlier snapshots and archives stay out."""
    target = source / FAILURES / name
    if target.exists():
        return None
    selection = select(walk(source, [journal] if journal else ()), caps)
    with unfinished_folder(source / FAILURES) as folder:
        beside = None if tail is None else {TAIL_FILE: tail}
        done = pack(source, folder, selection.chosen, selection.skipped, caps, beside)
        return publish(done, folder, target)


def snapshot_failure(procedure: str) -> None:
    """Keep the artifacts of this moment because a procedure failed; what goes wrong here is logged and nothing more.

    For `procedure(on_bad=...)`: the failure that is being reported stays the one that is seen.
    """
    try:
        place = settings().artifacts_url
        if "://" not in place and Path(place).is_dir():  # a store elsewhere keeps versions of its own
            take_snapshot.fn(Path(place), f"{utc_now():%Y-%m-%d_%H%M%S}-{procedure}", FAST)
    except (Fault, OSError) as trouble:
        log.warning("no snapshot of the failure: %s", trouble)
