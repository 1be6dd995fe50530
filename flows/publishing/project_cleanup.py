"""Published folders that nobody touches any more make room: into the archive first, gone for good much later."""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.publishing.cleaning import (
    Scope,
    ask_two_people,
    carry_out,
    check_clock,
    check_credentials,
    digest_for,
    finish_what_was_left,
    show_end,
    show_plan,
)
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.publishing.cleanup.run import REPORT, is_by_schedule, open_grounds, read_plan
from tasks.publishing.monorepo import is_run_of_deployment
from tasks.publishing.registry import open_registry, read_registry
from tasks.rules.contracts.project_cleanup import PROJECT_CLEANUP
from tasks.rules.outcome import Outcome
from tasks.rules.publishing.cleanup import Choice, Limits, too_much
from tasks.rules.publishing.cleanup_lines import Asked, cleaned, planned, refusal, refused
from tasks.settings.publishing import project_cleanup_settings, publish_settings

RepoRoot = Annotated[
    str | None, Field(min_length=1, description="The monorepo's work tree; PRODUCT_PUBLISH_REPO_ROOT or this folder.")
]
Execute = Annotated[bool, Field(description="Do it; else only say what would be archived and deleted, and why.")]
ArchiveDays = Annotated[
    int | None,
    Field(
        ge=1, le=3650, description="Days unchanged until a folder is archived; PROJECT_CLEANUP_ARCHIVE_DAYS or 45."
    ),
]
HardDeleteDays = Annotated[
    int | None,
    Field(ge=1, le=3650, description="Days archived until it is deleted; PROJECT_CLEANUP_HARD_DELETE_DAYS or 90."),
]
SourceDir = Annotated[
    str | None, Field(min_length=1, description="Only projects of this folder; PROJECT_CLEANUP_SOURCE_DIR or all.")
]
Projects = Annotated[tuple[str, ...], Field(description="Only these projects; all of them if left out.")]
ArchiveDir = Annotated[
    str | None,
    Field(min_length=1, description="Where the archives are; PROJECT_CLEANUP_ARCHIVE_DIR or below .orket/."),
]
MaxProjects = Annotated[int, Field(ge=1, description="Refuse a run that would take more projects than this.")]
MaxShare = Annotated[
    float, Field(ge=0, le=1, description="Refuse a run that would take more than this share of all.")
]


@procedure(PROJECT_CLEANUP, run_name=run_named("project-cleanup", "execute", "source_dir"))
def project_cleanup(  # noqa: PLR0913, PLR0917  the flags of the runbook
    repo_root: RepoRoot = None,
    execute: Execute = False,
    archive_days: ArchiveDays = None,
    hard_delete_days: HardDeleteDays = None,
    source_dir: SourceDir = None,
    projects: Projects = (),
    archive_dir: ArchiveDir = None,
    max_projects: MaxProjects = 50,
    max_share: MaxShare = 0.5,
) -> Outcome:
    """Archive published folders that are unchanged for 45 days, and delete archives that are 90 days old.

    Runbook 003, Local Space Conservation Policy. Only what publishing recorded and verified is considered; each line
    says which rule kept or chose a project. A folder is as old as the later of its newest file and its last commit.
    Right before each step the remote is asked again and every file is compared. It refuses: a run that would take
    everything or more than --max-projects or --max-share, a clock that went back, a plan that changed meanwhile.
    Deleting for good by hand waits for two operators. From a deployment it needs ENABLE_PROJECT_LOCAL_CLEANUP=true.
    What is in the archive comes back with project-restore. If it fails: read the lines, correct, start again; what a
    killed run left is finished first.

    Safety: a dry run unless --execute. Never touches what is dirty, changed, unverified or outside of the repository.
    Safe to start twice and to kill; one at a time.
    """
    settings = project_cleanup_settings()
    asked = Asked(execute, is_run_of_deployment(), is_by_schedule(), settings.enabled)
    if no := refusal(asked):
        return no
    limits = Limits(
        archive_days or settings.archive_days, hard_delete_days or settings.hard_delete_days, max_projects, max_share
    )
    grounds = open_grounds(repo_root or publish_settings().repo_root, archive_dir or settings.archive_dir)
    scope = Scope(grounds, Choice(source_dir or settings.source_dir, projects), limits)
    return _clean(scope, asked) if execute else _look(scope)


def _look(scope: Scope) -> Outcome:
    now = utc_now()
    plan = read_plan(scope.grounds, read_registry(scope.grounds.root, now), scope.choice, scope.limits, now)
    show_plan(plan)
    show_end(scope, plan, (), execute=False)
    return planned(plan, scope.limits, too_much(plan, scope.limits), digest_for(scope, plan), REPORT)


def _clean(scope: Scope, asked: Asked) -> Outcome:
    now = utc_now()
    entries = open_registry(scope.grounds.root, now)
    check_clock(scope, entries, now)
    finished = finish_what_was_left(scope)
    plan = read_plan(scope.grounds, open_registry(scope.grounds.root, now), scope.choice, scope.limits, now)
    show_plan(plan)
    if reason := too_much(plan, scope.limits):
        return refused(plan, scope.limits, reason)
    check_credentials(plan)
    done = carry_out(scope, plan, ask_two_people(scope, asked, plan))
    show_end(scope, plan, done, execute=True)
    return cleaned(plan, scope.limits, done, finished, REPORT)
