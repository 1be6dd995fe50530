"""Archives on disk: one tar.zst and its manifest in a folder that appears whole or not at all.

Runbook 004, "Artifacts (snapshot & archive)". The bytes depend on the names and contents of the files alone: sorted
bytewise, no times, no owners, two modes, a fixed level and a fixed number of threads.
"""

import errno
import hashlib
import logging
import os
import shutil
import stat
import tarfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tasks.archive_check import check_archive
from tasks.files import replace_file, sync_folder
from tasks.folders import alone_in, disk_faults, walk
from tasks.progress import progress
from tasks.rules.archiving import Archived, Caps, Entry, Reason, Skipped, count_reasons, select
from tasks.rules.artifacts import canonical_json
from tasks.rules.faults import Fault, Refused
from tasks.rules.manifests import ARCHIVE_FILE, MANIFEST_FILE, Packed, manifest_of
from tasks.step import step

LEVEL, THREADS = 3, 2  # part of the bytes: changing either changes every checksum
_CHUNK = 1 << 20
_UNFINISHED = ".unfinished-"
log = logging.getLogger("prefect.watchkeeper")


@step(retries=0)  # it packs the folder as it is now; a second start looks again
def archive_folder(
    source: Path, destination: Path, caps: Caps, excluded: Collection[str] = (), *, at: datetime
) -> Archived:
    """Pack the folder into `destination/<time>-<checksum>/`; equal contents in one second are one archive."""
    selection = select(walk(source, excluded, spare=destination), caps)
    with unfinished_folder(destination) as folder:
        done = pack(source, folder, selection.chosen, selection.skipped, caps)
        return publish(done, folder, destination / f"{at:%Y-%m-%d_%H%M%S}-{done.sha256[:12]}")


def pack(
    source: Path,
    folder: Path,
    chosen: Sequence[Entry],
    skipped: Sequence[Skipped],
    caps: Caps,
    beside: Mapping[str, bytes] | None = None,
) -> Archived:
    """Write archive and manifest into the folder, both synced; a file that is gone by now is named as one."""
    if not chosen and not beside:
        raise Refused("nothing_to_archive", "no file of the folder may go in; the caps and --exclude decide")
    files, gone, archive = _write_tar(source.resolve(), folder / ARCHIVE_FILE, chosen)
    cut = sorted([*skipped, *gone], key=lambda one: one.path)
    extra = [_placed(folder / name, content) for name, content in (beside or {}).items()]
    replace_file(folder / MANIFEST_FILE, canonical_json(manifest_of(archive, files, cut, caps, extra)))
    return Archived(
        folder=os.fspath(folder),
        sha256=archive.sha256,
        archive_bytes=archive.bytes,
        files=len(files),
        bytes=sum(file.bytes for file in files),
        skipped=count_reasons(cut),
    )


def _placed(path: Path, content: bytes) -> Packed:
    replace_file(path, content)
    return Packed(path.name, len(content), hashlib.sha256(content).hexdigest())


def _write_tar(source: Path, target: Path, chosen: Sequence[Entry]) -> tuple[list[Packed], list[Skipped], Packed]:
    files: list[Packed] = []
    gone: list[Skipped] = []
    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS, write_checksum=True)
    with (
        target.open("xb") as file,
        compressor.stream_writer(cast("BinaryIO", sink := _Hashed(file)), closefd=False) as tar,
        progress("archive", sum(entry.size for entry in chosen)) as advance,
    ):
        for entry in chosen:
            try:
                files.append(_add(tar, os.fspath(source), entry.path))
            except _CannotOpen as why:
                gone.append(Skipped(entry.path, why.reason))
            advance(entry.size)
        tar.write(bytes(2 * tarfile.BLOCKSIZE))
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return files, gone, Packed(target.name, sink.size, sink.sha256)


def _add(tar: zstandard.ZstdCompressionWriter, source: str, path: str) -> Packed:
    """Write one member. Headers are tarfile's; its way of writing them takes twice as long for small files."""
    with _opened(f"{source}/{path}") as file:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):  # a folder or a pipe took its place since the walk
            raise _CannotOpen(Reason.NOT_A_FILE)
        content = os.read(file, min(status.st_size, _CHUNK))
        size = len(content) if len(content) < _CHUNK else status.st_size  # a file that grows is packed up to here
        digest = hashlib.sha256(content)
        tar.write(_header(path, size, executable=bool(status.st_mode & 0o111)) + content)
        left = size - len(content)
        while left:
            content = os.read(file, min(left, _CHUNK))
            if not content:
                raise Refused("source_changed", "a file shrank while it was read; start again")
            digest.update(content)
            tar.write(content)
            left -= len(content)
        tar.write(bytes(-size % tarfile.BLOCKSIZE))
    return Packed(path, size, digest.hexdigest())


def _header(path: str, size: int, *, executable: bool) -> bytes:
    """The member's header as tarfile writes it; for a plain name only what differs is filled into a ready one."""
    if path.isascii() and len(path) <= tarfile.LENGTH_NAME and size < 8**11:
        ready, total = _READY[executable]
        name, octal = path.encode(), b"%011o" % size
        checksum = b"%06o" % (total + sum(name) + sum(octal))
        return (
            name.ljust(tarfile.LENGTH_NAME, b"\0") + ready[100:124] + octal + ready[135:148] + checksum + ready[154:]
        )
    member = tarfile.TarInfo(path)
    member.size, member.mode = size, _mode(executable)
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _mode(executable: bool) -> int:
    return 0o755 if executable else 0o644


def _ready(executable: bool) -> tuple[bytes, int]:
    """The header of an empty file without a name, and the sum of its bytes but for size and checksum."""
    member = tarfile.TarInfo("")
    member.mode = _mode(executable)
    header = member.tobuf(tarfile.USTAR_FORMAT)
    return header, sum(header[:124]) + sum(header[135:148]) + sum(b" " * 8) + sum(header[156:])


_READY = {executable: _ready(executable) for executable in (False, True)}


class _CannotOpen(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """The file open as it is now: it may have gone, or turned into a link, since the folder was walked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reasons = {errno.ENOENT: Reason.VANISHED, errno.ELOOP: Reason.SYMLINK}
        raise _CannotOpen(reasons.get(error.errno or 0, Reason.UNREADABLE)) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Hashed:
    """A file that knows the SHA-256 and the length of what went through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def unfinished_folder(destination: Path) -> Iterator[Path]:
    """A new folder inside the destination that is gone after the block unless it was published.

    One at a time in a destination, so that what a killed run left can be told from what is being made, and removed.
    """
    with disk_faults("archive_not_written"):
        destination.mkdir(parents=True, exist_ok=True)
        with alone_in(destination):
            for left_behind in destination.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left_behind)
            folder = destination / f"{_UNFINISHED}{uuid.uuid4().hex}"
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def publish(done: Archived, folder: Path, target: Path) -> Archived:
    """Read the archive back and, if every checksum holds, give the folder its name in one move."""
    if problems := check_archive(folder).problems:
        log.error("the archive differs from what was written: %s", problems[0])
        raise Fault("archive_damaged", "the disk gave back other bytes than were written; look at its health")
    sync_folder(folder)
    if not target.exists():  # else the same second gave the same bytes: it is there already
        folder.rename(target)
        sync_folder(target.parent)
    return replace(done, folder=os.fspath(target))
