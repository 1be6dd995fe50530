"""What heads kept outside of a journal say about the end of it, where only the end is read.

`journal-verify` walks the whole chain; a reader of the last day has the hashes of the lines it met, and that is
enough to show a journal that was cut, rewritten or put back from a copy since the newest head was kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.rules.journal import Damage, Head, damage_by_heads


@dataclass(slots=True)
class Proof:
    """The heads from outside, and the hashes of the lines that bear their numbers."""

    heads: Sequence[Head] = ()
    inode: int | None = None
    last: int | None = 0
    """The number of the last line; None where it has none, as in journals of before."""
    hash_at: dict[int, str] = field(default_factory=dict)

    def see(self, number: object, own: str) -> None:
        """A line of that number, whole and in its place, has that hash."""
        self.last = number if isinstance(number, int) else None
        if self.last is not None and any(head.count == number for head in self.heads):
            self.hash_at[self.last] = own

    def has_between(self, first: int, last: int) -> bool:
        """Whether a head is about one of the lines from `first` to just before `last`."""
        return any(first <= head.count < last for head in self.heads)

    def damage(self, link: str) -> Damage | None:
        """What the heads show of a journal that ends in `link`; unproven where none is about what was read."""
        if self.last is None:
            return Damage.UNPROVEN
        met = [head for head in self.heads if head.count > self.last or head.count in self.hash_at]
        return damage_by_heads(Head(self.last, link, self.inode), met, self.hash_at)
