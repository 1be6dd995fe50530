"""What may be reverted, how the result is called, and when its checks have passed.

Pure (runbook 002, Rollback & Release). Only `success` of at least one check is a pass: checks that are pending when
the time is over, or that never reported, have not passed.
"""

from dataclasses import dataclass

from tasks.rules.faults import Refused
from tasks.rules.publishing.remote import GITEA_REASONS

NOT_REVERTED_REASONS = (
    "repository_unreadable",
    "commit_unknown",
    "commit_not_on_branch",
    "branch_unknown",
    "mainline_missing",
    "mainline_invalid",
    "revert_conflicts",
    "revert_empty",
    "revert_failed",
    "base_behind",
    "branch_taken",
    "push_refused",
)
# What stands against deploying it, beside what the declaration says.
DEPLOY_REASONS = ("release_taken", "link_missing", "link_elsewhere", "deploy_failed")
CHECK_REASONS = ("ci_failed", "ci_pending", "ci_missing")
REVERT_REASONS = (
    *NOT_REVERTED_REASONS,
    *CHECK_REASONS,
    *DEPLOY_REASONS,
    "missing_env",
    *GITEA_REASONS,
)
_GOOD, _PENDING = "success", ("pending", "")


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """The combined state of a commit's checks, in Gitea's word, and how many checks have reported."""

    state: str
    checks: int

    @property
    def is_final(self) -> bool:
        return self.checks > 0 and self.state not in _PENDING

    @property
    def reason(self) -> str | None:
        """Why it is no pass; None if it is one."""
        if not self.checks:
            return "ci_missing"
        if self.state in _PENDING:
            return "ci_pending"
        return None if self.state == _GOOD else "ci_failed"


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit that takes another one back; `onto` is the head that it builds on."""

    commit: str
    reverted: str
    onto: str
    files: int

    @property
    def branch(self) -> str:
        return branch_for(self.reverted)

    @property
    def release(self) -> str:
        """Its folder below `releases`: another head gives another commit, and so another release."""
        return f"{self.branch}-{self.commit[:12]}"


def branch_for(sha: str) -> str:
    return f"revert-{sha[:12]}"


def check_mainline(parents: int, mainline: int) -> None:
    """A merge is reverted with a parent named, any other commit without."""
    if parents > 1 and not mainline:
        raise Refused("mainline_missing", "it is a merge: say which parent stays with --mainline 1", parents=parents)
    if mainline and (parents < 2 or mainline > parents):
        raise Refused("mainline_invalid", "--mainline is the number of a parent of a merge", parents=parents)
