"""Which commit of the new history stands for a commit of the monorepo: keep, copy or skip.

The same answer as `git subtree split`, for all folders at once and in one walk, parents first. One answer differs on
purpose: where a folder was deleted and came back, git subtree lets the monorepo's own commits into the published
history; here the gap is skipped and said.

A `Place` says where a commit stands in the new histories: one node a folder, beside the tree each node has. Commits
that change no folder share the place of their parent, which makes the common case one look-up.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tasks.rules.splitting.ancestry import Graph

Trees = tuple[bytes, ...]
"""The id of each folder's tree in one commit, as 20 bytes; empty where the folder is not there."""


class Commit(NamedTuple):
    """One commit of the monorepo as `git log` gave it: ids as hexadecimal, `record` as all that was said of it."""

    sha: bytes
    root: bytes
    parents: tuple[bytes, ...]
    record: bytes


Place = tuple[tuple[int, ...], Trees]
Text = Callable[[Commit], bytes]
"""The bytes of a new commit behind its parents: author, committer, blank line, message."""


@dataclass(frozen=True, slots=True)
class Joins:
    """What earlier `git subtree add` and `--rejoin` commits have settled.

    `final` maps a commit to the node it stands for, folder by folder; `own` holds, a folder, the commits that belong
    to the project's own history although the monorepo's history contains them since it was joined.
    """

    final: Mapping[bytes, Mapping[int, int]] = field(default_factory=dict)
    own: Mapping[int, set[bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class NewHistories:
    """The new histories of a fixed list of folders, grown one commit at a time."""

    text: Text
    graph: Graph = field(default_factory=Graph)
    places: dict[bytes, Place] = field(default_factory=dict)
    joins: Joins = field(default_factory=Joins)
    made: list[tuple[bytes, bytes]] = field(default_factory=list)  # id and bytes of each new commit, to be written
    gaps: set[int] = field(default_factory=set)
    nodes: dict[bytes, int] = field(default_factory=dict)
    _bridges: dict[tuple[int, ...], int] = field(default_factory=dict)
    _last_text: tuple[bytes, bytes] = (b"", b"")

    def take(self, commit: Commit, trees: Trees) -> None:
        """Find the place of one more commit; its parents must have been taken before."""
        if commit.sha in self.joins.final:
            self.places[commit.sha] = self._seeded(commit, trees)
        elif len(commit.parents) == 1:
            before = self.places[commit.parents[0]]
            self.places[commit.sha] = before if before[1] is trees else self._after_one(commit, trees, before)
        else:
            self.places[commit.sha] = self._after_many(commit, trees)

    def _after_one(self, commit: Commit, trees: Trees, before: Place) -> Place:
        row = list(before[0])
        for folder, (tree, had) in enumerate(zip(trees, before[1], strict=True)):
            if tree != had:
                row[folder] = self._choose(folder, tree, (row[folder],), commit)
        return self._placed(row, trees)

    def _after_many(self, commit: Commit, trees: Trees) -> Place:
        before = [self.places[parent] for parent in commit.parents]
        known = self.graph.trees
        row = []
        for folder, (tree, *nodes) in enumerate(zip(trees, *(place[0] for place in before), strict=True)):
            same = bool(nodes) and known[nodes[0]] == tree and nodes.count(nodes[0]) == len(nodes)
            row.append(nodes[0] if same else self._choose(folder, tree, tuple(nodes), commit))
        return self._placed(row, trees)

    def _seeded(self, commit: Commit, trees: Trees) -> Place:
        """A commit that an earlier join has answered for: the answer is final (rule 14)."""
        final = self.joins.final[commit.sha]
        before = [self.places[parent][0] for parent in commit.parents]
        row = [
            final[folder]
            if folder in final
            else self._choose(folder, tree, tuple(nodes[folder] for nodes in before), commit)
            for folder, tree in enumerate(trees)
        ]
        return self._placed(row, trees)

    def _placed(self, row: list[int], trees: Trees) -> Place:
        known = self.graph.trees
        joined = self.joins.final or self.joins.own  # only then may a commit stand for another tree than its own
        if joined and any(known[node] != tree for node, tree in zip(row, trees, strict=True)):
            trees = tuple(known[node] for node in row)
        return tuple(row), trees

    def _choose(self, folder: int, tree: bytes, nodes: tuple[int, ...], commit: Commit) -> int:
        """The node of one folder: nothing, one that is there already, or a new commit."""
        parents = self._without_gaps(nodes)
        if not tree:
            return self._without_folder(folder, parents, commit)
        found = kept(self.graph, tree, parents)
        if parents is not nodes and self._crosses_gap(tree, nodes, copied=not found):
            self.gaps.add(folder)
        return found or self._copy(tree, tuple(dict.fromkeys(parents)), commit)

    def _without_gaps(self, nodes: tuple[int, ...]) -> tuple[int, ...]:
        shas = self.graph.shas
        if all(shas[node] for node in nodes):
            return nodes
        return tuple(p for node in nodes if node for p in ((node,) if shas[node] else self.graph.parents(node)))

    def _crosses_gap(self, tree: bytes, nodes: tuple[int, ...], *, copied: bool) -> bool:
        """Whether git subtree would take a commit of the monorepo for a parent here.

        It copies for the sake of the last parent with another tree only, so a gap on another parent may stay unseen.
        """
        shas, trees = self.graph.shas, self.graph.trees
        bridges = [bool(node) and not shas[node] for node in nodes]
        others = [bridge for node, bridge in zip(nodes, bridges, strict=True) if node and trees[node] != tree]
        return any(bridges) and (copied or others[-1])

    def _without_folder(self, folder: int, parents: tuple[int, ...], commit: Commit) -> int:
        """Nothing before the folder's first commit, the project's own commit, or a bridge over the gap."""
        own = self.joins.own.get(folder)
        if own and commit.parents and own.issuperset(commit.parents):
            own.add(commit.sha)
            return (
                self.know(commit.sha, bytes.fromhex(commit.root.decode()), tuple(dict.fromkeys(parents)))
                if parents
                else 0
            )
        return self._bridge(parents) if parents else 0

    def _bridge(self, parents: tuple[int, ...]) -> int:
        """A node that stands for "deleted since": never a commit, its parents are those of what comes after."""
        youngest = self.graph.youngest(parents)
        if youngest not in self._bridges:
            self._bridges[youngest] = self.graph.add(b"", b"", youngest)
        return self._bridges[youngest]

    def know(self, sha: bytes, tree: bytes, parents: tuple[int, ...]) -> int:
        """The node of a commit that exists already and stands for itself."""
        node = self.nodes.get(sha)
        if node is None:
            node = self.nodes[sha] = self.graph.add(sha, tree, parents)
        return node

    def _copy(self, tree: bytes, parents: tuple[int, ...], commit: Commit) -> int:
        """A new commit; two originals that give the same bytes are one new commit (rule 13)."""
        data = commit_bytes(tree, [self.graph.shas[parent] for parent in parents], self._text_of(commit))
        sha = object_id(b"commit", data)
        node = self.nodes.get(sha)
        if node is None:
            node = self.nodes[sha] = self.graph.add(sha, tree, parents)
            self.made.append((sha, data))
        return node

    def _text_of(self, commit: Commit) -> bytes:
        if self._last_text[0] != commit.sha:
            self._last_text = (commit.sha, self.text(commit))
        return self._last_text[1]


def kept(graph: Graph, tree: bytes, parents: tuple[int, ...]) -> int:
    """The parent that makes a copy needless, or 0 when the commit has to be copied (rules 4 to 6)."""
    same = other = 0
    for parent in parents:
        if graph.trees[parent] != tree:
            other = parent
        elif not same or graph.is_ancestor(same, parent):
            same = parent
        elif not graph.is_ancestor(parent, same):
            return 0
    return same if same and (not other or graph.is_ancestor(other, same)) else 0


def commit_bytes(tree: bytes, parents: list[bytes], text: bytes) -> bytes:
    return b"tree %s\n%s%s" % (tree.hex().encode(), b"".join(b"parent %s\n" % parent for parent in parents), text)


def object_id(kind: bytes, data: bytes) -> bytes:
    """The name git gives to an object, as hexadecimal."""
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(data), data), usedforsecurity=False).hexdigest().encode()
