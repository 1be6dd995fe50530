"""The link that says which release is in use: read, checked, and led elsewhere in one move.

Beside the declaration stand `releases/<name>` and the link `current`. Nothing else on the disk is written: data,
environment and logs stay where they are whatever release runs (runbook 002, Rollback & Release).
"""

import contextlib
import os
import re
import uuid
from pathlib import Path

import psutil

from tasks.files import sync_folder
from tasks.folders import disk_faults
from tasks.rules.faults import Refused
from tasks.services.processes import holders_of
from tasks.step import step

LINK, RELEASES = "current", "releases"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_LEFT_OVER = re.compile(r"\.current\.[0-9a-f]{32}")
_CLOCK_SLACK_S = 1.0


def has_releases(folder: Path) -> bool:
    """Whether the link is there at all."""
    return (folder / LINK).is_symlink()


@step
def read_link(folder: Path) -> str:
    """The name of the release that is in use."""
    link = folder / LINK
    if not link.is_symlink():
        raise Refused("link_missing", f"make {LINK} beside the declaration a link to {RELEASES}/<name>")
    target = Path(os.path.normpath(folder / link.readlink()))
    if target.parent.resolve() != (folder / RELEASES).resolve() or not _NAME.fullmatch(target.name):
        raise Refused("link_elsewhere", f"{LINK} must lead to a folder right below {RELEASES}")
    return target.name


@step
def check_release(folder: Path, name: str) -> None:
    """Refuse a release whose folder is gone, empty, or not a folder of its own."""
    release = folder / RELEASES / name
    if not _NAME.fullmatch(name) or release.is_symlink() or not release.is_dir() or not any(release.iterdir()):
        raise Refused("release_missing", f"its folder below {RELEASES} is gone or empty: choose another with --to")


@step(retries=0)  # safe to repeat: the link leads there then already
def lead_link(folder: Path, name: str) -> None:
    """Lead the link to the release: a link of another name is renamed over it, and the folder is synced."""
    check_release.fn(folder, name)
    with disk_faults("artifact_not_written"):
        for left in folder.iterdir():
            if _LEFT_OVER.fullmatch(left.name) and left.is_symlink():
                left.unlink()
        temporary = folder / f".{LINK}.{uuid.uuid4().hex}"
        temporary.symlink_to(Path(RELEASES) / name)
        temporary.replace(folder / LINK)
        sync_folder(folder)


@step
def check_runs_by_link(folder: Path, port: int) -> None:
    """Refuse to speak for a release when whoever listens was started before the link led there (W23)."""
    if started_at(port) < (folder / LINK).lstat().st_mtime - _CLOCK_SLACK_S:
        raise Refused("started_before_switch", "another release runs still: watchkeeper service-restart")


def listener_of(port: int) -> int:
    """Whose answers are those of the port; 0 for a process that this user may not see."""
    holders = holders_of(port)
    return (holders[0].pid or 0) if holders else 0


def started_at(port: int) -> float:
    """When the first of those who listen was started, in seconds since 1970; a process we may not see is old."""
    holders = holders_of(port)
    if not holders:
        raise Refused("not_running", "start the service: only what runs can be verified")
    return min(_birth_of(one.pid) for one in holders)


def _birth_of(pid: int | None) -> float:
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(pid).create_time()
    return 0.0
