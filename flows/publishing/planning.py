"""The plan of a publish: the folders of one commit, their histories, their names, and what Gitea has of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.gitea.api import check_server, find_owner
from tasks.publishing.contents import look_inside
from tasks.publishing.folders import Found, find_folders
from tasks.publishing.monorepo import branch_to_publish, work_tree_of
from tasks.publishing.remote_look import Target, count_losses, look_at_remotes
from tasks.publishing.splits import split_folders
from tasks.rules.faults import Misconfigured
from tasks.rules.publishing.naming import is_repository_prefix, name_all, taken_by
from tasks.rules.publishing.plan import Remote, Wishes, foreign, plan_items, with_contents, worth_a_look
from tasks.rules.publishing.publish import Plan
from tasks.rules.publishing.registry import Entry
from tasks.rules.publishing.remote import Owner
from tasks.settings.publishing import gitea_owner, missing_gitea_settings

NOBODY = "-"  # stands for the owner in a dry run that knows none


@dataclass(frozen=True, slots=True)
class Scope:
    """Which folders of which commit go to which branch, under which names; `siblings` are all folders beside them."""

    root: Path
    found: Found
    siblings: tuple[str, ...]
    branch: str
    prefix: str

    @property
    def source_dir(self) -> str:
        return self.found.source_dir or "."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the flags and the variables say about it; `tip` is the commit to publish, by any name."""

    repo_root: Path
    source_dir: str
    projects: tuple[str, ...]
    branch: str | None
    prefix: str
    tip: str


def find_scope(asked: Asked) -> Scope:
    """What is to be published. The commit is resolved here, once for everything that follows."""
    if not is_repository_prefix(asked.prefix):
        raise Misconfigured("invalid_prefix", "a prefix has letters, digits, `_`, `.` and `-`, as Gitea allows")
    everything = find_folders(asked.repo_root, asked.source_dir, (), asked.tip)
    found = everything
    if asked.projects:
        found = find_folders(asked.repo_root, asked.source_dir, asked.projects, everything.head)
    root = work_tree_of(found)
    siblings = tuple(folder.name for folder in everything.folders)
    return Scope(root, found, siblings, branch_to_publish(root, asked.branch), asked.prefix)


def find_known_owner() -> Owner:
    """The owner at Gitea, before anything is created there; Gitea must be up and take our login."""
    name = gitea_owner()
    check_server()
    owner: Owner = find_owner(name)
    return owner


def make_plan(scope: Scope, owner: Owner | None, registry: Sequence[Entry], wishes: Wishes, *, write: bool) -> Plan:
    """What is done with each project. Without an owner nobody is asked; without `write` nothing at all is written."""
    splits = split_folders(scope.root, scope.found, write=write, fresh=not write)
    name = owner.name if owner else _owner_name()
    names = name_all(scope.siblings, scope.prefix, taken_by(registry, name, scope.source_dir))
    remotes: dict[str, Remote] | None = None
    if owner:
        wanted = worth_a_look(splits, names)
        remotes = look_at_remotes({one: Target(owner, wanted[one], scope.branch) for one in wanted})
        strange = foreign(splits, remotes)
        remotes |= count_losses(scope.root, scope.found, scope.branch, strange, written=write)
    items = plan_items(splits, names, name, remotes, wishes)
    items = tuple(map(with_contents, items, look_inside(scope.found)))
    return Plan(scope.found.head, scope.branch, items, scope.found.left_out)


def _owner_name() -> str:
    return NOBODY if "GITEA_PRODUCT_OWNER" in missing_gitea_settings() else gitea_owner()
