"""What a project folder holds that a repository of its own would not have whole (runbook 003, Publishing)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tasks.rules.publishing.folders import SUBMODULE_MODE

LARGEST_POINTER = 1023
"""A Git LFS pointer is smaller than 1,024 bytes (specification of Git LFS)."""
_POINTER = b"version https://git-lfs.github.com/spec/"


class Entry(NamedTuple):
    """A file or submodule below the source folder: its project, its mode and its id."""

    project: bytes
    mode: int
    id: bytes


@dataclass(frozen=True, slots=True)
class Inside:
    """How many of each a project folder holds."""

    name: str
    submodules: int
    lfs_pointers: int
    missing: int

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is to be said of it, as words of a line."""
        counts = {
            "holds_submodules": self.submodules,
            "holds_lfs_pointers": self.lfs_pointers,
            "objects_missing": self.missing,
        }
        return tuple(reason for reason, count in counts.items() if count)


def entries_of(listed: bytes) -> list[Entry]:
    """What `git ls-tree -r -z` says of the source folder; what lies beside the projects counts as one of its name."""
    found = []
    for line in filter(None, listed.split(b"\0")):
        head, _, path = line.partition(b"\t")
        mode, _, id_ = head.split(b" ")
        found.append(Entry(path.partition(b"/")[0], int(mode, 8), id_))
    return found


def is_lfs_pointer(content: bytes) -> bool:
    return content.startswith(_POINTER) and b"\noid sha256:" in content


def inside_of(
    names: Sequence[tuple[str, bytes]],
    entries: Iterable[Entry],
    pointers: Collection[bytes],
    missing: Collection[bytes],
) -> tuple[Inside, ...]:
    """For each name (as text and as bytes) what is inside, in the order of the names."""
    counts = {name: [0, 0, 0] for _, name in names}
    for project, mode, id_ in entries:
        if (count := counts.get(project)) is not None:
            count[0] += mode == SUBMODULE_MODE
            count[1] += id_ in pointers
            count[2] += id_ in missing
    return tuple(Inside(text, *counts[name]) for text, name in names)
