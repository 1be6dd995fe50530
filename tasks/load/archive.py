"""Reading the evidence of earlier validations that lies beside the new one."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from tasks.artifact_reading import read_document
from tasks.rules.load.archive import Archived, last_of
from tasks.rules.load.comparison import Before
from tasks.rules.load.evidence import FILE_END
from tasks.step import step

LARGEST = 16 << 20
MOST = 100
log = logging.getLogger("prefect.watchkeeper")


@step
def last_in_archive(folder: Path, key: str, now: datetime) -> tuple[Before | None, tuple[str, ...]]:
    """The newest accepted evidence of this configuration, and what could not be believed as `file:reason`."""
    return last_of(read_archive(folder), key, now)


def read_archive(folder: Path) -> list[Archived]:
    """Every `<timestamp>_phase5_load.json` of the folder as its schema sees it; of very many the newest by name."""
    files = sorted(folder.glob(f"*{FILE_END}"), reverse=True)[:MOST]
    return [_read(file) for file in files]


def _read(file: Path) -> Archived:
    try:
        status = file.stat()
        written = datetime.fromtimestamp(status.st_mtime, UTC)
        if not file.is_file() or status.st_size > LARGEST:
            return Archived(file.name, written, {}, ("unreadable",))
        reading = read_document(file.name, file.read_bytes())
    except OSError as error:
        log.warning("evidence: %s", error)
        return Archived(file.name, datetime.now(UTC), {}, ("unreadable",))
    return Archived(file.name, written, reading.document or {}, reading.problems)
