"""The artifacts door: every file a procedure leaves goes through here, to the place that ARTIFACTS_URL names.

A folder by default; with several machines any store that fsspec knows (`s3://bucket/prefix`), so that no procedure
cares where it runs. A reader sees the old file or the new one, never a half-written one.
"""

import contextlib
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from tasks.rules.artifacts import is_artifact_name
from tasks.rules.faults import Fault, Refused, Unreachable
from tasks.settings import settings

log = logging.getLogger("prefect.watchkeeper")


def write_artifact(name: str, data: bytes | str) -> str:
    """Store the data under the name, replacing what was there in one move; returns where it now is.

    On a folder: own temporary name, fsync, rename, fsync of the folder. Text is written as UTF-8.
    """
    content = data.encode() if isinstance(data, str) else data
    store, path = _place(name)
    with _translated("artifact_not_written"):
        if isinstance(store, LocalFileSystem):
            replace_file(Path(path), content)
            return path
        store.pipe_file(path, content)
        return str(store.unstrip_protocol(path))


def read_artifact(name: str) -> bytes | None:
    """What is stored under the name; None if nothing is."""
    store, path = _place(name)
    with _translated("artifact_not_read"):
        try:
            return bytes(store.cat_file(path))
        except FileNotFoundError:
            return None


def _place(name: str) -> tuple[fsspec.AbstractFileSystem, str]:
    if not is_artifact_name(name):
        raise Refused("invalid_artifact_name", "a name is plain parts (letters, digits, _ . -) with / between them")
    with _translated("artifact_not_written"):
        store, root = fsspec.core.url_to_fs(settings().artifacts_url)
    return store, f"{root.rstrip('/')}/{name}"


def replace_file(path: Path, content: bytes) -> None:
    """Put the content at the path in one move that survives a power cut; nothing half-written is ever left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _translated(reason: str) -> Iterator[None]:
    """Turn what the store raises into a fault; its text stays in the scrubbed log, the path is not named."""
    try:
        yield
    except (ConnectionError, TimeoutError) as error:
        log.warning("artifact store: %s", error)
        raise Unreachable(reason, "the store in ARTIFACTS_URL does not answer", env=("ARTIFACTS_URL",)) from None
    except (OSError, ValueError, ImportError) as error:
        log.warning("artifact store: %s", error)
        raise Fault(
            reason, f"check the place in ARTIFACTS_URL ({type(error).__name__})", env=("ARTIFACTS_URL",)
        ) from None
