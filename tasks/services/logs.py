"""Logs of what has ended: its last words, without secrets, a few of each kind."""

from pathlib import Path

from tasks.clock import utc_now
from tasks.files import replace_file
from tasks.folders import disk_faults
from tasks.rules.redaction import scrub
from tasks.settings import known_secrets

LOGS_KEPT = 5
LOG_BYTES = 1 << 20


def keep_log(folder: Path, kind: str, said: bytes, secrets: list[str], of: str) -> str:
    """Put the end of it into `<kind>.<time>.<of>.log` and return that name; of older ones the newest stay."""
    text = scrub(said[-LOG_BYTES:].decode("utf-8", "replace"), [*known_secrets(), *secrets])
    name = f"{kind}.{utc_now():%Y%m%d_%H%M%S}.{of}.log"
    with disk_faults("artifact_not_written"):
        replace_file(folder / name, text.encode())
        for old in sorted(folder.glob(f"{kind}.[0-9]*.log"))[:-LOGS_KEPT]:
            old.unlink(missing_ok=True)
    return name
