"""A folder back from the archive, as it was."""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.publishing.cleanup.run import finish_unfinished, open_grounds, restore_project
from tasks.publishing.registry import open_registry, sole_publisher
from tasks.rules.contracts.project_cleanup import PROJECT_RESTORE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.publishing.cleanup import to_restore
from tasks.rules.publishing.cleanup_lines import finished_line
from tasks.rules.splitting.names import printable
from tasks.settings.publishing import project_cleanup_settings, publish_settings

RepoRoot = Annotated[
    str | None, Field(min_length=1, description="The monorepo's work tree; PRODUCT_PUBLISH_REPO_ROOT or this folder.")
]
Project = Annotated[str, Field(min_length=1, description="The name of the archived folder.")]
SourceDir = Annotated[
    str | None, Field(min_length=1, description="Its source folder, where two of them have a project of that name.")
]
ArchiveDir = Annotated[
    str | None,
    Field(min_length=1, description="Where the archives are; PROJECT_CLEANUP_ARCHIVE_DIR or below .orket/."),
]


@procedure(PROJECT_RESTORE, run_name=run_named("project-restore", "project"))
def project_restore(
    project: Project,
    repo_root: RepoRoot = None,
    source_dir: SourceDir = None,
    archive_dir: ArchiveDir = None,
) -> Outcome:
    """Bring an archived project folder back to its place.

    Runbook 003, Local Space Conservation Policy: the undo of project-cleanup. Every file is compared with what was
    recorded when the folder was archived, and git looks at the folder again. Refused: a place that is taken, an
    archive that somebody touched, a project that is not in the archive. What was deleted for good is cloned from its
    repository at Gitea instead. The return counts as a change: cleanup leaves the folder alone for its period.

    Safety: overwrites nothing and deletes nothing. Safe to start twice and to kill; one at a time.
    """
    settings, now = project_cleanup_settings(), utc_now()
    grounds = open_grounds(repo_root or publish_settings().repo_root, archive_dir or settings.archive_dir)
    with sole_publisher(grounds.root, "project-restore"):
        for one in finish_unfinished(grounds, now):
            tell(finished_line(one))
        entry = to_restore(open_registry(grounds.root, now), project, source_dir)
        size = restore_project(grounds, entry, now)
    return PROJECT_RESTORE.says(Status.OK, project=printable(entry.prefix), bytes=size)
