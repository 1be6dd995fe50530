"""What a publish may do at all, what became of each project, and how both are told (runbook 003)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.rules.contracts.publishing import PRODUCT_PUBLISH, PRODUCT_PUBLISH_PROJECT
from tasks.rules.outcome import Outcome, Status, Value
from tasks.rules.publishing.folders import LeftOut
from tasks.rules.publishing.plan import Action, Item, tally
from tasks.rules.publishing.registry import Entry
from tasks.rules.splitting.names import printable

Row = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of the runbook that exclude each other, and where the run was started from."""

    execute: bool
    verify_parity: bool
    delete_local: bool
    by_deployment: bool
    enabled: bool


def refusal(asked: Flags) -> Outcome | None:
    """Why this run does not even look; None if it may."""
    if asked.delete_local and asked.by_deployment:
        return PRODUCT_PUBLISH.says(Status.FAIL, "delete_local_in_deployment")
    if asked.delete_local and not asked.execute:
        return PRODUCT_PUBLISH.says(Status.FAIL, "delete_local_needs_execute")
    if asked.delete_local and not asked.verify_parity:
        return PRODUCT_PUBLISH.says(Status.FAIL, "delete_local_needs_parity")
    if asked.execute and asked.by_deployment and not asked.enabled:
        return PRODUCT_PUBLISH.says(Status.SKIPPED, "publishing_disabled", env=("ENABLE_PRODUCT_REPO_PUBLISH",))
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided, about one commit and one branch."""

    head: str
    branch: str
    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one project: what went wrong in `reason`, and in `parity` how the remote stands to ours."""

    item: Item
    reason: str | None = None
    parity: str = "unverified"
    deleted: bool = False
    entry: Entry | None = None  # its row in the registry


def plan_lines(plan: Plan) -> Iterable[Outcome]:
    """One line for each project as it is planned, and one for what is no project."""
    for item in plan.items:
        yield PRODUCT_PUBLISH_PROJECT.says(Status.PLANNED, item.reason, **_fields(item))
    yield from _aside(plan)


def done_lines(plan: Plan, done: Iterable[Done]) -> Iterable[Outcome]:
    """The same as it ended."""
    for one in done:
        status = Status.FAIL if one.reason else Status.OK
        fields = _fields(one.item) | {"parity": one.parity, "deleted": one.deleted or None}
        yield PRODUCT_PUBLISH_PROJECT.says(status, one.reason, **fields)
    yield from _aside(plan)


def _aside(plan: Plan) -> Iterable[Outcome]:
    for aside in plan.left_out:
        yield PRODUCT_PUBLISH_PROJECT.says(Status.SKIPPED, aside.why.value, project=printable(aside.name))


def _fields(item: Item) -> dict[str, Value]:
    return {
        "project": printable(item.name),
        "repository": printable_path(item.repository),
        "named": item.named,
        "action": item.action.value,
        "commit": item.sha,
        "commits": item.commits if item.sha else None,
        "history": "gap_skipped" if item.gap else None,
        "holds": item.holds or None,
        "remote": remote_word(item),
        "loses": item.loses or (item.remote.loses if item.remote else None) or None,
    }


def printable_path(text: str) -> str:
    """A branch or a repository: as a name, but with its slashes."""
    return "/".join(map(printable, text.split("/")))


def remote_word(item: Item) -> str:
    """What the remote had when the plan was made."""
    if item.remote is None or item.remote.problem:
        return "unknown"
    return item.remote.head or ("empty" if item.remote.repository else "absent")


def planned(plan: Plan) -> Outcome:
    """The last line of a dry run: not good when a project would be refused."""
    counted = tally(plan.items)
    reason = "would_not_publish" if counted.refused else None if plan.items else "no_projects"
    return PRODUCT_PUBLISH.says(
        Status.FAIL if reason else Status.PLANNED,
        reason,
        mode="dry_run",
        head=plan.head,
        branch=printable_path(plan.branch),
        projects=len(plan.items),
        create=counted.create,
        push=counted.create + counted.push,
        unchanged=counted.unchanged,
        refused=counted.refused,
        not_asked=counted.not_asked or None,
        loses=counted.loses,
        left_out=len(plan.left_out),
    )


def published(plan: Plan, done: Sequence[Done]) -> Outcome:
    """The last line of a run: good when every project that was asked for is where it should be."""
    good = [one for one in done if not one.reason]
    counted = tally(one.item for one in good)
    bad = len(done) - len(good)
    refused = sum(one.item.action is Action.REFUSE for one in done)
    reason = "not_published" if bad else None if done else "no_projects"
    return PRODUCT_PUBLISH.says(
        Status.FAIL if reason else Status.OK,
        reason,
        mode="execute",
        head=plan.head,
        branch=printable_path(plan.branch),
        projects=len(done),
        create=counted.create,
        push=counted.create + counted.push,
        unchanged=counted.unchanged,
        refused=refused,
        failed=bad - refused,
        loses=counted.loses,
        verified=sum(one.parity == "verified" for one in done),
        deleted=sum(one.deleted for one in done) or None,
        left_out=len(plan.left_out),
    )


def plan_table(plan: Plan) -> list[Row]:
    return [_row(item, item.reason or "planned") for item in plan.items] + _aside_rows(plan)


def done_table(plan: Plan, done: Iterable[Done]) -> list[Row]:
    return [_row(one.item, one.reason or "ok") | {"parity": one.parity} for one in done] + _aside_rows(plan)


def _row(item: Item, result: str) -> Row:
    return {
        "project": printable(item.name),
        "repository": printable_path(item.repository),
        "action": item.action.value,
        "result": result,
        "commit": item.sha,
        "remote before": remote_word(item),
        "loses": item.loses,
    }


def _aside_rows(plan: Plan) -> list[Row]:
    return [
        {"project": printable(aside.name), "action": "left out", "result": aside.why.value} for aside in plan.left_out
    ]
