"""Whether a release is still what was verified: its files, its file of variables, its interpreter's packages.

Each is a keyed digest: who has the database alone learns nothing from it, not even whether a password was guessed
right. Pure (runbook 002, Rollback & Release; spec 002, W23).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from tasks.rules.faults import Refused


class Sameness(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Digests under the key that `key` names; the digest of what a release does not have is empty."""

    key: str
    content: str
    environment: str
    interpreter: str

    @property
    def kept(self) -> dict[str, str]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    content: Sameness
    environment: Sameness
    interpreter: Sameness


def kept_identity(row: Mapping[str, str] | None) -> Identity | None:
    """What was stored; None for a word that was said without one."""
    return Identity(**row) if row else None


def compared(verified: Identity | None, found: Identity | None) -> Comparison:
    """Part by part; without an identity, or under another key, nothing is known."""
    if verified is None or found is None or verified.key != found.key:
        return Comparison(Sameness.UNKNOWN, Sameness.UNKNOWN, Sameness.UNKNOWN)
    return Comparison(
        _same(verified.content, found.content),
        _same(verified.environment, found.environment),
        _same(verified.interpreter, found.interpreter),
    )


def _same(verified: str, found: str) -> Sameness:
    return Sameness.SAME if verified == found else Sameness.CHANGED


def refuse_changed(comparison: Comparison) -> None:
    """Files that are not those which were verified are another release; variables and packages are only named."""
    if comparison.content is Sameness.CHANGED:
        raise Refused(
            "release_changed",
            "its folder is not as it was verified: put it back, name another with --to, or deploy it anew",
        )
