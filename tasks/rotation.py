"""Old artifacts go: packed into a verified archive first, then deleted one by one if they are still the same."""

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tasks.archives import pack, publish, unfinished_folder
from tasks.folders import disk_faults, walk
from tasks.rules.archiving import Caps, Entry
from tasks.rules.manifests import MANIFEST_FILE, promises_of
from tasks.rules.rotation import Limits, Rotation, plan_rotation
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a rotation did: where the deleted files are kept, how many went, how many had changed."""

    archive: str | None
    deleted: int
    changed: int


@step
def read_rotation(source: Path, destination: Path, limits: Limits, *, at: datetime) -> Rotation:
    """What would go from the folder now."""
    return plan_rotation(walk(source, spare=destination), limits, int(at.timestamp() * 1e9))


@step(retries=0)  # killed anywhere it has lost nothing: what is deleted is in the archive, the rest goes next time
def apply_rotation(source: Path, destination: Path, plan: Rotation, *, at: datetime) -> Deleted:
    """Archive exactly what the plan names, then delete each file that is still as the plan saw it."""
    going = [one.entry for one in plan.going]
    if not going:
        return Deleted(None, 0, 0)
    with unfinished_folder(destination) as folder:
        done = pack(source, folder, going, (), Caps())
        archive = publish(done, folder, destination / f"rotated-{at:%Y-%m-%d_%H%M%S}-{done.sha256[:12]}")
    packed = promises_of((Path(archive.folder) / MANIFEST_FILE).read_bytes()).files
    safe = {file.path for file in packed}
    with disk_faults("delete_failed"):
        deleted = [entry for entry in going if entry.path in safe and _deleted(source / entry.path, entry)]
        _tidy({(source / entry.path).parent for entry in deleted} - {source})
    return Deleted(archive.folder, len(deleted), len(going) - len(deleted))


def _deleted(path: Path, entry: Entry) -> bool:
    """Delete the file unless it is another one, or has other contents, than the plan saw."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    if (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns):
        return False
    path.unlink()
    return True


def _tidy(folders: Collection[Path]) -> None:
    """Remove the folders that are empty now."""
    for folder in sorted(folders, reverse=True):  # the inner ones first
        with suppress(OSError):  # it still holds something
            folder.rmdir()
