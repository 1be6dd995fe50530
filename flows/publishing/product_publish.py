"""Every project folder as a repository of its own at Gitea: planned, shown, pushed, and proved equal."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.publishing.applying import Order, apply_plan
from flows.publishing.planning import Asked, Scope, find_known_owner, find_scope, make_plan
from tasks.clock import utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.publishing.monorepo import is_run_of_deployment
from tasks.publishing.registry import open_registry, read_registry, sole_publisher
from tasks.publishing.upstream import HEAD, fetch_upstream
from tasks.rules.contracts.publishing import PRODUCT_PUBLISH
from tasks.rules.outcome import Outcome
from tasks.rules.publishing.plan import Wishes
from tasks.rules.publishing.publish import (
    Flags,
    Plan,
    done_lines,
    done_table,
    plan_lines,
    plan_table,
    planned,
    published,
    refusal,
)
from tasks.settings.publishing import missing_gitea_settings, publish_settings

Execute = Annotated[bool, Field(description="Create, push and remember; else only plan and show.")]
VerifyParity = Annotated[bool, Field(description="Compare each remote with its folder afterwards, entry by entry.")]
Private = Annotated[
    bool | None,
    Field(description="Yes: refuse a repository that is public. No: create public ones. Left out: create private."),
]
Force = Annotated[bool, Field(description="Push over commits of others, if they are still those that the plan saw.")]
SourceDir = Annotated[
    str | None,
    Field(min_length=1, description="The folder of the project folders; PRODUCT_PUBLISH_SOURCE_DIR or `product`."),
]
DeleteLocal = Annotated[
    bool, Field(description="Delete each local folder that is verified at the remote; never in a deployment.")
]
Projects = Annotated[tuple[str, ...], Field(description="Only these project folders; all of them if left out.")]
RepoPrefix = Annotated[
    str | None, Field(description="Stands before each repository's name; PRODUCT_PUBLISH_REPO_PREFIX or nothing.")
]
Branch = Annotated[
    str | None,
    Field(min_length=1, description="The remote branch; PRODUCT_PUBLISH_TARGET_BRANCH or the one checked out."),
]
NoCreate = Annotated[bool, Field(description="Create no repository; a project without one is refused.")]
Fetch = Annotated[
    bool,
    Field(description="Publish what the upstream of the checked-out branch has; a dry run does not fetch it anew."),
]
RepoRoot = Annotated[
    str | None, Field(min_length=1, description="The monorepo's work tree; PRODUCT_PUBLISH_REPO_ROOT or this folder.")
]


@procedure(PRODUCT_PUBLISH, run_name=run_named("product-publish", "execute", "source_dir"))
def product_publish(  # noqa: PLR0913, PLR0917  the flags of the runbook
    execute: Execute = False,
    verify_parity: VerifyParity = False,
    private: Private = None,
    force: Force = False,
    source_dir: SourceDir = None,
    delete_local: DeleteLocal = False,
    projects: Projects = (),
    repo_prefix: RepoPrefix = None,
    branch: Branch = None,
    no_create: NoCreate = False,
    repo_root: RepoRoot = None,
    fetch: Fetch = False,
) -> Outcome:
    """Mirror each project folder of the monorepo to a repository of its own at Gitea.

    Runbook 003, Product Repo Publishing. The plan is shown first, and without --execute nothing else is done: which
    repository each folder of HEAD goes to, what is there, and what a push would lose. A repository is called as its
    folder; what Gitea does not allow in a name becomes `-`. Refused: two folders with one name, commits at the
    remote that a push would lose (unless --force, and then only those that the plan saw), a public repository with
    --private, a shallow clone, --delete-local without --execute and --verify-parity. One project that fails does not
    stop the others: read its line. From a deployment it needs ENABLE_PRODUCT_REPO_PUBLISH=true and never deletes.

    Safety: a dry run unless --execute; a dry run needs no credentials and writes nothing. Creates repositories of the
    configured owner only, private unless --no-private. Safe to start twice and to kill; one publisher at a time.
    """
    settings = publish_settings()
    refused = refusal(Flags(execute, verify_parity, delete_local, is_run_of_deployment(), settings.enabled))
    if refused:
        return refused
    monorepo = Path(repo_root or settings.repo_root)
    folder, target = source_dir or settings.source_dir, branch or settings.target_branch
    prefix = settings.repo_prefix if repo_prefix is None else repo_prefix
    commit = fetch_upstream(monorepo, execute=execute) if fetch else HEAD
    scope = find_scope(Asked(monorepo, folder, projects, target, prefix, commit))
    wishes = Wishes(private, force, not no_create)
    if not execute:
        return _look(scope, wishes)
    return _publish(scope, wishes, verify_parity=verify_parity, delete_local=delete_local)


def _look(scope: Scope, wishes: Wishes) -> Outcome:
    """The plan alone; Gitea is asked only where all of its variables are set."""
    owner = None if missing_gitea_settings() else find_known_owner()
    plan = make_plan(scope, owner, read_registry(scope.root, utc_now()), wishes, write=False)
    _show(plan)
    return planned(plan)


def _publish(scope: Scope, wishes: Wishes, *, verify_parity: bool, delete_local: bool) -> Outcome:
    with sole_publisher(scope.root, "product-publish"):
        owner = find_known_owner()
        registry = open_registry(scope.root, utc_now())
        plan = make_plan(scope, owner, registry, wishes, write=True)
        _show(plan)
        order = Order(scope, owner, wishes, {row.key: row for row in registry}, verify_parity, delete_local)
        done = apply_plan(order, plan)
    for line in done_lines(plan, done):
        tell(line)
    show_table("product-publish", done_table(plan, done), "What became of each project")
    return published(plan, done)


def _show(plan: Plan) -> None:
    for line in plan_lines(plan):
        tell(line)
    show_table("product-publish", plan_table(plan), "What is done with each project")
