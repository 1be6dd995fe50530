"""The bytes of a new commit behind its parents, as `git subtree split` writes them.

That tool reads a commit with `git log`, passes names through the shell's `read` and hands all of it to
`git commit-tree`. What comes out for a plain commit is known here; for names and dates that git would clean up the
caller asks git itself, since the clean-up differs between versions.
"""

import re
from dataclasses import dataclass

# What `Record.of` expects behind the first line. Dates are seconds and zone (`--date=raw`).
FIELDS = "%an%n%ae%n%ad%n%cn%n%ce%n%cd%n%B"

# Neither the shell nor git touches these: no backslash, no bracket, no control, nothing odd at either end.
_EDGE = rb"[^\x00-\x20\x7f.,:;<>\"'\\]"
_PLAIN = re.compile(_EDGE + rb"(?:[^\x00-\x1f\x7f<>\\]*" + _EDGE + rb")?")
_PLAIN_DATE = re.compile(rb"(\d{6,10}) [+-](?:[01]\d|2[0-3])[0-5]\d")
_LAST_PLAIN_SECOND = 4_102_000_000  # the last days of 2099: git reads no later year back
_LAST_OF_PLANES = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_CHARACTER = re.compile(f"[\ufdd0-\ufdef{_LAST_OF_PLANES}]")
_SMALLEST = {1: 0x80, 2: 0x800, 3: 0x10000}


@dataclass(frozen=True, slots=True)
class Person:
    """Who and when, as `git log` shows it."""

    name: bytes
    mail: bytes
    date: bytes

    @property
    def has_plain_name(self) -> bool:
        """Whether name and mail reach the new commit unchanged; an empty mail does, an empty name does not."""
        return bool(_PLAIN.fullmatch(self.name)) and (not self.mail or bool(_PLAIN.fullmatch(self.mail)))

    @property
    def has_plain_date(self) -> bool:
        match = _PLAIN_DATE.fullmatch(self.date)
        return bool(match) and int(match[1]) <= _LAST_PLAIN_SECOND  # type: ignore[index]


@dataclass(frozen=True, slots=True)
class Record:
    author: Person
    committer: Person
    message: bytes

    @classmethod
    def of(cls, record: bytes) -> "Record":
        _, name, mail, date, by, by_mail, by_date, message = record.split(b"\n", 7)
        return cls(Person(name, mail, date), Person(by, by_mail, by_date), message)


def commit_text(author: bytes, committer: bytes, message: bytes) -> bytes:
    """Author and committer as `name <mail> seconds zone`; the message verbatim, in UTF-8."""
    return as_utf8(b"author %s\ncommitter %s\n\n%s" % (author, committer, message))


def as_utf8(data: bytes) -> bytes:
    """The data with every byte that does not belong to a character taken for Latin-1."""
    if data.isascii():
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _repaired(data)
    return _repaired(data) if _NO_CHARACTER.search(text) else data


def _repaired(data: bytes) -> bytes:
    out = bytearray()
    place = 0
    while place < len(data):
        length = _character_length(data, place)
        out += data[place : place + length] if length else bytes((0xC0 | data[place] >> 6, 0x80 | data[place] & 0x3F))
        place += length or 1
    return bytes(out)


def _character_length(data: bytes, place: int) -> int:
    """How many bytes the character at `place` has; 0 if git takes the byte there for no character."""
    lead = data[place]
    if lead < 0x80:
        return 1
    more = 1 if 0xC0 <= lead < 0xE0 else 2 if 0xE0 <= lead < 0xF0 else 3 if 0xF0 <= lead < 0xF8 else 0
    return more + 1 if more and _is_character(data[place : place + more + 1], more) else 0


def _is_character(data: bytes, more: int) -> bool:
    if len(data) <= more:
        return False
    code = data[0] & (0x3F >> more)
    for byte in data[1:]:
        if byte & 0xC0 != 0x80:
            return False
        code = code << 6 | byte & 0x3F
    surrogate_or_none = 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return _SMALLEST[more] <= code <= 0x10FFFF and not surrogate_or_none


def read_by_shell(field: bytes) -> bytes:
    """A line as the shell's plain `read` takes it: outer blanks trimmed, each backslash eaten."""
    return re.sub(rb"\\(.?)", rb"\1", field.strip(b" \t"), flags=re.S)
