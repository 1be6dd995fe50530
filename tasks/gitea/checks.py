"""What the checks of a commit say at Gitea, and waiting for them with a deadline."""

import time
from collections.abc import Mapping

from tasks.gitea.requests import get
from tasks.rules.faults import GiteaRefused
from tasks.rules.publishing.answers import fault_for
from tasks.rules.publishing.remote import Repository
from tasks.rules.publishing.reverts import CommitStatus
from tasks.step import step

_POLL_S = 2.0


@step(retries=0)  # the request repeats itself
def read_checks(repository: Repository, sha: str) -> CommitStatus:
    """The combined state of a commit at this moment."""
    answer = get("repos", repository.owner, repository.name, "commits", sha, "status")
    if answer.status != 200:
        raise fault_for(answer.status, answer.message)
    data = answer.data if isinstance(answer.data, Mapping) else {}
    state, checks = data.get("state"), data.get("total_count")
    if not isinstance(state, str) or not isinstance(checks, int):
        raise GiteaRefused("gitea_answer_unknown", "GITEA_URL leads to something that does not answer as Gitea does")
    return CommitStatus(state, checks)


@step(retries=0)  # it asks again by itself, for as long as it was told
def await_checks(repository: Repository, sha: str, wait_s: float) -> CommitStatus:
    """The state once it is final, or the last one when the time is over."""
    until = time.monotonic() + wait_s
    while True:
        found = read_checks.fn(repository, sha)
        left = until - time.monotonic()
        if found.is_final or left <= 0:
            return found
        time.sleep(min(_POLL_S, left))
