"""What earlier runs learned, so that the next one reads only new commits.

One file for each set of things the answer depends on (its key). A run appends one segment: a header, the columns
that it added, a foot. A segment that a kill cut short, or whose checksum is wrong, ends the file there and is
written over. Nothing in the file is needed: without it the next run starts from the beginning and ends the same.
"""

import fcntl
import hashlib
import json
import logging
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from struct import Struct, error
from typing import BinaryIO

from tasks.rules.splitting.columns import COLUMNS, Columns

_HEAD = Struct("<8sIQII")  # mark, length of the header, of the body, checksums of both
_FOOT = Struct("<Q8s")  # length of the whole segment, mark
_MARK = b"wksplit1"
_KEPT = 16  # states of other folder lists; the oldest goes when a new one comes
_LENGTHS = Struct(f"<{len(COLUMNS)}Q")
log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Result:
    """Where one folder stood: its newest new commit, how many there are, and what was said of it."""

    sha: str | None
    commits: int
    gap: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """`continues`: whether the columns hold all that a next run needs to go on from `tip`."""

    tip: str
    results: tuple[Result, ...]
    continues: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """The newest header, the columns of all segments joined, and how many bytes of the file they are."""

    header: Header | None
    columns: Columns
    end: int


@dataclass(frozen=True, slots=True)
class StateFile:
    """The state of one key; a folder of None keeps nothing."""

    path: Path | None

    @classmethod
    def of(cls, folder: Path | None, *key: str) -> "StateFile":
        name = hashlib.sha256("\0".join(key).encode("utf-8", "surrogateescape")).hexdigest()
        return cls(folder / f"{name[:40]}.split" if folder else None)

    def last(self) -> Header | None:
        """The header of the newest segment; the columns are not read."""
        if self.path is None or not self.path.is_file():
            return None
        with self.path.open("rb") as file:
            return _last_by_foot(file) or _last_by_walk(file)

    def load(self) -> Saved:
        """All segments that are whole; a file without any is a state of nothing."""
        parts: dict[str, list[bytes]] = {name: [] for name in COLUMNS}
        header, end = None, 0
        if self.path and self.path.is_file():
            with self.path.open("rb") as file:
                for header, body, end in _segments(file):  # noqa: B007  the last ones are what is wanted
                    for name, part in _unpacked(body).items():
                        parts[name].append(part)
        return Saved(header, {name: b"".join(found) for name, found in parts.items()}, end)

    def append(self, header: Header, columns: Columns, *, after: int) -> None:
        """Add a segment to the `after` bytes that were loaded; a file that another run has changed is left alone."""
        if self.path is None:
            return
        try:
            _make_room(self.path)
            with self.path.open("a+b") as file, suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if after in (0, _good_until(file)):
                    file.truncate(after)
                    file.write(_segment(header, columns))
        except OSError as error:  # a mirror that may not be written to, a full disk: the answer is as good without
            log.warning("what the split has learned is not kept (%s)", type(error).__name__)


def _make_room(path: Path) -> None:
    """A folder for the state, without states that nobody has added to for longest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    others = sorted(path.parent.glob("*.split"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for old in [] if path in others else others[_KEPT - 1 :]:
        old.unlink(missing_ok=True)


def _segment(header: Header, columns: Columns) -> bytes:
    head = json.dumps(asdict(header)).encode()
    body = _LENGTHS.pack(*(len(columns[name]) for name in COLUMNS)) + b"".join(columns[name] for name in COLUMNS)
    front = _HEAD.pack(_MARK, len(head), len(body), zlib.crc32(head), zlib.crc32(body))
    return b"".join((front, head, body, _FOOT.pack(len(front) + len(head) + len(body) + _FOOT.size, _MARK)))


def _unpacked(body: bytes) -> dict[str, bytes]:
    parts = {}
    at = _LENGTHS.size
    for name, length in zip(COLUMNS, _LENGTHS.unpack_from(body), strict=True):
        parts[name] = body[at : at + length]
        at += length
    return parts


def _segments(file: BinaryIO) -> Iterator[tuple[Header, bytes, int]]:
    """Each whole segment: its header, its body and where it ends."""
    file.seek(0)
    while (found := _header_here(file)) is not None:
        header, length, checksum = found
        body, foot = file.read(length), file.read(_FOOT.size)
        if zlib.crc32(body) != checksum or len(foot) < _FOOT.size:
            return
        yield header, body, file.tell()


def _header_here(file: BinaryIO) -> tuple[Header, int, int] | None:
    try:
        mark, length, body_length, checksum, body_checksum = _HEAD.unpack(file.read(_HEAD.size))
    except error:
        return None
    text = file.read(length) if mark == _MARK else b""
    if not text or zlib.crc32(text) != checksum:
        return None
    fields = json.loads(text)
    header = Header(fields["tip"], tuple(Result(**result) for result in fields["results"]), fields["continues"])
    return header, body_length, body_checksum


def _last_by_foot(file: BinaryIO) -> Header | None:
    size = file.seek(0, 2)
    if size < _FOOT.size:
        return None
    file.seek(size - _FOOT.size)
    length, mark = _FOOT.unpack(file.read(_FOOT.size))
    if mark != _MARK or length > size:
        return None
    file.seek(size - length)
    found = _header_here(file)
    return found[0] if found else None


def _last_by_walk(file: BinaryIO) -> Header | None:
    last = None
    for header, _, _ in _segments(file):
        last = header
    return last


def _good_until(file: BinaryIO) -> int:
    return max((end for _, _, end in _segments(file)), default=0)
