"""A plan of a publish, carried out: project after project, and nothing that the plan does not say."""

from dataclasses import dataclass, replace
from threading import Event

from flows.publishing.planning import Scope
from tasks.clock import utc_now
from tasks.gitea.api import ensure_repository, find_repository
from tasks.gitea.remotes import push_branch
from tasks.progress import progress
from tasks.publishing.at_once import done_at_once
from tasks.publishing.local_delete import delete_folder
from tasks.publishing.monorepo import is_here
from tasks.publishing.parity import verify_parity
from tasks.publishing.registry import remember
from tasks.rules.faults import Fault, Refused
from tasks.rules.publishing.plan import Action, Item, Wishes, is_same
from tasks.rules.publishing.publish import Done, Plan
from tasks.rules.publishing.registry import Entry, Key, Publication, folder_deleted, published
from tasks.rules.publishing.remote import Owner, Repository
from tasks.step import StepFailed

AT_ONCE = 4  # Gitea hashes the password for every request, and runs a hook for every push


@dataclass(frozen=True, slots=True)
class Order:
    """All that the projects of one run have in common."""

    scope: Scope
    owner: Owner
    wishes: Wishes
    registry: dict[Key, Entry]
    verify_parity: bool
    delete_local: bool


def apply_plan(order: Order, plan: Plan) -> list[Done]:
    """Carry out each line of the plan, a few at a time; then, one after the other, what is to be deleted here.

    One that fails stops no other, unless Gitea takes our login no more: then nobody tries again with it.
    """
    locked_out = Event()

    def attempt(item: Item) -> Done:
        done = Done(item, "gitea_unauthorised") if locked_out.is_set() else _attempt(order, item)
        if done.reason == "gitea_unauthorised":
            locked_out.set()
        return done

    with progress("publishing", len(plan.items)) as advance:
        done = done_at_once(attempt, plan.items, AT_ONCE, advance)
    return [_deleted(order, one) for one in done] if order.delete_local else done


def _attempt(order: Order, item: Item) -> Done:
    if item.action is Action.REFUSE or item.sha is None:
        return Done(item, item.reason)
    try:
        return _publish(order, item, item.sha)
    except Fault as fault:
        return Done(item, fault.reason)
    except StepFailed:
        return Done(item, "crash")


def _publish(order: Order, item: Item, sha: str) -> Done:
    scope = order.scope
    repository = _repository(order, item)
    if item.is_pushed:
        seen = item.remote.head if item.remote else None
        push = push_branch(scope.root, repository, scope.branch, sha, seen=seen, force=order.wishes.force)
        if push.result.reason:
            return Done(item, push.result.reason)
    done = Done(item)
    if order.verify_parity:
        parity = verify_parity(scope.root, scope.found.head, item.prefix, repository, scope.branch, sha)
        done = Done(item, parity.reason, "verified" if parity.holds else "failed")
    entry = _remember(order, item, sha, done)
    kept = done.parity == "unverified" and entry.parity_verified
    return replace(done, parity="kept" if kept else done.parity, entry=entry)


def _repository(order: Order, item: Item) -> Repository:
    """The one that the plan saw, if it is still the same before a push; or the one that the plan says to create."""
    seen = item.remote.repository if item.remote else None
    if seen is None:
        name = item.repository.partition("/")[2]
        repository: Repository = ensure_repository(order.owner, name, private=order.wishes.makes_private).repository
        return repository
    if item.is_pushed:
        there = find_repository(order.owner, seen.name)
        if there is None or not is_same(there, seen):
            raise Refused("remote_moved", "somebody changed the repository after the plan was made: start again")
    return seen


def _remember(order: Order, item: Item, sha: str, done: Done) -> Entry:
    """What is at the remote now, in the registry; nothing is written when it stands there already."""
    scope = order.scope
    old = order.registry.get((scope.source_dir, item.name))
    now = utc_now()
    entry = published(
        old,
        Publication(
            source_dir=scope.source_dir,
            project_name=item.name,
            repo=item.repository,
            branch=scope.branch,
            local_path=str(scope.root / item.prefix),
            sha=sha,
            remote_sha=sha,
            parity=None if done.parity == "unverified" else done.parity == "verified",
            at=now,
            folder_is_here=is_here(scope.root / item.prefix),
        ),
    )
    if entry != old:
        remember(scope.root, entry, now)
    return entry


def _deleted(order: Order, done: Done) -> Done:
    """The local folder goes, after everything else is written down; a folder that stays says why."""
    scope, item, entry = order.scope, done.item, done.entry
    if done.parity != "verified" or entry is None:
        return done
    if entry.archived_at and not is_here(scope.root / item.prefix):
        return done
    if item.holds:  # the content of an LFS file, or a submodule's work tree, may be nowhere else
        return replace(done, reason=item.holds[0])
    try:
        delete_folder(scope.root, scope.source_dir, item.name, scope.found.head)
        now = utc_now()
        if (row := folder_deleted(entry, now)) != entry:
            remember(scope.root, row, now)
    except Fault as fault:
        return replace(done, reason=fault.reason)
    except StepFailed:
        return replace(done, reason="crash")
    return replace(done, deleted=True)
