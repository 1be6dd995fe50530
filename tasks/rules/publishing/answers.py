"""What an answer of Gitea means for us, and when it is worth asking again.

Pure: a status and a text in, a fault or a pause out. The texts are those of a real Gitea 1.21.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tasks.rules.faults import Fault, GiteaRefused, GiteaUnauthorised, GiteaUnreachable

TRIES = 3
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
_AGAIN = "start again when Gitea is well; nothing was lost"
_ASKED_TO_LOG_IN = ("could not read Username", "could not read Password", "Authentication failed", "error: 401")
_OUR_OWN = ("pack-objects died", "unable to read", "bad object", "missing blob", "missing tree")
_CUT_OFF = ("unable to access", "RPC failed", "hung up", "early EOF", "unexpected disconnect", "expected flush")


def is_worth_repeating(status: int) -> bool:
    return status == 429 or status >= 500


def pause_s(attempt: int, retry_after: str | None, now: datetime) -> float | None:
    """How long to wait before the next attempt; None if there is none, or Gitea wants a longer pause than is sane."""
    if attempt + 1 >= TRIES:
        return None
    asked = asked_pause_s(retry_after, now)
    wait = FIRST_PAUSE_S * 2.0**attempt if asked is None else asked
    return wait if wait <= LONGEST_PAUSE_S else None


def asked_pause_s(retry_after: str | None, now: datetime) -> float | None:
    """The header Retry-After in seconds, from a number or a date; None if it says nothing that can be read."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip(), re.ASCII):
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds())


def fault_for(status: int, message: str) -> Fault:
    """The fault that an answer of the API means; its words stay behind."""
    named: Mapping[int, Fault] = {
        401: unauthorised(),
        403: _forbidden(message),
        422: GiteaRefused("gitea_name_refused", "Gitea takes no repository of that name: rename the folder"),
        429: GiteaUnreachable("gitea_busy", f"Gitea limits requests: {_AGAIN}"),
    }
    if status in named:
        return named[status]
    if status >= 500:
        return GiteaUnreachable("gitea_server_error", f"read Gitea's own log; {_AGAIN}")
    if 300 <= status < 400:
        return redirect_refused()
    return GiteaRefused("gitea_answer_unknown", "GITEA_URL leads to something that does not answer as Gitea does")


def unauthorised() -> Fault:
    return GiteaUnauthorised(
        "gitea_unauthorised",
        "correct GITEA_ADMIN_USER and GITEA_ADMIN_PASSWORD, or GITEA_TOKEN",
        env=("GITEA_ADMIN_USER", "GITEA_ADMIN_PASSWORD", "GITEA_TOKEN"),
    )


def unreachable() -> Fault:
    return GiteaUnreachable(
        "gitea_unreachable", f"check that the server in GITEA_URL is up and reachable; {_AGAIN}", env=("GITEA_URL",)
    )


def redirect_refused() -> Fault:
    return GiteaRefused(
        "gitea_redirect_refused",
        "GITEA_URL leads elsewhere: set it to where Gitea itself answers",
        env=("GITEA_URL",),
    )


def repository_missing() -> Fault:
    return GiteaRefused("gitea_repository_missing", "there is no such repository, or this login may not see it")


def _forbidden(message: str) -> Fault:
    if "required scope" in message:
        return GiteaRefused(
            "gitea_scope_missing",
            "give the token read:user, write:repository, and write:organization (for a user's products write:user)",
            env=("GITEA_TOKEN",),
        )
    if "archived" in message:
        return GiteaRefused("gitea_archived", "the repository is archived at Gitea: unarchive it there, or leave it")
    return GiteaRefused("gitea_forbidden", "the login lacks the right: let the owner's team create and write")


def git_fault(words: str) -> Fault:
    """The fault behind a git that did not get as far as the refs; `words` is its stderr in the C locale."""
    if any(sign in words for sign in _ASKED_TO_LOG_IN):
        return unauthorised()
    if "Push to create is not enabled" in words or re.search(r"repository '.*' not found", words):
        return repository_missing()
    if status := re.search(r"returned error: (\d{3})", words):
        return repository_missing() if status[1] == "404" else fault_for(int(status[1]), words)
    if any(sign in words for sign in _CUT_OFF) and not any(sign in words for sign in _OUR_OWN):
        return unreachable()
    return Fault("git_failed", "run `git fsck` in the monorepo, and read the log of this run")
