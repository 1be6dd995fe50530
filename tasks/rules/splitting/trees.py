"""The trees of all wanted folders, read from the raw tree object of the folder that holds them.

Most versions of that folder have the same names, so the last layout is tried first: it takes all ids out in one
step, and only a folder that came, went or was renamed makes the object be parsed again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from struct import Struct
from typing import Any

from tasks.rules.splitting.mapping import Trees

FOLDER_MODE = 0o40000
_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0([\s\S]{20})")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the ids stand in a tree object: heads (mode and name) and ids alternate."""

    heads: tuple[bytes, ...]
    cut: Struct
    chosen: Callable[[Any], Any]

    def trees(self, content: bytes) -> Trees | None:
        if len(content) != self.cut.size:
            return None
        pieces = self.cut.unpack(content)
        return self.chosen((*pieces[1::2], b"")) if pieces[::2] == self.heads else None


class Forest:
    """Reads the trees of the folders of these names, in this order; a folder that is not there has an empty id."""

    def __init__(self, names: Sequence[bytes]) -> None:
        self._names = names
        self._ids: dict[bytes, bytes] = {}  # one object an id: less memory, quicker comparison
        self._layout = self._laid_out(b"")

    def trees(self, content: bytes) -> Trees:
        found = self._layout.trees(content)
        if found is None:
            self._layout = self._laid_out(content)
            found = self._layout.trees(content)
        if found is None:
            raise ValueError("not a tree object")
        return tuple(map(self._ids.setdefault, found, found))

    def _laid_out(self, content: bytes) -> _Layout:
        entries = _ENTRY.findall(content)
        folders = {name: at for at, (mode, name, _) in enumerate(entries) if int(mode, 8) == FOLDER_MODE}
        heads = tuple(b"%s %s\0" % (mode, name) for mode, name, _ in entries)
        places = [folders.get(name, len(entries)) for name in self._names]
        cut = Struct("".join(f"{len(head)}s20s" for head in heads))
        return _Layout(heads, cut, itemgetter(*places) if len(places) > 1 else lambda ids: (ids[places[0]],))


def entries_in(content: bytes) -> list[tuple[int, bytes, str]]:
    """What a raw tree object holds: mode, name and id of each entry."""
    return [(int(mode, 8), name, id_.hex()) for mode, name, id_ in _ENTRY.findall(content)]
