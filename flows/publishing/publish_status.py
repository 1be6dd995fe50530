"""What is published, where, since when, and whether the remote still has it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.publishing.monorepo import work_tree_at
from tasks.publishing.registry import read_registry
from tasks.publishing.remote_look import look_at_remotes, target_of
from tasks.rules.contracts.publishing import PUBLISH_STATUS
from tasks.rules.outcome import Outcome
from tasks.rules.publishing.standing import standing, status_lines, status_table, stood
from tasks.settings.publishing import missing_gitea_settings, publish_settings

RepoRoot = Annotated[
    str | None, Field(min_length=1, description="The monorepo's work tree; PRODUCT_PUBLISH_REPO_ROOT or this folder.")
]


@procedure(PUBLISH_STATUS, run_name=run_named("publish-status", "repo_root"))
def publish_status(repo_root: RepoRoot = None) -> Outcome:
    """Show what is published, where, since when, and in parity or not.

    Runbook 003, Product Repo Publishing. Each project of the registry: its repository, its branch, the commit that
    was published last and when, and whether the remote is still at that commit. Without the variables of Gitea the
    remote is not asked and parity is unknown, which is never called good. `remote_moved`: somebody else has pushed
    there. `unverified`: publish again with --verify-parity. If it fails, `reason=` says what to correct.

    Safety: reads only.
    """
    root = work_tree_at(Path(repo_root or publish_settings().repo_root))
    entries = read_registry(root, utc_now())
    remotes = {} if missing_gitea_settings() else look_at_remotes({row.key: target_of(row) for row in entries})
    standings = [standing(entry, remotes.get(entry.key)) for entry in entries]
    for line in status_lines(standings):
        tell(line)
    show_table("publish-status", status_table(standings), "What is published")
    return stood(standings)
