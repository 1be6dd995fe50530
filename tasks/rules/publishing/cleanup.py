"""Which published folders are archived, which archives are deleted, and which rule kept or chose each of them.

Runbook 003, Local Space Conservation Policy. Both periods are inclusive and counted in whole seconds: at exactly 45
days a folder is archived, one second earlier it is kept. A folder is as old as the later of its newest file and the
last commit on its path, because a checkout renews the one and a forged date hides the other.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tasks.rules.faults import Refused
from tasks.rules.publishing.registry import Entry, Key
from tasks.rules.splitting.names import printable

DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_NS = 10**9
AHEAD_NS = 300 * SECOND_NS  # another machine's clock may be ahead by this


class Act(StrEnum):
    """What a plan does with one project."""

    ARCHIVE = "archive"
    DELETE = "delete"
    KEEP = "keep"


class Rule(StrEnum):
    """Which rule chose or kept a project."""

    UNCHANGED_LONG_ENOUGH = "unchanged_long_enough"
    ARCHIVED_LONG_ENOUGH = "archived_long_enough"
    CHANGED_RECENTLY = "changed_recently"
    ARCHIVED_RECENTLY = "archived_recently"
    NOT_VERIFIED = "not_verified"
    ALREADY_DELETED = "already_deleted"
    GIT_DIRTY = "git_dirty"
    NESTED_REPOSITORY = "nested_repository"
    NOT_WHAT_WAS_PUBLISHED = "not_what_was_published"
    FOLDER_MISSING = "folder_missing"
    FOLDER_CAME_BACK = "folder_came_back"
    ARCHIVE_MISSING = "archive_missing"
    MISSING_ARCHIVED_AT = "missing_archived_at"
    FUTURE_DATE = "future_date"
    STAT_FAILED = "stat_failed"
    UNSAFE_PATH = "unsafe_path"


# Kept for a reason that time does not heal: somebody has to look.
ATTENTION = frozenset(
    {
        Rule.FOLDER_MISSING,
        Rule.FOLDER_CAME_BACK,
        Rule.ARCHIVE_MISSING,
        Rule.MISSING_ARCHIVED_AT,
        Rule.FUTURE_DATE,
        Rule.STAT_FAILED,
        Rule.UNSAFE_PATH,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The two periods, and how much one run may take: a count, and a share of the projects that are still here."""

    archive_days: int = 45
    delete_days: int = 90
    most: int = 50
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of one recorded project: its folder or its archive, how old, how clean.

    `newest_ns` is the newest file's mtime and `committed_s` the last commit on the path, as far as it is newer than
    the period looked at. `problem` is why nothing could be told.
    """

    folder: bool = False
    archive: bool = False
    newest_ns: int | None = None
    committed_s: int | None = None
    restored_s: int | None = None
    dirty: bool = False
    nested: bool = False
    problem: Rule | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One project, what becomes of it, and why."""

    entry: Entry
    act: Act
    rule: Rule
    age_s: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every project that was asked about with its verdict, sorted; `beside` counts those that were not."""

    judged: tuple[Judged, ...]
    beside: int = 0

    def chosen(self, act: Act) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.act is act)

    @property
    def going(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.act is not Act.KEEP)

    @property
    def here(self) -> int:
        """How many projects there still is something of."""
        return self.beside + sum(one.rule not in (Rule.ALREADY_DELETED, Rule.FOLDER_MISSING) for one in self.judged)

    def kept_by(self, rule: Rule) -> int:
        return sum(one.rule is rule for one in self.judged)

    @property
    def attention(self) -> tuple[Rule, ...]:
        """The rules that kept something which somebody has to look at."""
        return tuple(rule for rule in Rule if rule in ATTENTION and self.kept_by(rule))


def plan_cleanup(rows: Iterable[tuple[Entry, Found]], limits: Limits, now: datetime, *, beside: int = 0) -> Plan:
    """A verdict for every row, the same whatever their order."""
    now_ns = nanoseconds(now)
    judged = (judge(entry, found, limits, now_ns) for entry, found in rows)
    return Plan(tuple(sorted(judged, key=lambda one: one.entry.key)), beside)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows a run is about: of one source folder, of some names, or all."""

    source_dir: str | None = None
    projects: tuple[str, ...] = ()

    def of(self, entries: Iterable[Entry]) -> list[Entry]:
        """The rows that are meant."""
        return [row for row in entries if self._is_meant(row.key)]

    def unknown(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        """Names that were asked for and that no row has."""
        return tuple(sorted(set(self.projects) - {row.project_name for row in self.of(entries)}))

    def _is_meant(self, key: Key) -> bool:
        return self.source_dir in (None, key[0]) and (not self.projects or key[1] in self.projects)


def to_restore(entries: Sequence[Entry], name: str, source_dir: str | None) -> Entry:
    """The one row that is meant; refuses a name that no row has, or that two source folders have."""
    named = Choice(source_dir, (name,)).of(entries)
    if not named:
        raise Refused(
            "unknown_project", "the registry has no such project; see publish-status", unknown=(printable(name),)
        )
    if len(named) > 1:
        raise Refused("ambiguous_project", "two source folders have a project of that name: give --source-dir")
    if named[0].deleted_at is not None:
        raise Refused("already_deleted", "it was deleted for good: clone it from its repository at Gitea")
    return named[0]


def judge(entry: Entry, found: Found, limits: Limits, now_ns: int) -> Judged:
    """The verdict on one project; what is in doubt is kept."""
    if protected := _protected_by(entry, found):
        return Judged(entry, Act.KEEP, protected)
    if found.folder:
        return _judge_folder(entry, found, limits.archive_days, now_ns)
    return _judge_archive(entry, found, limits.delete_days, now_ns)


def _protected_by(entry: Entry, found: Found) -> Rule | None:
    """The rule that keeps a project however old it is."""
    if entry.parity_verified is not True:  # the text "false" is true to Python
        return Rule.NOT_VERIFIED
    if entry.deleted_at is not None:
        return Rule.ALREADY_DELETED
    if found.problem:
        return found.problem
    if entry.last_remote_sha != entry.last_published_sha:
        return Rule.NOT_WHAT_WAS_PUBLISHED
    if found.folder and found.archive:  # archiving it again would leave the first archive to nobody
        return Rule.FOLDER_CAME_BACK
    return None


def _judge_folder(entry: Entry, found: Found, days: int, now_ns: int) -> Judged:
    changed_ns = changed_at_ns(found)
    if changed_ns is None:
        return Judged(entry, Act.KEEP, Rule.STAT_FAILED)
    if changed_ns > now_ns + AHEAD_NS:
        return Judged(entry, Act.KEEP, Rule.FUTURE_DATE)
    age_s = (now_ns - changed_ns) // SECOND_NS
    if age_s < days * DAY_S:
        return Judged(entry, Act.KEEP, Rule.CHANGED_RECENTLY, age_s)
    if found.nested:
        return Judged(entry, Act.KEEP, Rule.NESTED_REPOSITORY, age_s)
    if found.dirty:
        return Judged(entry, Act.KEEP, Rule.GIT_DIRTY, age_s)
    return Judged(entry, Act.ARCHIVE, Rule.UNCHANGED_LONG_ENOUGH, age_s)


def changed_at_ns(found: Found) -> int | None:
    """The latest sign of life of a folder; coming back from the archive is one."""
    seconds = [moment * SECOND_NS for moment in (found.committed_s, found.restored_s) if moment is not None]
    return None if found.newest_ns is None else max(found.newest_ns, *seconds, 0)


def _judge_archive(entry: Entry, found: Found, days: int, now_ns: int) -> Judged:
    if entry.archived_at is None and entry.archived_path is None:
        return Judged(entry, Act.KEEP, Rule.FOLDER_MISSING)
    if entry.archived_at is None or entry.archived_at.tzinfo is None:
        return Judged(entry, Act.KEEP, Rule.MISSING_ARCHIVED_AT)
    if not found.archive:
        return Judged(entry, Act.KEEP, Rule.ARCHIVE_MISSING)
    archived_ns = nanoseconds(entry.archived_at)
    if archived_ns > now_ns + AHEAD_NS:
        return Judged(entry, Act.KEEP, Rule.FUTURE_DATE)
    age_s = (now_ns - archived_ns) // SECOND_NS
    if age_s < days * DAY_S:
        return Judged(entry, Act.KEEP, Rule.ARCHIVED_RECENTLY, age_s)
    return Judged(entry, Act.DELETE, Rule.ARCHIVED_LONG_ENOUGH, age_s)


def too_much(plan: Plan, limits: Limits) -> str | None:
    """Why the whole plan is refused: it takes more than one run may. A single project may always go alone."""
    going = len(plan.going)
    if going > 1 and going == plan.here:
        return "everything_would_go"
    if going > limits.most or going > max(1, int(limits.share * plan.here)):
        return "ceiling_reached"
    return None


def digest_of(repository: str, deletions: Sequence[Judged]) -> str:
    """What two people approve: exactly these archives of this repository, whatever else the run does."""
    named = [
        [*one.entry.key, str(one.entry.archived_path), _stamp(one.entry.archived_at), one.entry.last_published_sha]
        for one in deletions
    ]
    return hashlib.sha256(json.dumps([repository, named]).encode()).hexdigest()


def _stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def nanoseconds(moment: datetime) -> int:
    """Since 1970, exactly: a float would lose the last digits."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
