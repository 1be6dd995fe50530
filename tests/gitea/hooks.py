"""The routes of webhooks."""

from tests.gitea.asked import Asked
from tests.gitea.deliveries import deliver
from tests.gitea.owners import org_named
from tests.gitea.payloads import push_payload
from tests.gitea.replies import NO_CONTENT, Refusal, Reply, as_json, missing, page
from tests.gitea.repositories import repo_of
from tests.gitea.world import Hook, Repo

_KINDS = (
    "dingtalk",
    "discord",
    "feishu",
    "gitea",
    "gogs",
    "matrix",
    "msteams",
    "packagist",
    "slack",
    "telegram",
    "wechatwork",
)
_OPTION = {
    "type": str,
    "active": bool,
    "events": list,
    "config": dict,
    "branch_filter": str,
    "authorization_header": str,
}


def _hooks_of(asked: Asked) -> tuple[Repo, list[Hook]]:
    repo = repo_of(asked, "admin")
    if not asked.world.may("admin", repo, asked.login.user):
        raise Refusal(403, "user should be an owner or a collaborator with admin write of a repository")
    return repo, repo.hooks


def hook_json(hook: Hook) -> dict[str, object]:
    shown = {name: value for name, value in hook.config.items() if name != "secret"}
    return {
        "id": hook.id,
        "type": "gitea",
        "branch_filter": hook.branch_filter,
        "config": shown,
        "events": hook.events,
        "authorization_header": hook.authorization_header,
        "active": hook.active,
        "updated_at": "2026-11-21T03:00:00Z",
        "created_at": "2026-11-21T03:00:00Z",
    }


def make_hook(asked: Asked) -> Reply:
    return _make(asked, _hooks_of(asked)[1])


def make_org_hook(asked: Asked) -> Reply:
    asked.must_log_in("write", "organization")
    return _make(asked, asked.world.org_hooks.setdefault(org_named(asked).name.lower(), []))


def _make(asked: Asked, hooks: list[Hook]) -> Reply:
    given = asked.fields("CreateHookOption", **_OPTION)
    config = {str(name): str(value) for name, value in given.get("config", {}).items()}  # type: ignore[attr-defined]
    if given.get("type") not in _KINDS:
        raise Refusal(422, f"Invalid hook type: {given.get('type', '')}")
    for name in ("url", "content_type"):
        if name not in config:
            raise Refusal(422, f"Missing config option: {name}")
    hook = Hook(next(asked.world.ids), config, [str(event) for event in given.get("events") or ["push"]])  # type: ignore[attr-defined]
    hook.active = bool(given.get("active", False))
    hook.branch_filter = str(given.get("branch_filter", ""))
    hook.authorization_header = str(given.get("authorization_header", ""))
    hooks.append(hook)
    return as_json(201, hook_json(hook))


def list_hooks(asked: Asked) -> Reply:
    return page([hook_json(hook) for hook in _hooks_of(asked)[1]], asked.query, asked.url)


def show_hook(asked: Asked) -> Reply:
    return as_json(200, hook_json(_hook(asked)))


def edit_hook(asked: Asked) -> Reply:
    hook = _hook(asked)
    given = asked.fields("EditHookOption", **_OPTION)
    hook.config |= {str(name): str(value) for name, value in given.get("config", {}).items()}  # type: ignore[attr-defined]
    hook.events = sorted(str(event) for event in given.get("events") or hook.events)  # type: ignore[attr-defined]
    hook.active = bool(given.get("active", hook.active))
    return as_json(200, hook_json(hook))


def delete_hook(asked: Asked) -> Reply:
    _, hooks = _hooks_of(asked)
    hooks.remove(_hook(asked))
    return NO_CONTENT


def try_hook(asked: Asked) -> Reply:
    repo, hook = _hooks_of(asked)[0], _hook(asked)
    sha = repo.git("rev-parse", "HEAD").strip()
    assert asked.login.user
    ref = f"refs/heads/{repo.default_branch}"
    deliver(asked.world, hook, "push", push_payload(asked.world, repo, asked.login.user, (sha, sha, ref)))
    return NO_CONTENT


def _hook(asked: Asked) -> Hook:
    _, hooks = _hooks_of(asked)
    found = next((hook for hook in hooks if str(hook.id) == asked.parts[2]), None)
    if found is None:
        raise missing()
    return found
