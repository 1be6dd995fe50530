"""Where a project's folder and its archive are: derived from the source folder and the name, and from nothing else.

What a registry says about paths is compared with what is derived here and never followed. Every folder on the way is
opened without following links, so that none can be slipped in between a look and a move (runbook 003, Local Space
Conservation Policy).
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from tasks.rules.faults import Refused
from tasks.rules.publishing.registry import Entry

ARCHIVE_DIR = ".orket/local_archive/projects"
ASIDE = ".moving"
_ASIDE_OF_REPOSITORY = (".orket", "local_archive", ASIDE)
_STAMP = r"-\d{8}-\d{6}(-\d{1,3})?"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder by its name in a parent below `base`; `aside` is a folder on the same disk for what is half-done."""

    base: Path
    parents: tuple[str, ...]
    name: str
    aside: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.base.joinpath(*self.parents, self.name)


def place_of(root: Path, source_dir: str, name: str) -> Place:
    """The project's folder; refuses what is no plain folder of the repository, and the roots themselves."""
    parents = PurePosixPath(source_dir).parts
    if not is_derivable(source_dir, name):
        raise Refused("unsafe_path", "correct source_dir and project_name in the registry")
    return Place(root, parents, name, _ASIDE_OF_REPOSITORY)


def is_derivable(source_dir: str, name: str) -> bool:
    """Whether source folder and name lead below the repository, and to none of its own parts."""
    parts = source_dir.split("/")
    return all(_is_part(part) for part in (*parts, name)) and "/" not in name and parts[0] != ".orket"


def _is_part(part: str) -> bool:
    return part not in ("", ".", "..") and part.lower() != ".git" and "\0" not in part


def is_plain_folder(base: Path, relative: str) -> bool:
    """Whether every part on the way is a real folder, and none a link."""
    path = os.fspath(base)
    for part in relative.split("/"):
        path = f"{path}/{part}"
        try:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                return False
        except OSError:
            return False
    return True


def archive_root_of(root: Path, archive_dir: str) -> Path:
    """The folder of the archives: inside `.orket/`, or anywhere outside of the repository (another disk)."""
    path = Path(os.path.normpath(root / archive_dir))
    resolved = path.resolve()
    is_inside = root in path.parents or root in resolved.parents
    allowed = resolved == path if is_inside else resolved not in (root, *root.parents)
    if is_inside and path.relative_to(root).parts[0] != ".orket":
        allowed = False
    if not allowed:
        raise Refused("unsafe_archive_dir", "name a folder below .orket/, or one outside of the repository")
    return resolved


def archive_names(name: str, at: datetime) -> Iterator[str]:
    """`<name>-YYYYmmdd-HHMMSS`, then the same with a number for those that come in the same second."""
    stamped = f"{name}-{at.astimezone(UTC):%Y%m%d-%H%M%S}"
    yield stamped
    yield from (f"{stamped}-{number}" for number in range(2, 1000))


def archive_place(root: Path, archives: Path, name: str, entry_name: str) -> Place:
    """The archive of that project by its own name; refuses a name that no archive of this project can have."""
    if not _is_part(entry_name) or not re.fullmatch(re.escape(name) + _STAMP, entry_name):
        raise Refused("unsafe_path", "correct archived_path in the registry: it names no archive of this project")
    if root not in archives.parents:
        return Place(archives, (), entry_name, (ASIDE,))
    parents = archives.relative_to(root).parts
    return Place(root, parents, entry_name, (*parents, ASIDE))


def archive_of(root: Path, archives: Path, entry: Entry) -> Place | None:
    """The archive that the row tells of, if it is one that archiving could have made; None without one."""
    if entry.archived_path is None:
        return None
    told = PurePosixPath(entry.archived_path)
    if str(told.parent) != str(archives):
        raise Refused("unsafe_path", "correct archived_path in the registry: it lies outside of the archive")
    return archive_place(root, archives, entry.project_name, told.name)


@contextmanager
def opened(base: Path, parts: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder; a link on the way is refused, at the moment of use."""
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in parts:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
            inner = _entered(handle, part)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _entered(handle: int, part: str) -> int:
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
    except NotADirectoryError:
        raise Refused(
            "unsafe_path", "a link or a file stands where a folder should be; nothing is followed"
        ) from None


def is_there(place: Place) -> bool:
    """Whether something stands at the place that is more than an empty folder waiting for its contents."""
    with suppress(FileNotFoundError), opened(place.base, place.parents) as parent:
        if not stat.S_ISDIR(os.lstat(place.name, dir_fd=parent).st_mode):
            return True
        inner = _entered(parent, place.name)
        with os.scandir(inner) as entries:
            filled = any(True for _ in entries)
        os.close(inner)
        return filled
    return False
