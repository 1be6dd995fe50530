"""Which old artifacts go (runbook 004: everything is kept in `artifacts/`, old ones are cleaned periodically).

A file goes because it is too old, or because all together are too big and it is among the oldest; the key files and
the newest `keep` never go. A plan that would leave nothing at all is no rotation but a mistake, and is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.archiving import KEY_FILES, Entry, path_bytes
from tasks.rules.contracts.artifacts import ROTATION
from tasks.rules.outcome import Outcome, Status

DAY_NS = 86_400 * 10**9


class Rule(StrEnum):
    """Which rule takes a file."""

    TOO_OLD = "too_old"
    TOO_MUCH = "too_much"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many days, how many bytes altogether, how many of the newest in any case; None is no limit."""

    keep_days: int | None = None
    max_bytes: int | None = None
    keep_newest: int = 0

    @property
    def any(self) -> bool:
        return self.keep_days is not None or self.max_bytes is not None


@dataclass(frozen=True, slots=True)
class Going:
    entry: Entry
    rule: Rule


@dataclass(frozen=True, slots=True)
class Rotation:
    """What goes, sorted by path, and how many files were looked at."""

    going: tuple[Going, ...]
    checked: int

    @property
    def is_everything(self) -> bool:
        return bool(self.going) and len(self.going) == self.checked

    def taken_by(self, rule: Rule) -> int:
        return sum(one.rule is rule for one in self.going)

    @property
    def size(self) -> int:
        return sum(one.entry.size for one in self.going)


def plan_rotation(found: Iterable[Entry], limits: Limits, now_ns: int) -> Rotation:
    """Choose what goes; a link or a device is never counted and never touched."""
    files = [entry for entry in found if entry.problem is None]
    newest_first = sorted(files, key=lambda entry: (-entry.mtime_ns, path_bytes(entry.path)))
    going: list[Going] = []
    kept = 0
    for place, entry in enumerate(newest_first):
        rule = (
            None if place < limits.keep_newest or entry.path in KEY_FILES else _rule_for(entry, limits, now_ns, kept)
        )
        if rule:
            going.append(Going(entry, rule))
        else:
            kept += entry.size
    return Rotation(tuple(sorted(going, key=lambda one: path_bytes(one.entry.path))), len(files))


def _rule_for(entry: Entry, limits: Limits, now_ns: int, kept: int) -> Rule | None:
    if limits.keep_days is not None and now_ns - entry.mtime_ns > limits.keep_days * DAY_NS:
        return Rule.TOO_OLD
    if limits.max_bytes is not None and kept + entry.size > limits.max_bytes:
        return Rule.TOO_MUCH
    return None


def planned(plan: Rotation) -> Outcome:
    """The line of a dry run: what would go."""
    return ROTATION.says(Status.PLANNED, None, mode="DRYRUN", deleted=0, **_counts(plan))


def rotated(plan: Rotation, deleted: int, changed: int, kept_in: str | None) -> Outcome:
    """The line of a real run; a file that changed after the plan was left alone and makes it a partial one."""
    status = Status.PARTIAL if changed else Status.OK
    return ROTATION.says(status, None, mode="REAL", deleted=deleted, changed=changed, dst=kept_in, **_counts(plan))


def _counts(plan: Rotation) -> dict[str, int]:
    return {
        "checked": plan.checked,
        "too_old": plan.taken_by(Rule.TOO_OLD),
        "too_much": plan.taken_by(Rule.TOO_MUCH),
        "freed_bytes": plan.size,
    }
