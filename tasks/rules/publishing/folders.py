"""Which sub-folders of the source folder are projects, and why the others are not (runbook 003, Publishing)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.splitting.trees import FOLDER_MODE

LINK_MODE, SUBMODULE_MODE = 0o120000, 0o160000
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Why(StrEnum):
    """Why something that looks like a project is left out."""

    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    NESTED_REPOSITORY = "nested_repository"
    EMPTY = "empty"
    UNTRACKED = "untracked"


@dataclass(frozen=True, slots=True)
class Folder:
    """A project folder as it is in the commit: its name, its path from the top, the id of its tree."""

    name: str
    prefix: str
    tree: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    name: str
    why: Why


def projects_in(entries: Iterable[tuple[int, str, str]], source: str) -> tuple[Folder, ...]:
    """The project folders among the entries (mode, name, id) of the source folder's tree, sorted by name."""
    return tuple(
        Folder(name, f"{source}/{name}" if source else name, tree)
        for mode, name, tree in sorted(entries, key=lambda entry: entry[1])
        if mode == FOLDER_MODE and tree != EMPTY_TREE
    )


def left_out(entries: Iterable[tuple[int, str, str]], on_disk: Mapping[str, Why]) -> tuple[LeftOut, ...]:
    """What is no project although it looks like one, sorted by name.

    The commit decides; `on_disk` (folders of the work tree) counts only for names that the commit does not have.
    """
    found = dict(on_disk)
    for mode, name, tree in entries:
        found.pop(name, None)
        if why := _why(mode, tree):
            found[name] = why
    return tuple(LeftOut(name, found[name]) for name in sorted(found))


def _why(mode: int, tree: str) -> Why | None:
    if mode == FOLDER_MODE:
        return Why.EMPTY if tree == EMPTY_TREE else None
    return {LINK_MODE: Why.SYMLINK, SUBMODULE_MODE: Why.SUBMODULE}.get(mode)
