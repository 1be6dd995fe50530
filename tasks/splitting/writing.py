"""New commits into the repository: all of them or none, and none is reachable before its parents are there."""

import hashlib
import zlib
from collections.abc import Sequence
from struct import pack

from tasks.splitting.plumbing import Git

COMMIT_TYPE = 1
_LOOSE_UP_TO = 100  # fewer objects than this are not worth a pack of their own


def write_commits(git: Git, commits: Sequence[tuple[bytes, bytes]]) -> None:
    """Store the commits, each as its id and its bytes; ids that are there already do no harm."""
    if not commits:
        return
    command = ("unpack-objects", "-q") if len(commits) <= _LOOSE_UP_TO else ("index-pack", "--stdin")
    git.ask(*command, given=packed([data for _, data in commits]))


def packed(commits: Sequence[bytes]) -> bytes:
    """A pack of these commits, undeltified, as `git index-pack` reads it (gitformat-pack, version 2)."""
    head = pack(">4sII", b"PACK", 2, len(commits))
    body = b"".join((head, *(_entry_head(len(data)) + zlib.compress(data, 1) for data in commits)))
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _entry_head(size: int) -> bytes:
    """Type and size: four bits of the size, then seven a byte, the high bit saying that more follow."""
    out = bytearray()
    low, size = size & 15 | COMMIT_TYPE << 4, size >> 4
    while size:
        out.append(low | 0x80)
        low, size = size & 0x7F, size >> 7
    out.append(low)
    return bytes(out)
