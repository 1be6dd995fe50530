"""Reading the notes of a release, which must name the evidence that it rests on."""

import logging
from pathlib import Path

from tasks.step import step

_LONGEST = 4 << 20
log = logging.getLogger("prefect.watchkeeper")


@step
def read_notes(file: Path) -> str | None:
    """The text; None if there is none that can be read."""
    try:
        if not file.is_file() or file.stat().st_size > _LONGEST:
            return None
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        log.warning("release notes: %s", type(error).__name__)
        return None
