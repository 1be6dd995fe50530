"""The webhooks of a repository at Gitea: found, and given another secret (runbook 003, Incident Playbook 2)."""

from tasks.gitea.requests import get, patch
from tasks.rules.faults import GiteaRefused
from tasks.rules.publishing.answers import fault_for
from tasks.rules.services.rotation import Hook, leads_to
from tasks.step import step

_PAGE = 30


@step(retries=0)  # the request repeats itself
def find_hooks(owner: str, repository: str, only: str = "") -> list[Hook]:
    """The repository's hooks that lead to the webhook server; refused where there is none."""
    answer = get("repos", owner, repository, "hooks")
    if answer.status == 404:
        raise GiteaRefused("gitea_repository_missing", "correct --repos: there is no such repository for this login")
    if answer.status != 200 or not isinstance(answer.data, list):
        raise fault_for(answer.status, answer.message)
    if len(answer.data) >= _PAGE:
        raise GiteaRefused("too_many_hooks", "a repository has more hooks than one page holds: take old ones away")
    found = [hook for row in answer.data if (hook := _hook(owner, repository, row)) and leads_to(hook.url, only)]
    if not found:
        raise GiteaRefused("hook_missing", "the repository has no webhook to /webhook/gitea; see --hook-url")
    return found


def _hook(owner: str, repository: str, row: object) -> Hook | None:
    config = row.get("config") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(config, dict) or not isinstance(row.get("id"), int):
        return None
    kind = str(config.get("content_type") or "json")
    return Hook(owner, repository, row["id"], str(config.get("url", "")), kind)


@step(retries=0)  # the request repeats itself: setting the same secret twice is setting it once
def set_secret(hook: Hook, secret: str) -> None:
    """Give the hook another secret; URL, events and all else stay."""
    config = {"url": hook.url, "content_type": hook.content_type, "secret": secret}
    answer = patch("repos", hook.owner, hook.repository, "hooks", str(hook.number), body={"config": config})
    if answer.status != 200:
        raise fault_for(answer.status, answer.message)
