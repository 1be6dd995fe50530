"""The JSON artifacts in a folder: read against their schema, and written only if they keep to it."""

import logging
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path

from tasks.artifact_reading import read_document
from tasks.clock import frozen_now, stamp, utc_now
from tasks.files import replace_file
from tasks.folders import disk_faults
from tasks.rules.acceptance import Reading
from tasks.rules.artifacts import Json, canonical_json
from tasks.step import step

LARGEST = 64 << 20
log = logging.getLogger("prefect.watchkeeper")


@step
def read_documents(folder: Path, names: Collection[str]) -> dict[str, Reading]:
    """Each file as its schema sees it, in the order of the names."""
    return {name: _read(folder / name) for name in names}


def _read(path: Path) -> Reading:
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()) or path.stat().st_size > LARGEST:
            return Reading(problems=("unreadable",))
        return read_document(path.name, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Reading(problems=("missing",))
    except OSError as error:
        log.warning("artifact: %s", error)
        return Reading(problems=("unreadable",))


@step(retries=0)  # safe to repeat: it replaces the file as a whole
def write_document(folder: Path, name: str, document: Mapping[str, Json], *, time_key: str = "ts") -> None:
    """Put the document into the folder with its time and its maker; what its own readers would refuse is a crash."""
    content = canonical_json({**document, time_key: int(utc_now().timestamp()), "runtime": _runtime()})
    if problems := read_document(name, content).problems:
        raise ValueError(f"{name} would be refused: {', '.join(problems)}")
    with disk_faults("artifact_not_written"):
        replace_file(folder / name, content)


@step(retries=0)  # safe to repeat: it replaces the file as a whole
def write_page(folder: Path, name: str, lines: Collection[str]) -> None:
    """Put a page for people beside it: ASCII, LF, one newline at its end."""
    with disk_faults("artifact_not_written"):
        replace_file(folder / name, ("\n".join(lines).strip("\n") + "\n").encode("ascii", "backslashreplace"))


def _runtime() -> dict[str, Json]:
    frozen = frozen_now()
    about: dict[str, Json] = {"utc": stamp(utc_now()), "version": version("watchkeeper")}
    return about | ({"frozen_now": stamp(frozen)} if frozen else {})
