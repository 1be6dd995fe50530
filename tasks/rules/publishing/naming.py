"""What the repository of a folder is called at Gitea (runbook 003, Product Repo Publishing, note 1).

A repository is called as its folder, with the prefix in front. Where Gitea does not allow a character, every run of
such characters becomes one `-`, and none is left at the ends. A project that was published before as the earlier
program named it (small letters, `_` as `-`) stays where it is. Two folders never share a repository: letter case does
not tell two repositories apart at Gitea, so neither is published until one of them has another name.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.rules.publishing.registry import Entry

LONGEST = 100
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_RESERVED = (".", "..", "-")
_RESERVED_ENDS = (".git", ".wiki", ".rss", ".atom")


class Named(StrEnum):
    """How a repository came by its name."""

    AS_FOLDER = "as_folder"
    CHANGED = "changed"
    AS_BEFORE = "as_before"


@dataclass(frozen=True, slots=True)
class Name:
    """A folder's repository name, or why it has none: `name_not_allowed`, `name_collision`."""

    repository: str
    how: Named
    problem: str | None = None


def is_repository_name(text: str) -> bool:
    """Whether Gitea takes it for the name of a repository."""
    return (
        0 < len(text) <= LONGEST
        and not _NOT_ALLOWED.search(text)
        and text not in _RESERVED
        and not text.lower().endswith(_RESERVED_ENDS)
    )


def is_repository_prefix(text: str) -> bool:
    return len(text) < LONGEST and not _NOT_ALLOWED.search(text)


def name_all(folders: Sequence[str], prefix: str, taken: Mapping[str, str]) -> dict[str, Name]:
    """The names of all project folders of a source folder, those that are not published as well.

    `taken` is what the registry knows: repository names in small letters, each with the folder it belongs to, or with
    an empty text where that is a folder elsewhere in the monorepo.
    """
    before = {folder: repository for repository, folder in taken.items()}
    names = {folder: _name(folder, prefix, before.get(folder)) for folder in folders}
    used = Counter(name.repository.lower() for name in names.values() if not name.problem)
    return {folder: _alone(folder, name, used, taken) for folder, name in names.items()}


def _alone(folder: str, name: Name, used: Mapping[str, int], taken: Mapping[str, str]) -> Name:
    key = name.repository.lower()
    shared = used.get(key, 0) > 1 or taken.get(key, folder) != folder
    return replace(name, problem="name_collision") if shared and not name.problem else name


def _name(folder: str, prefix: str, before: str | None) -> Name:
    earlier = prefix + earlier_slug(folder)
    if before is not None and before == earlier.lower() and is_repository_name(earlier):
        return Name(earlier, Named.AS_FOLDER if earlier == prefix + folder else Named.AS_BEFORE)
    fitting = _NOT_ALLOWED.sub("-", folder)
    if fitting != folder:
        fitting = fitting.strip("-")
    repository = prefix + fitting
    how = Named.AS_FOLDER if fitting == folder else Named.CHANGED
    allowed = bool(fitting) and is_repository_name(repository) and _is_utf8(folder)
    return Name(repository, how, None if allowed else "name_not_allowed")


def earlier_slug(folder: str) -> str:
    """The name that the earlier program gave a folder's repository."""
    return re.sub(r"[^a-z0-9]+", "-", folder.strip().lower()).strip("-") or "project"


def _is_utf8(folder: str) -> bool:
    try:
        folder.encode()
    except UnicodeEncodeError:
        return False
    return True


def taken_by(entries: Iterable[Entry], owner: str, source_dir: str) -> dict[str, str]:
    """The repositories of this owner that the registry knows, as `name_all` wants them."""
    taken = {}
    for entry in entries:
        entry_owner, _, name = entry.repo.partition("/")
        if entry_owner.lower() == owner.lower():
            taken[name.lower()] = entry.project_name if entry.source_dir == source_dir else ""
    return taken
