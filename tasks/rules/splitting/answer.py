"""What is said of one folder's own history."""

from dataclasses import dataclass
from typing import Literal

History = Literal["complete", "gap_skipped"]


@dataclass(frozen=True, slots=True)
class Split:
    """One folder's own history.

    `sha` is its newest commit, or None with the reason in `problem`. `commits` counts its commits, `reused` those of
    them that an earlier run had made. `history` is `gap_skipped` when the folder was deleted and came back: there the
    answer differs from `git subtree split`, which would publish the monorepo.
    """

    name: str
    prefix: str
    sha: str | None
    history: History
    commits: int
    reused: int
    problem: str | None = None
