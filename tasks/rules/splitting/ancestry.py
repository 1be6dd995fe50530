"""The graph of the new commits: who descends from whom, answered quickly for a long history.

A node is a number; parents always have smaller numbers than their children, and 0 is "nothing". Most questions are
about a commit on the main line, so each node also keeps a jump pointer along its first parents: whether `a` stands
on the first-parent line of `b` is then known in logarithmic time, and only the rest is searched.
"""

from array import array
from dataclasses import dataclass, field


def _numbers() -> "array[int]":
    return array("I", [0])


@dataclass(slots=True)
class Graph:
    """Parallel columns, one entry a node, so that a saved graph is loaded without building objects."""

    shas: list[bytes] = field(default_factory=lambda: [b""])
    trees: list[bytes] = field(default_factory=lambda: [b""])
    first: "array[int]" = field(default_factory=_numbers)
    others: dict[int, tuple[int, ...]] = field(default_factory=dict)
    height: "array[int]" = field(default_factory=_numbers)  # longest way down to a root
    steps: "array[int]" = field(default_factory=_numbers)  # length of the first-parent line
    jump: "array[int]" = field(default_factory=_numbers)

    def add(self, sha: bytes, tree: bytes, parents: tuple[int, ...]) -> int:
        """The number of the new node; its parents must be there already."""
        first = parents[0] if parents else 0
        self.shas.append(sha)
        self.trees.append(tree)
        self.first.append(first)
        if len(parents) > 1:
            self.others[len(self.first) - 1] = parents[1:]
        self.height.append(1 + max((self.height[parent] for parent in parents), default=0))
        self.steps.append(self.steps[first] + 1)
        self.jump.append(self._jump_over(first))
        return len(self.first) - 1

    def _jump_over(self, parent: int) -> int:
        """Skew-binary jump pointers: two jumps of equal length below become one."""
        once = self.jump[parent]
        twice = self.jump[once]
        even = self.steps[parent] - self.steps[once] == self.steps[once] - self.steps[twice]
        return twice if even else parent

    def parents(self, node: int) -> tuple[int, ...]:
        first = self.first[node]
        return (first, *self.others.get(node, ())) if first else ()

    def is_ancestor(self, old: int, young: int) -> bool:
        """Whether `old` is `young` or one of its ancestors."""
        seen: set[int] = set()
        waiting = [young]
        while waiting:
            node = self._down_first_parents(waiting.pop(), old, seen, waiting)
            if node == old:
                return True
        return False

    def _down_first_parents(self, node: int, old: int, seen: set[int], waiting: list[int]) -> int:
        """Follow the first parents of `node` for as long as `old` may lie below; side lines go to `waiting`."""
        if self._on_first_line(old, node):
            return old
        lowest = self.height[old]
        while node not in seen and node > old and self.height[node] > lowest:
            seen.add(node)
            waiting += (side for side in self.others.get(node, ()) if side not in seen)
            node = self.first[node]
        return node

    def _on_first_line(self, old: int, young: int) -> bool:
        steps, jump, wanted = self.steps, self.jump, self.steps[old]
        while steps[young] > wanted:
            over = jump[young]
            young = over if steps[over] >= wanted else self.first[young]
        return young == old

    def youngest(self, nodes: tuple[int, ...]) -> tuple[int, ...]:
        """The nodes without repetition and without those that others among them descend from; order kept."""
        once = tuple(dict.fromkeys(nodes))
        return tuple(
            node for node in once if not any(other != node and self.is_ancestor(node, other) for other in once)
        )

    def reachable(self, node: int) -> int:
        """How many commits the history of a node has (places that only stand for a gap are not commits)."""
        seen: set[int] = set()
        waiting = [node] if node else []
        while waiting:
            if (node := waiting.pop()) not in seen:
                seen.add(node)
                waiting += self.parents(node)
        return len(seen)
