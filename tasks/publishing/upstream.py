"""Bringing in what the monorepo's own upstream has, so that a run without anybody at it publishes what was merged.

Runbook 003, Push Automation: publishing follows the push to the main branch, wherever the worker's checkout stands.
"""

import logging
import subprocess
from pathlib import Path

from tasks.rules.faults import Fault, Refused
from tasks.splitting.plumbing import environment
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
FETCH_TIMEOUT_S = 600
HEAD = "HEAD"


@step(retries=0)  # whoever starts again fetches again
def fetch_upstream(repo_root: Path, *, execute: bool) -> str:
    """The commit to publish: what the upstream of the checked-out branch has now, or HEAD where there is none.

    Neither the work tree nor a branch changes. It logs in as the checkout itself does when somebody pulls there. A
    dry run fetches nothing and takes what was fetched last.
    """
    remote = _asked(repo_root, "config", "--get", f"branch.{_branch(repo_root)}.remote")
    if not remote:
        log.info("the branch has no upstream: HEAD is published")
        return HEAD
    if execute and _git(repo_root, "fetch", "--quiet", "--no-tags", "--no-auto-gc", "--", remote).returncode != 0:
        raise Fault("fetch_failed", "pull in the monorepo as the worker's user, and see why that fails")
    upstream = _asked(repo_root, "rev-parse", "--verify", "--quiet", "@{upstream}^{commit}")
    if not upstream:
        raise Refused("fetch_failed", "the upstream of the branch is gone: set it with git branch --set-upstream-to")
    return upstream


def _branch(repo_root: Path) -> str:
    return _asked(repo_root, "symbolic-ref", "--quiet", "--short", "HEAD")


def _asked(repo_root: Path, *arguments: str) -> str:
    return _git(repo_root, *arguments).stdout.decode("utf-8", "surrogateescape").strip()


def _git(repo_root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    if not repo_root.is_dir():
        raise Refused("not_a_repository", "name the folder of the monorepo with --repo-root")
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=repo_root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=FETCH_TIMEOUT_S,
            env=environment(GIT_ASKPASS="", SSH_ASKPASS=""),
        )
    except subprocess.TimeoutExpired:
        raise Fault(
            "fetch_failed", "the upstream of the monorepo does not answer; start again when it does"
        ) from None
