"""Reading an archive back: is every byte of it what its manifest says?"""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tasks.rules.faults import Refused
from tasks.rules.manifests import ARCHIVE_FILE, MANIFEST_FILE, Packed, differences, promises_of
from tasks.step import step

_CHUNK = 1 << 15  # tarfile moves what is left of it at every read of a small file


@dataclass(frozen=True, slots=True)
class Checked:
    """How many files the manifest promises, and all that is not as it says (`what:path`)."""

    files: int
    problems: tuple[str, ...]


def check_archive(folder: Path) -> Checked:
    """Compare an archive with its manifest: its own checksum, and the length and checksum of every file in it."""
    try:
        promised = promises_of((folder / MANIFEST_FILE).read_bytes())
        there = [found for file in promised.folder if (found := _weighed(folder, file.path))]
        with (folder / ARCHIVE_FILE).open("rb") as archive:
            inside, torn = _contents(archive)
    except FileNotFoundError:
        raise Refused("archive_missing", f"a folder with {ARCHIVE_FILE} and {MANIFEST_FILE} is meant") from None
    except ValueError:
        return Checked(0, (f"unreadable:{MANIFEST_FILE}",))
    damage = differences(promised.folder, there)
    return Checked(len(promised.files), (*damage, *torn, *differences(promised.files, inside)))


checked_archive = step(check_archive)


def _weighed(folder: Path, name: str) -> Packed | None:
    path = folder / Path(name).name  # a manifest names files of its own folder, whatever it says
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return Packed(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _contents(archive: BinaryIO) -> tuple[list[Packed], tuple[str, ...]]:
    """The files that can be read, and what stopped the reading before the end."""
    found: list[Packed] = []
    try:
        found.extend(_members(archive))
    except (zstandard.ZstdError, tarfile.TarError, EOFError):
        return found, (f"unreadable:{ARCHIVE_FILE}",)
    return found, ()


def _members(archive: BinaryIO) -> Iterator[Packed]:
    with (
        zstandard.ZstdDecompressor().stream_reader(archive, closefd=False) as plain,
        tarfile.open(fileobj=plain, mode="r|", bufsize=_CHUNK) as tar,
    ):
        for member in tar:
            content = tar.extractfile(member)
            digest = hashlib.file_digest(cast("io.BufferedReader", content), "sha256").hexdigest() if content else ""
            yield Packed(member.name, member.size, digest)
