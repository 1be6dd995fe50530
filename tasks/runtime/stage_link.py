"""The env file that a declaration names, led to the file of the runtime's stage.

Whatever starts the runtime afterwards, a restart, a rollback, a start check, starts it at the stage that was approved
last: nothing but a promotion or a way down changes it (runbook 002, Profiles & Modes).
"""

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

from tasks.files import sync_folder
from tasks.folders import disk_faults


def lead_env(folder: Path, declared: str, stage_file: str) -> None:
    """Make the declared file a link to that of the stage, in one move.

    A file that stands there and is no link yet is kept beside it, its name with the beginning of its SHA-256.
    """
    link, target = folder / declared, folder / stage_file
    to = os.path.relpath(target, link.parent)
    if link == target or (link.is_symlink() and str(link.readlink()) == to):
        return
    with disk_faults("artifact_not_written"):
        if link.is_file() and not link.is_symlink():
            _keep(link)
        temporary = link.with_name(f".{link.name}.{uuid.uuid4().hex}")
        temporary.symlink_to(to)
        temporary.replace(link)
        sync_folder(link.parent)


def _keep(file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    with contextlib.suppress(FileExistsError):  # the same content is kept already
        os.link(file, file.with_name(f"{file.name}.{digest}"))
