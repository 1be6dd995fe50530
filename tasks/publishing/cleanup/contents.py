"""What is in a folder, byte for byte, in the words that git has for it: mode, kind, id and path of every file.

Runbook 003: parity is the manifest of every file, of what is on the disk and not of what an index remembers.
"""

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import disk_faults
from tasks.publishing.cleanup.places import Place, opened
from tasks.rules.faults import Refused
from tasks.rules.publishing.parity import Entry, Manifest, manifest_in
from tasks.splitting.plumbing import Git, environment, git_failed

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """Every file of a folder, and how many bytes they are."""

    manifest: Manifest
    size: int

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def digest_of(manifest: Manifest) -> str:
    """One number for a manifest, whatever the order of a disk."""
    lines = (" ".join(manifest[path]).encode() + b"\t" + path + b"\0" for path in sorted(manifest))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def files_in(manifest: Manifest) -> Manifest:
    """The manifest without the folders, which follow from their files."""
    return {path: entry for path, entry in manifest.items() if entry[1] != "tree"}


def committed_at(git: Git, tree: str) -> Manifest:
    """The files that git has under that name (`<commit>:<folder>`), submodules included."""
    return manifest_in(git.ask("ls-tree", "-r", "-z", "--full-tree", tree))


def contents_of(place: Place) -> Contents:
    """Read everything at the place; refuses a repository, another disk or a device inside, and a change meanwhile."""
    manifest: dict[bytes, Entry] = {}
    size = 0
    with disk_faults("not_read"), opened(place.base, (*place.parents, place.name)) as folder:
        for parent, name, path in _files(folder, os.fstat(folder).st_dev):
            manifest[path], length = _read(parent, name)
            size += length
    return Contents(manifest, size)


def _files(folder: int, disk: int) -> Iterator[tuple[int, str, bytes]]:
    """Every file with a descriptor of its folder; the descriptor lives until the next one is asked for."""
    for top, folders, files, handle in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        if any(name.lower() == ".git" for name in (*folders, *files)):
            raise Refused("nested_repository", "there is a repository inside: move it elsewhere, or leave the folder")
        if os.fstat(handle).st_dev != disk:
            raise Refused("unsafe_path", "another disk is mounted inside the folder: unmount it")
        links = [name for name in folders if stat.S_ISLNK(os.lstat(name, dir_fd=handle).st_mode)]
        for name in (*files, *links):
            yield handle, name, os.fsencode(os.path.normpath(f"{top}/{name}"))


def _read(parent: int, name: str) -> tuple[Entry, int]:
    status = os.lstat(name, dir_fd=parent)
    if stat.S_ISLNK(status.st_mode):
        target = os.fsencode(os.readlink(name, dir_fd=parent))
        return ("120000", "blob", _blob(len(target), iter([target]))), len(target)
    if not stat.S_ISREG(status.st_mode):
        raise Refused("unsafe_path", "there is something that is neither file nor link in the folder")
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        size = os.fstat(handle).st_size
        mode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
        return (mode, "blob", _blob(size, iter(lambda: os.read(handle, _CHUNK), b""))), size
    finally:
        os.close(handle)


def _blob(size: int, chunks: Iterator[bytes]) -> str:
    digest, length = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), 0
    for chunk in chunks:
        digest.update(chunk)
        length += len(chunk)
    if length != size:
        raise Refused("folder_changed", "somebody is writing in the folder; start again later")
    return digest.hexdigest()


def is_checkout_of(contents: Contents, committed: Manifest, root: Path, prefix: str) -> bool:
    """Whether the folder holds exactly what was committed, as git's own filters (line ends, LFS) would store it."""
    if contents.manifest.keys() != committed.keys():
        return False
    differing = [path for path, what in contents.manifest.items() if committed[path] != what]
    if any(committed[path][0] != contents.manifest[path][0] or committed[path][0] == "120000" for path in differing):
        return False
    stored = _as_stored(root, [os.fsencode(prefix) + b"/" + path for path in differing])
    return [committed[path][2] for path in differing] == stored


def _as_stored(root: Path, paths: list[bytes]) -> list[str]:
    if not paths:
        return []
    given = b"".join(_quoted(path) + b"\n" for path in paths)
    done = subprocess.run(
        ["git", "hash-object", "--stdin-paths"],
        cwd=root, input=given, capture_output=True, check=False, env=environment(),
    )  # fmt: skip
    if done.returncode != 0:
        raise git_failed("hash-object")
    return done.stdout.decode().split()


def _quoted(path: bytes) -> bytes:
    """As git reads names line by line: in quotes if it has a newline, or begins with a quote."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"' if b"\n" in path or path[:1] == b'"' else path
