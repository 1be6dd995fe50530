"""The soak journal's law: how a record is written, how each one holds on to the one before, what breaks the chain.

A record is one line of canonical JSON (keys sorted, no blanks, ASCII). `prev_hash` is the hash of the line before
(`GENESIS` on the first line) and `hash` is the SHA-256 of the line without its own `hash`, so the two may be checked
on the bytes as they stand, without parsing. A chain cannot show that its end was cut off or that all of it was
written anew: for that, heads (how many lines, which hash) are kept elsewhere and handed in (runbook 004, "Soak
orchestration").

Later versions may add keys: the hash covers whatever stands in the line, so an old journal still verifies and an old
reader still parses. Two names are taken at any depth, `hash` and `prev_hash`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.artifacts import Json

GENESIS = "GENESIS"
MAX_LINE_BYTES = 16_384
REPAIR = "JOURNAL_REPAIR"
Record = Mapping[str, Json]

_HASH = b',"hash":"'
_PREV = b',"prev_hash":"'
_HASH_SIZE = 64
_AFTER_KEY = len(_HASH)
_AFTER_PREV = len(_PREV)
_AFTER_HASH = _AFTER_KEY + _HASH_SIZE + 1  # the closing quote belongs to what is taken out
_NO_HASH = "0" * _HASH_SIZE
_RESERVED = (b'"hash":', b'"prev_hash":')  # as keys only: inside a text the quotes are escaped
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Damage(StrEnum):
    """What can be wrong with a journal, in the word that the line says."""

    FLIPPED = "flipped"  # a line is not what was hashed
    RESPACED = "respaced"  # the same content in other bytes
    CRLF = "crlf"  # only the line ends were changed
    TORN = "torn"  # the last line has no end: a writer died, or the disk was full
    DELETED = "deleted"  # the line before is missing
    SWAPPED = "swapped"  # the line before stands further down
    DUPLICATED = "duplicated"  # the line stands in the journal once more
    FORKED = "forked"  # two different lines follow the same one: two writers without a lock
    RESTARTED = "restarted"  # the chain begins anew inside the file
    TRUNCATED = "truncated"  # an outside head knows more lines
    REWRITTEN = "rewritten"  # the chain is whole, and another one than the outside head has seen
    OLDER_COPY = "older_copy"  # the file was replaced by an earlier state of itself
    UNPROVEN = "unproven"  # no outside head is left to tell


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal ended when somebody looked: kept outside of it. `inode` tells a cut from a replaced file."""

    count: int
    hash: str
    inode: int | None = None


START = Head(0, GENESIS)


def sealed(content: Record, prev_hash: str) -> tuple[bytes, str]:
    """The line of a record that follows `prev_hash`, with its newline, and the record's own hash.

    A ValueError for what may not stand in a journal: NaN, a key with a reserved name, more than 16 KiB.
    """
    text = _encode({**content, "prev_hash": prev_hash, "hash": _NO_HASH}).encode()
    if "hash" in content or any(text.count(name) != 1 for name in _RESERVED):
        raise ValueError("a record may not have a key `hash` or `prev_hash` of its own")
    at = text.find(_HASH)
    if at < 0:
        raise ValueError("a record needs a key that sorts before `hash`, as `action` does")
    own = hashlib.sha256(text[:at] + text[at + _AFTER_HASH :]).hexdigest()
    line = b"%b%b%b\n" % (text[: at + _AFTER_KEY], own.encode(), text[at + _AFTER_HASH - 1 :])
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a record is at most {MAX_LINE_BYTES} bytes")
    return line, own


@dataclass(slots=True)
class Chain:
    """How far a journal carries on: `count` lines, the last of them with hash `link`."""

    count: int = 0
    link: str = GENESIS

    def leap(self, lines: Sequence[bytes]) -> bool:
        """Move over lines whose hashes stand at the same places, if all of them carry on; else stay where it is.

        The same checks as `follow`, made for all lines at once: what is taken out of each is compared in one piece.
        """
        start = lines[0].find(_HASH)
        end = start + _AFTER_HASH
        prev = lines[0].find(_PREV)
        prev_end = prev + _AFTER_PREV + _HASH_SIZE + 1
        if start < 0 or prev < 0:
            return False
        sha256 = hashlib.sha256
        own = b"".join([sha256(line[:start] + line[end:-1]).digest() for line in lines]).hex("|", _HASH_SIZE // 2)
        links = f"{self.link}|{own}"[: -_HASH_SIZE - 1]
        if b"".join([line[start:end] for line in lines]) != _as_written(_HASH, own):
            return False
        if b"".join([line[prev:prev_end] for line in lines]) != _as_written(_PREV, links):
            return False
        self.count, self.link = self.count + len(lines), own[-_HASH_SIZE:]
        return True

    def follow(self, lines: Iterable[bytes]) -> bytes | None:
        """Walk over whole lines (with their newline); the first that does not carry on is returned and not counted.

        On bytes alone, because the hash covers them: no parsing, at the speed of hashing.
        """
        sha256, count = hashlib.sha256, self.count
        link = self.link.encode() + b'"'
        try:
            for line in lines:
                at = line.find(_HASH)
                own = sha256(line[:at] + line[at + _AFTER_HASH : -1]).hexdigest().encode() + b'"'
                if not line.startswith(own, at + _AFTER_KEY):
                    return line
                if not line.startswith(link, line.find(_PREV) + _AFTER_PREV):
                    return line
                link = own
                count += 1
        finally:
            self.count, self.link = count, link[:-1].decode()
        return None


def _as_written(key: bytes, hashes: str) -> bytes:
    """`h1|h2` as `,"hash":"h1","hash":"h2"`."""
    return key + hashes.encode().replace(b"|", b'"' + key) + b'"'


def parsed(line: bytes) -> dict[str, Json] | None:
    """The record on a line; None if there is none. NaN is not JSON."""
    try:
        record = json.loads(line.decode("ascii"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def own_hash(line: bytes) -> str | None:
    """The hash of a line whose bytes are what was hashed; None for any other line."""
    at = line.find(_HASH)
    if at < 0 or not line.endswith(b"\n"):
        return None
    own = hashlib.sha256(line[:at] + line[at + _AFTER_HASH : -1]).hexdigest()
    return own if line.startswith(own.encode() + b'"', at + _AFTER_KEY) else None


def claimed_parent(line: bytes) -> str:
    record = parsed(line) or {}
    return str(record.get("prev_hash", ""))


def hash_as_written(value: str) -> bytes:
    """The bytes under which a line with that hash is found in a file."""
    return b'%b%b"' % (_HASH, value.encode())


def damage_of_line(line: bytes) -> Damage | None:
    """What is wrong with the line itself, whatever stands before it."""
    if not line.endswith(b"\n"):
        return Damage.TORN
    if own_hash(line):
        return None
    record = parsed(line)
    if record is None or not _seals_itself(record):
        return Damage.FLIPPED
    return Damage.CRLF if line.endswith(b"\r\n") and own_hash(line[:-2] + b"\n") else Damage.RESPACED


def _seals_itself(record: Record) -> bool:
    rest = {key: value for key, value in record.items() if key != "hash"}
    try:
        return hashlib.sha256(_encode(rest).encode()).hexdigest() == record.get("hash")
    except ValueError:
        return False


class Place(StrEnum):
    """Where in the file the line stands that another one names as its parent."""

    BEFORE = "before"
    AFTER = "after"
    NOWHERE = "nowhere"


def damage_of_link(line: bytes, *, parent: Place, repeated: bool, line_before: bytes) -> Damage:
    """Why a line that is whole does not follow the one before it.

    `parent` is where the line stands that it names, `repeated` whether its own twin stands further up.
    """
    if repeated:
        return Damage.DUPLICATED
    if parent is Place.AFTER:
        return Damage.SWAPPED
    if parent is Place.BEFORE:
        return Damage.FORKED
    if claimed_parent(line) == GENESIS:
        return Damage.RESTARTED
    return Damage.REWRITTEN if _counts_on(line_before, line) else Damage.DELETED


def _counts_on(line_before: bytes, line: bytes) -> bool:
    """Whether the numbers show that nothing is missing between the two: then the line before was replaced."""
    numbers = [(parsed(text) or {}).get("seq") for text in (line_before, line)]
    return all(isinstance(number, int) for number in numbers) and numbers[1] == numbers[0] + 1  # type: ignore[operator]


def damage_by_heads(found: Head, heads: Sequence[Head], hash_at: Mapping[int, str]) -> Damage | None:
    """What outside heads show of a journal whose own chain is whole; `hash_at` has its hash at each head's count.

    A shorter file is the same story cut short, unless a head of its own length saw another hash there.
    """
    if not heads:
        return Damage.UNPROVEN
    if any(hash_at[head.count] != head.hash for head in heads if 0 < head.count <= found.count):
        return Damage.REWRITTEN
    longer = [head for head in heads if head.count > found.count]
    if not longer:
        return None
    replaced = any(None not in (head.inode, found.inode) and head.inode != found.inode for head in longer)
    return Damage.OLDER_COPY if replaced else Damage.TRUNCATED


@dataclass(frozen=True, slots=True)
class Reading:
    """What a whole journal is: its own head, the first damage with its line, how many lines do not carry on."""

    found: Head
    hash_at: Mapping[int, str]
    damage: Damage | None = None
    line: int | None = None
    broken: int = 0

    def judged(self, heads: Sequence[Head]) -> Damage | None:
        """The damage of the chain, or what outside heads show of a chain that is whole."""
        if self.damage not in (None, Damage.TORN):
            return self.damage
        outside = damage_by_heads(self.found, heads, self.hash_at)
        return self.damage if self.damage and outside in (None, Damage.UNPROVEN) else outside
