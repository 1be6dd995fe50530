"""What a publish does with each project: decided before anything is done, and nothing else is done (runbook 003).

A push may lose what others have put at the remote, a repository may be public that should be private, two folders may
want one repository: all of that is decided here, from what was seen, and shown before the first effect.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.rules.publishing.contents import Inside
from tasks.rules.publishing.naming import Name
from tasks.rules.publishing.remote import Repository
from tasks.rules.splitting.answer import Split


class Action(StrEnum):
    """What is done with one project."""

    CREATE = "create"  # the repository, then the push
    PUSH = "push"
    UNCHANGED = "unchanged"  # the remote has exactly this commit
    REFUSE = "refuse"
    NOT_ASKED = "not_asked"  # a dry run without credentials: what the remote has is not known


@dataclass(frozen=True, slots=True)
class Remote:
    """What was seen at the remote: the repository under its present name, None without one.

    `head` is the branch's commit, None without such a branch. `loses` counts the commits of the branch that the split
    does not have, None while nobody has counted. `problem` is why nothing could be seen.
    """

    repository: Repository | None = None
    head: str | None = None
    loses: int | None = None
    problem: str | None = None

    @property
    def locked(self) -> str | None:
        """Why the repository takes no push."""
        match self.repository:
            case Repository(archived=True):
                return "gitea_archived"
            case Repository(mirror=True):
                return "repository_is_mirror"
            case Repository(can_push=False):
                return "gitea_forbidden"
        return None


def is_same(now: Repository, seen: Repository) -> bool:
    """Whether a repository is still what the plan saw, in all that a push depends on."""
    return (now.full_name, now.private, now.archived) == (seen.full_name, seen.private, seen.archived)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked for. `private` None: new repositories are private, old ones stay as they are."""

    private: bool | None = None
    force: bool = False
    may_create: bool = True

    @property
    def makes_private(self) -> bool:
        return self.private is not False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the plan; `reason` says why it is refused."""

    name: str
    prefix: str
    repository: str
    named: str
    action: Action
    sha: str | None = None
    remote: Remote | None = None
    reason: str | None = None
    commits: int = 0
    gap: bool = False
    holds: tuple[str, ...] = ()

    @property
    def is_pushed(self) -> bool:
        return self.action in (Action.CREATE, Action.PUSH)

    @property
    def loses(self) -> int:
        """Commits of others that the push throws away; only ever with force."""
        return (self.remote.loses or 0) if self.remote and self.action is Action.PUSH else 0


def plan_item(split: Split, name: Name, owner: str, remote: Remote | None, wishes: Wishes) -> Item:
    """The decision on one project; `remote` is None when nobody asked."""
    action, reason = _decided(split, name, remote, wishes)
    return Item(
        split.name,
        split.prefix,
        remote.repository.full_name if remote and remote.repository else f"{owner}/{name.repository}",
        name.how.value,
        action,
        split.sha,
        remote,
        reason,
        split.commits,
        split.history == "gap_skipped",
    )


def with_contents(item: Item, inside: Inside) -> Item:
    """The same, knowing what the folder holds: missing files cannot be pushed, what it points to stays behind."""
    held = tuple(reason for reason in inside.reasons if reason != "objects_missing")
    if inside.missing and item.action is not Action.REFUSE:
        return replace(item, action=Action.REFUSE, reason="objects_missing", holds=held)
    return replace(item, holds=held)


def _decided(split: Split, name: Name, remote: Remote | None, wishes: Wishes) -> tuple[Action, str | None]:
    if problem := name.problem or split.problem:
        return Action.REFUSE, problem
    if remote is None:
        return Action.NOT_ASKED, None
    if reason := _refusal(split, remote, wishes):
        return Action.REFUSE, reason
    if remote.repository is None:
        return Action.CREATE, None
    return (Action.UNCHANGED if remote.head == split.sha else Action.PUSH), None


def _refusal(split: Split, remote: Remote, wishes: Wishes) -> str | None:  # noqa: PLR0911  one answer a question
    if remote.problem:
        return remote.problem
    if remote.repository is None:
        return None if wishes.may_create else "gitea_repository_missing"
    if wishes.private and not remote.repository.private:
        return "gitea_repository_public"
    if remote.head == split.sha:
        return None
    if remote.locked or remote.head is None:
        return remote.locked
    if remote.loses is None:
        return "remote_not_read"
    return "push_diverged" if remote.loses and not wishes.force else None


def plan_items(
    splits: Iterable[Split],
    names: Mapping[str, Name],
    owner: str,
    remotes: Mapping[str, Remote] | None,
    wishes: Wishes,
) -> tuple[Item, ...]:
    """The whole plan, in the order of the splits; `remotes` is None when nobody asked."""
    unseen = Remote() if remotes is not None else None
    seen = {split: (remotes or {}).get(split.name, unseen) for split in splits}
    return tuple(without_shared(plan_item(one, names[one.name], owner, seen[one], wishes) for one in seen))


def worth_a_look(splits: Iterable[Split], names: Mapping[str, Name]) -> dict[str, str]:
    """The repositories that may be published to, by folder."""
    return {one.name: names[one.name].repository for one in splits if one.sha and not names[one.name].problem}


def foreign(splits: Iterable[Split], remotes: Mapping[str, Remote]) -> dict[str, tuple[str, Remote]]:
    """The remotes that have a commit of which it is not known how it stands to ours, with ours in front."""
    return {
        one.name: (one.sha, remotes[one.name])
        for one in splits
        if one.sha and one.name in remotes and has_to_be_counted(one, remotes[one.name])
    }


def without_shared(items: Iterable[Item]) -> list[Item]:
    """The plan without pushes of two folders to one repository: a renaming at Gitea may lead two names to one."""
    plan = list(items)
    used = Counter(item.repository.lower() for item in plan if item.action is not Action.REFUSE)
    return [
        replace(item, action=Action.REFUSE, reason="name_collision")
        if item.action is not Action.REFUSE and used[item.repository.lower()] > 1
        else item
        for item in plan
    ]


def has_to_be_counted(split: Split, remote: Remote) -> bool:
    """Whether the remote has a commit of which it is not known how it stands to ours."""
    return bool(
        split.sha and remote.head and remote.head != split.sha and remote.loses is None and not remote.problem
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """The plan in numbers."""

    create: int
    push: int
    unchanged: int
    refused: int
    not_asked: int
    loses: int


def tally(items: Iterable[Item]) -> Tally:
    plan = list(items)
    counted = {action: sum(item.action is action for item in plan) for action in Action}
    return Tally(
        counted[Action.CREATE],
        counted[Action.PUSH],
        counted[Action.UNCHANGED],
        counted[Action.REFUSE],
        counted[Action.NOT_ASKED],
        sum(item.loses for item in plan),
    )
