"""Whether what Gitea has is what the folder has: heads by two ways, and a tree that came from the remote itself."""

from pathlib import Path

from tasks.gitea.api import read_head
from tasks.gitea.remotes import fetch_manifest
from tasks.gitea.scratch import scratch_repository
from tasks.rules.publishing.parity import Parity, compare, manifest_in
from tasks.rules.publishing.remote import Repository
from tasks.step import step


@step(retries=2, retry_delay_seconds=[1, 4])  # it reads
def verify_parity(
    monorepo: Path, tip: str, prefix: str, repository: Repository, branch: str, expected_sha: str
) -> Parity:
    """The verdict on one project: `prefix` of the monorepo at the commit `tip`, against the branch of its repository.

    The remote head is asked of the API and fetched into an empty repository; that tree is compared with the folder's,
    entry by entry. Both listings read from one object store could never differ (runbook 003, What it does 4).
    """
    api_sha = read_head.fn(repository, branch)
    fetched = fetch_manifest.fn(repository, branch)
    if fetched is None:
        return Parity(expected_sha, api_sha, None)
    with scratch_repository(monorepo) as scratch:
        here = manifest_in(scratch.ask("ls-tree", "-r", "-t", "-z", "--full-tree", f"{tip}:{prefix}"))
    return Parity(expected_sha, api_sha, fetched.sha, len(here), compare(here, fetched.manifest))
