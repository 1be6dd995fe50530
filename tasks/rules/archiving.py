"""What goes into an archive, what stays out of it and why (runbook 004, "Artifacts (snapshot & archive)").

Every entry of the folder is either chosen or skipped with a reason, so that a cap always says what it cut:

    - a symlink, a device, a name that is not UTF-8: never, whatever the caps say;
    - in fast mode only the formats that people read afterwards;
    - the key files first, then the newest first; a file that does not fit gives its place to the next one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from tasks.rules.contracts.artifacts import ARCHIVE
from tasks.rules.outcome import Outcome, Status

MIB = 1024 * 1024
ALWAYS_EXCLUDED = ("failures", "archive")
FAST_SUFFIXES = (".json", ".jsonl", ".md", ".log")
FAST_MAX_FILES, FAST_MAX_MB = 300, 5.0
KEY_FILES = (
    "KPI_GATE.json",
    "FULL_STACK_VALIDATION.json",
    "EDGE_REPORT.json",
    "EDGE_SENTINEL.json",
    "RELEASE_STAMP.json",
    "SOAK_JOURNAL.jsonl",
)


class Reason(StrEnum):
    """Why an entry stays out of the archive."""

    EXCLUDED = "excluded"
    FORMAT = "format"
    SYMLINK = "symlink"
    NOT_A_FILE = "not_a_file"
    NAME_NOT_UTF8 = "name_not_utf8"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    FILE_OVER_MAX_MB = "file_over_max_mb"
    OVER_MAX_MB = "over_max_mb"
    OVER_MAX_FILES = "over_max_files"


BY_RULE = (Reason.EXCLUDED, Reason.FORMAT, Reason.SYMLINK, Reason.NOT_A_FILE)
"""What is left out of every archive; any other reason makes the archive a partial one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing found in the folder; `problem` is why it cannot be archived at all."""

    path: str
    size: int = 0
    mtime_ns: int = 0
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may go in: a count, bytes altogether, and the formats; None is no cap."""

    max_files: int | None = None
    max_bytes: int | None = None
    suffixes: tuple[str, ...] | None = None

    def against(self, entry: Entry, files: int, size: int) -> Reason | None:
        """Why the entry does not fit beside what was chosen before it."""
        if self.suffixes is not None and PurePosixPath(entry.path).suffix.lower() not in self.suffixes:
            return Reason.FORMAT
        if self.max_bytes is not None and entry.size > self.max_bytes:
            return Reason.FILE_OVER_MAX_MB
        if self.max_files is not None and files >= self.max_files:
            return Reason.OVER_MAX_FILES
        if self.max_bytes is not None and size + entry.size > self.max_bytes:
            return Reason.OVER_MAX_MB
        return None


@dataclass(frozen=True, slots=True)
class Skipped:
    path: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes in and what stays out, both sorted by path."""

    chosen: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Archived:
    """One finished archive: where it is, what is in it, what was left out."""

    folder: str
    sha256: str
    archive_bytes: int
    files: int
    bytes: int
    skipped: Mapping[Reason, int] = field(default_factory=dict)


def caps_for(*, fast: bool, max_files: int | None, max_mb: float | None) -> Caps:
    """Fast mode has caps and formats of its own; a cap that was asked for counts in either mode."""
    if fast:
        max_files = FAST_MAX_FILES if max_files is None else max_files
        max_mb = FAST_MAX_MB if max_mb is None else max_mb
    max_bytes = None if max_mb is None else int(max_mb * MIB)
    return Caps(max_files, max_bytes, FAST_SUFFIXES if fast else None)


def is_excluded(name: str, excluded: Iterable[str]) -> bool:
    """Whether a file or folder of that name stays out; upper and lower case are the same."""
    return name.casefold() in {other.casefold() for other in (*ALWAYS_EXCLUDED, *excluded)}


def select(found: Iterable[Entry], caps: Caps) -> Selection:
    """Choose what goes in; the same entries give the same answer in whatever order they come."""
    chosen: list[Entry] = []
    skipped: list[Skipped] = []
    size = 0
    for entry in sorted(found, key=_priority):
        reason = entry.problem or caps.against(entry, len(chosen), size)
        if reason:
            skipped.append(Skipped(entry.path, reason))
        else:
            chosen.append(entry)
            size += entry.size
    return Selection(
        tuple(sorted(chosen, key=lambda entry: path_bytes(entry.path))),
        tuple(sorted(skipped, key=lambda cut: path_bytes(cut.path))),
    )


def _priority(entry: Entry) -> tuple[int, int, bytes]:
    rank = KEY_FILES.index(entry.path) if entry.path in KEY_FILES else len(KEY_FILES)
    return rank, -entry.mtime_ns, path_bytes(entry.path)


def path_bytes(path: str) -> bytes:
    """The order of the archive: bytewise, whatever the locale."""
    return path.encode("utf-8", "surrogateescape")


def is_utf8(path: str) -> bool:
    return path.isascii() or not any("\udc80" <= character <= "\udcff" for character in path)


def count_reasons(skipped: Iterable[Skipped]) -> dict[Reason, int]:
    counts: dict[Reason, int] = {}
    for cut in skipped:
        counts[cut.reason] = counts.get(cut.reason, 0) + 1
    return {reason: counts[reason] for reason in Reason if reason in counts}


def archive_told(done: Archived, shown_folder: str) -> Outcome:
    """The line of a finished archive; a cap or an entry that could not be read makes it a partial one."""
    partial = any(reason not in BY_RULE for reason in done.skipped)
    return ARCHIVE.says(
        Status.PARTIAL if partial else Status.OK,
        files=done.files,
        skipped=sum(done.skipped.values()),
        dst=shown_folder,
        cut=tuple(f"{reason.value}:{count}" for reason, count in done.skipped.items()) or None,
        bytes=done.bytes,
        archive_bytes=done.archive_bytes,
        sha256=done.sha256,
    )
