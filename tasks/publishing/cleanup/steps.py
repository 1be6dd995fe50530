"""A published folder into the archive, out of it again, or gone for good: each step written down before it is done.

Every step asks once more whether it is due, reads the folder itself, and asks the remote whether it still has just
that. A run that was killed is finished, or taken back, by the next one (runbook 003, Local Space Conservation).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tasks.publishing.cleanup import memory
from tasks.publishing.cleanup.contents import (
    Contents,
    committed_at,
    contents_of,
    digest_of,
    files_in,
    is_checkout_of,
)
from tasks.publishing.cleanup.index import check_free, mark_absent, mark_present
from tasks.publishing.cleanup.looking import Grounds, look_at
from tasks.publishing.cleanup.memory import Kept, State
from tasks.publishing.cleanup.moving import discard, move, sweep, unclaim
from tasks.publishing.cleanup.places import Place, archive_names, archive_of, archive_place, is_there, place_of
from tasks.publishing.cleanup.remote import Remote
from tasks.publishing.registry import open_registry, remember
from tasks.rules.faults import Refused
from tasks.rules.publishing.cleanup import Act, Judged, Limits, judge, nanoseconds
from tasks.rules.publishing.parity import Manifest
from tasks.rules.publishing.registry import Entry


@dataclass(frozen=True, slots=True)
class Moved:
    """One project, where it was and where it is now (None: nowhere), and how many bytes that is about."""

    entry: Entry
    source: Path
    target: Path | None
    size: int


def archive_folder(grounds: Grounds, one: Judged, remote: Remote, limits: Limits, now: datetime) -> Moved:
    """Move one published folder to the archive, if all that made it due still holds."""
    entry = still_due(grounds, one, limits, now)
    check_free(grounds.root)
    place = place_of(grounds.root, *entry.key)
    contents, committed = contents_of(place), committed_at(grounds.git, f"{grounds.head_now()}:{entry.prefix}")
    if not committed or not is_checkout_of(contents, committed, grounds.root, entry.prefix):
        raise Refused("folder_changed", "the folder is not what is committed; commit or remove what is new")
    check_remote(remote, entry, lambda published: published == committed)
    target = _free_place(grounds, entry, now)
    kept = memory.begin(
        grounds.root,
        Kept(
            key=entry.key,
            archives=grounds.archives,
            name=target.name,
            state=State.ARCHIVING,
            digest=contents.digest,
            committed=digest_of(committed),
            size=contents.size,
            archived_at=now,
        ),
        len(contents.manifest),
    )
    move(place, target, contents.digest)
    _archived(grounds, kept, entry, now)
    return Moved(entry, place.path, target.path, contents.size)


def _free_place(grounds: Grounds, entry: Entry, now: datetime) -> Place:
    names = archive_names(entry.project_name, now)
    places = (archive_place(grounds.root, grounds.archives, entry.project_name, name) for name in names)
    return next(place for place in places if not os.path.lexists(place.path))


def _archived(grounds: Grounds, kept: Kept, entry: Entry, now: datetime) -> None:
    """The folder is in the archive: make sure that it is what was read, and write it down."""
    target = archive_place(grounds.root, kept.archives, entry.project_name, kept.name)
    place = place_of(grounds.root, *entry.key)
    now_there = contents_of(target).digest
    if now_there != kept.digest:
        move(target, place, now_there)
        memory.set_state(kept, State.CANCELLED, now)
        raise Refused("folder_changed", "somebody wrote in the folder while it was moved; it was put back")
    mark_absent(grounds.root, entry.prefix)
    remember.fn(grounds.root, replace(entry, archived_at=kept.archived_at, archived_path=str(target.path)), now)
    memory.set_state(kept, State.ARCHIVED, now)


def delete_archive(grounds: Grounds, one: Judged, remote: Remote, limits: Limits, now: datetime) -> Moved:
    """Remove one archive for good, if it is untouched and the remote still has exactly that."""
    entry = still_due(grounds, one, limits, now)
    place = archive_of(grounds.root, grounds.archives, entry)
    if place is None:
        raise Refused("row_changed", "the registry has changed since the plan; start again")
    contents = contents_of(place)
    kept = _proven(grounds, entry, contents, now)
    check_remote(remote, entry, lambda published: digest_of(published) == kept.committed)
    kept = kept if kept.id else memory.begin(grounds.root, kept, len(contents.manifest))
    memory.set_state(kept, State.DELETING, now)
    discard(place)
    _deleted(grounds, kept, entry, now)
    return Moved(entry, place.path, None, contents.size)


def _deleted(grounds: Grounds, kept: Kept, entry: Entry, now: datetime) -> None:
    remember.fn(grounds.root, replace(entry, deleted_at=now), now)
    memory.set_state(kept, State.DELETED, now)


def restore_folder(grounds: Grounds, entry: Entry, now: datetime) -> Moved:
    """Bring one folder back from the archive, where nothing stands in its place."""
    place, archived = place_of(grounds.root, *entry.key), archive_of(grounds.root, grounds.archives, entry)
    check_free(grounds.root)
    if archived is None or not is_there(archived):
        raise Refused("archive_missing", "there is no archive of this project; clone it from its repository")
    if os.path.lexists(place.path):
        raise Refused("folder_exists", "something stands where the folder was; move it away, nothing is overwritten")
    contents = contents_of(archived)
    kept = _proven(grounds, entry, contents, now)
    if not kept.id:
        kept = memory.begin(grounds.root, kept, len(contents.manifest))
    memory.set_state(kept, State.RESTORING, now)
    move(archived, place, contents.digest)
    _restored(grounds, kept, entry, now)
    return Moved(entry, archived.path, place.path, contents.size)


def _restored(grounds: Grounds, kept: Kept, entry: Entry, now: datetime) -> None:
    mark_present(grounds.root, entry.prefix)
    remember.fn(grounds.root, replace(entry, archived_at=None, archived_path=None), now)
    memory.set_state(kept, State.RESTORED, now)


def _proven(grounds: Grounds, entry: Entry, contents: Contents, now: datetime) -> Kept:
    """What was written down of this archive, if its bytes are still that.

    An archive of an earlier program was never written down: it is measured against the commit that was published.
    """
    kept = memory.open_archives(grounds.root).get(entry.key)
    if kept is not None:
        if contents.digest != kept.digest or str(kept.archives / kept.name) != entry.archived_path:
            raise Refused("archive_changed", "the archive is not what was put there; look what has changed in it")
        return kept
    if not _is_known(grounds, entry, contents):
        raise Refused("archive_unproven", "nothing tells what this archive should hold; compare it by hand")
    place = archive_of(grounds.root, grounds.archives, entry)
    return Kept(
        key=entry.key,
        archives=grounds.archives,
        name=place.name if place else "",
        state=State.ARCHIVED,
        digest=contents.digest,
        committed=contents.digest,
        size=contents.size,
        archived_at=entry.archived_at or now,
    )


def _is_known(grounds: Grounds, entry: Entry, contents: Contents) -> bool:
    commit = f"{entry.last_published_sha}^{{tree}}"
    if grounds.git.tried("cat-file", "-e", commit).returncode != 0:
        return False
    return bool(committed_at(grounds.git, commit) == contents.manifest)


def check_remote(remote: Remote, entry: Entry, is_same: Callable[[Manifest], bool]) -> None:
    """Parity, now: the branch is where publishing left it, and holds exactly these files."""
    published = remote.published(entry)
    if published.head is None:
        raise Refused("remote_missing", "the repository or its branch is gone: publish the project again")
    if published.head != entry.last_published_sha:
        raise Refused("remote_moved", "the branch has commits that publishing did not put there; look at them")
    if not is_same(files_in(published.manifest)):
        raise Refused("parity_differs", "the remote does not have what is here: publish again with --verify-parity")


def still_due(grounds: Grounds, one: Judged, limits: Limits, now: datetime) -> Entry:
    """The row as it is now; refuses if it, the folder or the verdict is no longer that of the plan."""
    entry = next((row for row in open_registry.fn(grounds.root, now) if row.key == one.entry.key), None)
    if entry != one.entry:
        raise Refused("row_changed", "the registry has changed since the plan; start again")
    ((_, found),) = look_at(grounds, [entry], limits, now)
    again = judge(entry, found, limits, nanoseconds(now))
    if again.act is not one.act or again.act is Act.KEEP:
        raise Refused("folder_changed", "the folder has changed since the plan; start again")
    return entry


def finish(grounds: Grounds, kept: Kept, now: datetime) -> None:
    """Bring to its end, or take back, what a run that was killed left under way."""
    entry = next((row for row in open_registry.fn(grounds.root, now) if row.key == kept.key), None)
    if entry is None:
        raise Refused("row_changed", "the registry has lost the row of a step that is under way: put it back")
    place = place_of(grounds.root, *kept.key)
    archived = archive_place(grounds.root, kept.archives, entry.project_name, kept.name)
    match kept.state:
        case State.ARCHIVING:
            _finish_move(place, archived, kept)
            if is_there(archived):
                _archived(grounds, kept, entry, now)
            else:
                unclaim(archived)
                memory.set_state(kept, State.CANCELLED, now)
        case State.RESTORING:
            _finish_move(archived, place, kept)
            if is_there(place):
                _restored(grounds, kept, entry, now)
            else:
                unclaim(place)
                memory.set_state(kept, State.ARCHIVED, now)
        case State.DELETING:
            sweep(archived)
            if is_there(archived):  # it was not begun: the plan decides again
                memory.set_state(kept, State.ARCHIVED, now)
            else:
                _deleted(grounds, kept, entry, now)


def _finish_move(source: Place, target: Place, kept: Kept) -> None:
    """Between two disks a kill may leave both: the original goes once the copy is whole, the copy if it is not."""
    sweep(source)
    sweep(target)
    if is_there(source) and is_there(target):
        if contents_of(source).digest != kept.digest:
            raise Refused("folder_changed", "folder and archive are both there and differ; decide which one stays")
        whole = contents_of(target).digest == kept.digest
        discard(source if whole else target)
    if not is_there(source) and not is_there(target):
        raise Refused("archive_missing", "neither folder nor archive is there; clone it from its repository")
