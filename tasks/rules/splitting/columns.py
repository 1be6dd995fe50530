"""The new histories as columns of bytes and back, for a run that continues where another one ended.

Reading back builds as few objects as possible: the place of a saved commit becomes one only when a new commit asks
for it. Columns of several runs are joined by putting the bytes behind each other.
"""

from array import array
from collections.abc import Mapping

from tasks.rules.splitting.ancestry import Graph
from tasks.rules.splitting.mapping import NewHistories, Place, Text

COLUMNS = ("commits", "row_of", "rows", "shas", "trees", "first", "height", "steps", "jump", "others")
Columns = Mapping[str, bytes]
NOTHING: Columns = dict.fromkeys(COLUMNS, b"")
_NO_ID = bytes(20)


class SavedPlaces(dict[bytes, Place]):
    """Holds the commits of this run, and answers for those of earlier runs from their columns."""

    def __init__(self, saved: Columns, folders: int, graph: Graph) -> None:
        super().__init__()
        self._row_of = dict(zip(_cut(saved["commits"]), numbers(saved["row_of"]), strict=True))
        self._rows = numbers(saved["rows"])
        self._folders, self._trees = folders, graph.trees
        self._made: dict[int, Place] = {}
        self._number: dict[int, int] = {}  # by the identity of the place: places are shared, never copied

    def __missing__(self, sha: bytes) -> Place:
        number = self._row_of[bytes.fromhex(sha.decode())]
        if number not in self._made:
            row = tuple(self._rows[number * self._folders : (number + 1) * self._folders])
            self._made[number] = row, tuple(self._trees[node] for node in row)
            self._number[id(self._made[number])] = number
        return self._made[number]

    def added(self) -> dict[str, bytes]:
        """The columns of this run's commits."""
        rows = array("I")
        row_of = array("I")
        count = len(self._rows) // self._folders
        for place in self.values():
            if id(place) not in self._number:
                self._number[id(place)] = count
                rows.extend(place[0])
                count += 1
            row_of.append(self._number[id(place)])
        ids = bytes.fromhex(b"".join(self).decode())
        return {"commits": ids, "row_of": row_of.tobytes(), "rows": rows.tobytes()}


def restored(saved: Columns, folders: int, text: Text) -> tuple[NewHistories, SavedPlaces]:
    """The histories as they were, and their places, which will also tell what is added to them."""
    graph = Graph()
    shas = saved["shas"].hex().encode()
    graph.shas += [
        b"" if (sha := shas[at : at + 40]) == _NO_ID.hex().encode() else sha for at in range(0, len(shas), 40)
    ]
    graph.trees += [b"" if tree == _NO_ID else tree for tree in _cut(saved["trees"])]
    for name in ("first", "height", "steps", "jump"):
        getattr(graph, name).frombytes(saved[name])
    others = numbers(saved["others"])
    at = 0
    while at < len(others):
        node, count = others[at], others[at + 1]
        graph.others[node] = tuple(others[at + 2 : at + 2 + count])
        at += 2 + count
    places = SavedPlaces(saved, folders, graph)
    nodes = {sha: node for node, sha in enumerate(graph.shas) if sha}
    return NewHistories(text, graph, places, nodes=nodes), places


def added_nodes(graph: Graph, since: int) -> dict[str, bytes]:
    """The columns of the nodes from number `since` on."""
    others = array("I")
    for node, more in graph.others.items():
        if node >= since:
            others.extend((node, len(more), *more))
    return {
        "shas": b"".join(bytes.fromhex(sha.decode()) or _NO_ID for sha in graph.shas[since:]),
        "trees": b"".join(tree or _NO_ID for tree in graph.trees[since:]),
        "others": others.tobytes(),
    } | {name: getattr(graph, name)[since:].tobytes() for name in ("first", "height", "steps", "jump")}


def numbers(data: bytes) -> "array[int]":
    found = array("I")
    found.frombytes(data)
    return found


def _cut(data: bytes) -> list[bytes]:
    return [data[at : at + 20] for at in range(0, len(data), 20)]
