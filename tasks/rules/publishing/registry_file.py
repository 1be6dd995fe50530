"""Whether a file of the registry can be believed.

Runbook 003, Local Space Conservation, Registry. The rows name folders that a later procedure moves and deletes, so a
file in which anything is not exactly as expected is not read at all: every problem is named, and nothing is written
over it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from tasks.rules.publishing.registry import VERSION, Entry, prefix_of

CLOCK_SLACK = timedelta(minutes=5)  # another machine's clock may be ahead by this

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read(content: bytes, root: PurePosixPath, now: datetime) -> tuple[list[Entry], list[str]]:
    """The rows of a file that lies in the repository at `root` (resolved), or every reason not to believe it.

    A reason is a word, with the row's number in front (`3:local_path_outside`, from 1) where it is about one row.
    """
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return [], ["not_json"]
    if not isinstance(document, dict):
        return [], ["not_an_object"]
    problems = list(_of_document(document))
    rows = document.get("projects")
    rows = rows if isinstance(rows, list) else []
    for number, row in enumerate(rows, 1):
        problems += [f"{number}:{word}" for word in _Row(row, root, now).problems()]
    problems += _duplicates(rows)
    return ([] if problems else [_entry(row) for row in rows]), problems


def _of_document(document: Mapping[str, object]) -> Iterator[str]:
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        yield "version"
    if not isinstance(document.get("projects"), list):
        yield "projects_not_a_list"
    if set(document) - {"version", "projects"}:
        yield "unknown_field"


def _duplicates(rows: list[object]) -> list[str]:
    """Rows of one folder: both would be acted upon."""
    seen: set[tuple[object, object]] = set()
    found = []
    for number, row in enumerate(rows, 1):
        key = (str(row.get("source_dir")), str(row.get("project_name"))) if isinstance(row, dict) else (number, None)
        if key in seen:
            found.append(f"{number}:duplicate")
        seen.add(key)
    return found


def _entry(row: Mapping[str, object]) -> Entry:
    fields = {name: value for name, value in row.items() if name != "prefix"}
    for name in ("last_published_at", "archived_at", "deleted_at"):
        fields[name] = _moment(fields.get(name))
    return Entry(**fields)  # type: ignore[arg-type]


def _moment(value: object) -> datetime | None:
    """A date with a zone, in UTC; None for anything else."""
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row, asked field by field; a later question is only put where the earlier ones left something to ask."""

    row: object
    root: PurePosixPath
    now: datetime

    def problems(self) -> Iterator[str]:
        if not isinstance(self.row, dict):
            yield "not_an_object"
            return
        wrong = set()
        for name, is_right in _FIELDS.items():
            if name not in self.row:
                wrong.add(name)
                yield f"missing_{name}"
            elif not is_right(self.row[name]):
                wrong.add(name)
                yield f"wrong_{name}"
        if set(self.row) - set(_FIELDS):
            yield "unknown_field"
        if not wrong & {"source_dir", "project_name"}:
            yield from self._of_paths(self.row, wrong)
        yield from self._of_dates(self.row, wrong)

    def _of_paths(self, row: Mapping[str, object], wrong: set[str]) -> Iterator[str]:
        prefix = prefix_of(str(row["source_dir"]), str(row["project_name"]))
        if "prefix" not in wrong and row["prefix"] != prefix:
            yield "prefix_differs"
        if "local_path" not in wrong and row["local_path"] != str(self.root / prefix):
            inside = is_inside(str(row["local_path"]), self.root)
            yield "local_path_differs" if inside else "local_path_outside"
        if "archived_path" not in wrong and (archived := row["archived_path"]) is not None:
            yield from self._of_archive(str(archived), self.root / prefix)

    def _of_archive(self, archived: str, folder: PurePosixPath) -> Iterator[str]:
        """An archive is no folder that holds the repository, nor one that holds or lies in what was published."""
        path = PurePosixPath(archived)
        if not is_plain_path(archived) or path in (self.root, *self.root.parents):
            yield "archived_path_outside"
        elif path in (folder, *folder.parents) or folder in path.parents:
            yield "archived_path_in_source"

    def _of_dates(self, row: Mapping[str, object], wrong: set[str]) -> Iterator[str]:
        for name in ("last_published_at", "archived_at", "deleted_at"):
            moment = _moment(row.get(name))
            if name not in wrong and moment and moment > self.now + CLOCK_SLACK:
                yield f"future_{name}"
        if not wrong & {"archived_at", "archived_path"} and (row["archived_at"] is None) != (
            row["archived_path"] is None
        ):
            yield "half_archived"


def is_plain_path(text: str) -> bool:
    """Absolute, and spelt without `..`, `.` or empty parts."""
    return (
        text.startswith("/")
        and str(PurePosixPath(text)) == text
        and ".." not in PurePosixPath(text).parts
        and not text.startswith("//")
    )


def is_inside(text: str, root: PurePosixPath) -> bool:
    return is_plain_path(text) and root in PurePosixPath(text).parents


def is_source_dir(value: object) -> bool:
    """A folder below the top of the repository, spelt plainly and on one line; `.` is the top itself."""
    if not isinstance(value, str) or not _is_text(value) or _CONTROL.search(value):
        return False
    return value == "." or is_plain_path(f"/{value}")


def is_folder_name(value: object) -> bool:
    """One part of a path. A name may hold anything that git and the file system allow in one."""
    return _is_text(value) and value not in (".", "..") and "/" not in str(value)


def _is_repository(value: object) -> bool:
    return isinstance(value, str) and bool(_REPOSITORY.fullmatch(value)) and not {".", ".."} & set(value.split("/"))


def _is_sha(value: object) -> bool:
    return isinstance(value, str) and bool(_SHA.fullmatch(value))


def _is_branch(value: object) -> bool:
    return isinstance(value, str) and _is_text(value) and len(value) <= 250 and not _CONTROL.search(value)


def _is_date(value: object) -> bool:
    return _moment(value) is not None


def _or_null(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_right(value)


def _is_text(value: object) -> bool:
    """A text that is there and that PostgreSQL and UTF-8 can hold."""
    return isinstance(value, str) and value != "" and "\0" not in value and not _SURROGATE.search(value)


_FIELDS: dict[str, Callable[[object], bool]] = {
    "source_dir": is_source_dir,
    "project_name": is_folder_name,
    "prefix": _is_text,
    "repo": _is_repository,
    "branch": _is_branch,
    "local_path": _is_text,
    "last_published_sha": _is_sha,
    "last_remote_sha": _or_null(_is_sha),
    "parity_verified": lambda value: isinstance(value, bool),
    "last_published_at": _is_date,
    "archived_at": _or_null(_is_date),
    "archived_path": _or_null(_is_text),
    "deleted_at": _or_null(_is_date),
}
