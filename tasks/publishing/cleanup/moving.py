"""Moving a folder so that it is always whole in one of two places, and removing one so that no half is taken for it.

A rename where both places are on one disk. Between disks: copy aside, compare, rename into place, only then remove. A
run that is killed anywhere leaves something that the next one finishes (runbook 003, Local Space Conservation).
"""

import errno
import os
import shutil
from contextlib import suppress

from tasks.files import sync_folder
from tasks.folders import disk_faults
from tasks.publishing.cleanup.contents import contents_of
from tasks.publishing.cleanup.places import Place, is_there, opened
from tasks.rules.faults import Refused


def move(source: Place, target: Place, digest: str) -> None:
    """Bring the folder from one place to the other, which must be free; `digest` is what a copy has to have."""
    with disk_faults("not_moved"):
        _claim(target)
        with (
            opened(source.base, source.parents) as here,
            opened(target.base, target.parents) as there,
        ):
            try:
                os.rename(source.name, target.name, src_dir_fd=here, dst_dir_fd=there)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy(source, target, digest)
                discard(source)
            os.fsync(here)
            os.fsync(there)


def _claim(target: Place) -> None:
    """Make the empty folder that the rename replaces: whoever else wants the name is told that it is taken."""
    target.base.mkdir(parents=True, exist_ok=True)
    with opened(target.base, target.parents, create=True) as parent:
        try:
            os.mkdir(target.name, dir_fd=parent)
        except FileExistsError:
            if is_there(target):
                raise Refused("place_taken", "something stands where the folder should go; look what it is") from None


def _copy(source: Place, target: Place, digest: str) -> None:
    aside = Place(target.base, target.aside, target.name, target.aside)
    remove(aside)
    with opened(aside.base, aside.parents, create=True):
        shutil.copytree(source.path, aside.path, symlinks=True)
    _sync(aside)
    if contents_of(aside).digest != digest:
        remove(aside)
        raise Refused("folder_changed", "the copy is not what was read before; nothing was removed, start again")
    with opened(aside.base, aside.parents) as here, opened(target.base, target.parents) as there:
        os.rename(aside.name, target.name, src_dir_fd=here, dst_dir_fd=there)
        os.fsync(there)


def _sync(place: Place) -> None:
    for top, _, files, handle in os.fwalk(place.path, follow_symlinks=False):
        for name in files:
            with suppress(OSError):  # a link cannot be opened and needs no sync
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=handle)
                os.fsync(file)
                os.close(file)
        sync_folder(place.path / top)


def discard(place: Place) -> None:
    """Remove what is at the place: out of the way in one move first, so that a half is never in its place."""
    with disk_faults("not_removed"):
        remove(Place(place.base, place.aside, place.name, place.aside))
        with (
            opened(place.base, place.parents) as here,
            opened(place.base, place.aside, create=True) as aside,
        ):
            with suppress(FileNotFoundError):
                os.rename(place.name, place.name, src_dir_fd=here, dst_dir_fd=aside)
            os.fsync(here)
        sweep(place)


def sweep(place: Place) -> None:
    """Remove what an earlier discard or copy of this place left aside."""
    with disk_faults("not_removed"):
        remove(Place(place.base, place.aside, place.name, place.aside))


def remove(place: Place) -> None:
    """Remove the folder and all that is in it; no link is followed, and nothing is said if it is not there."""
    with suppress(FileNotFoundError), opened(place.base, place.parents) as parent:
        shutil.rmtree(place.name, dir_fd=parent)


def unclaim(target: Place) -> None:
    """Take an empty folder away again that was only claimed."""
    with suppress(OSError), opened(target.base, target.parents) as parent:
        os.rmdir(target.name, dir_fd=parent)
