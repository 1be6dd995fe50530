"""git over HTTP: who may, in Gitea's words, and then git's own http-backend with real hooks."""

import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.gitea.asked import Asked
from tests.gitea.logins import login_of
from tests.gitea.payloads import Update
from tests.gitea.replies import Refusal, Reply, as_text
from tests.gitea.world import Login, Repo, User, World, plain_git_environment

PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack|HEAD|objects/.*)"
)
_HOOKS = Path(__file__).parent / "git_hooks"
_CONFIG = {
    "core.hooksPath": str(_HOOKS),
    "core.logAllRefUpdates": "true",
    "http.receivepack": "true",
    "receive.advertisePushOptions": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
}
_ARCHIVED = "This repo is archived. You can view files and clone it, but cannot push or open issues/pull-requests."


@dataclass
class Served:
    """An answer, and what was pushed with it: (before, after, ref) in the order of the push."""

    reply: Reply
    repo: Repo | None = None
    user: User | None = None
    updates: list[Update] = field(default_factory=list)


def serve(asked: Asked) -> Served:
    found = PATH.fullmatch(asked.path)
    assert found
    world = asked.world
    owner, name, rest = found["owner"], found["name"], found["rest"]
    try:
        asked.login = login_of(world, asked.headers.get("authorization"), asked.query)
    except Refusal:
        return Served(as_text(401, "Verify\n"))
    repo = world.repo(owner, name)
    if repo is None and (moved := world.renamed.get((owner.lower(), name.lower()))):
        query = f"?{urlencode(asked.query)}" if asked.query else ""
        return Served(Reply(307, b"", {"Location": f"/{moved.full_name}/{rest}{query}"}))
    writes = (asked.query.get("service") or rest) == "git-receive-pack"
    if refused := _refusal(world, owner, repo, asked.login, writes):
        return Served(refused)
    assert repo
    return _backend(asked, repo, rest)


def _refusal(world: World, owner: str, repo: Repo | None, login: Login, writes: bool) -> Reply | None:  # noqa: PLR0911
    user, token = login.user, login.token
    unauthorised = as_text(401, "Unauthorized\n", WWW_Authenticate='Basic realm="Gitea"')
    if world.owner_name(owner) is None:
        return as_text(404, "Not found.\n")
    if user is None and (repo is None or repo.private or writes):
        return unauthorised
    if repo is None:
        kind = "organizations" if owner.lower() in world.orgs else "users"
        return as_text(403, f"Push to create is not enabled for {kind}.\n") if writes else _not_found()
    if not world.may("read", repo, user):
        return _not_found()
    if token and not token.allows("write" if writes else "read", "repository"):
        return as_text(403, "Forbidden\n") if writes or repo.private else None
    if writes and repo.archived:
        return as_text(403, _ARCHIVED + "\n")
    if writes and repo.mirror:
        return as_text(403, "mirror repository is read-only\n")
    return None


def _not_found() -> Reply:
    return as_text(404, "Repository not found\n")


def _backend(asked: Asked, repo: Repo, rest: str) -> Served:
    user = asked.login.user
    with tempfile.NamedTemporaryFile() as updates:
        variables = plain_git_environment(
            GIT_PROJECT_ROOT=str(repo.path.parent),
            GIT_HTTP_EXPORT_ALL="1",
            PATH_INFO=f"/{repo.path.name}/{rest}",
            QUERY_STRING=urlencode(asked.query),
            REQUEST_METHOD=asked.method,
            REMOTE_USER=user.name if user else "",
            REMOTE_ADDR="127.0.0.1",
            CONTENT_TYPE=asked.headers.get("content-type", ""),
            CONTENT_LENGTH=str(len(asked.body)),
            HTTP_CONTENT_ENCODING=asked.headers.get("content-encoding", ""),
            GIT_PROTOCOL=asked.headers.get("git-protocol", ""),
            **_numbered(_CONFIG),
            **_hook_variables(asked.world, repo, asked.login, updates.name),
        )
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=asked.body, capture_output=True, env=variables, check=False)
        lines = Path(updates.name).read_text(encoding="utf-8").splitlines()
    pushed = [(before, after, ref) for before, after, ref in (line.split(" ", 2) for line in lines)]
    return Served(_as_reply(done.stdout), repo, user, pushed)


def _hook_variables(world: World, repo: Repo, login: Login, updates: str) -> dict[str, str]:
    return {
        "STAND_IN_UPDATES": updates,
        "STAND_IN_MAY_WRITE": "yes" if world.may("write", repo, login.user) else "no",
        "STAND_IN_DEFAULT": repo.default_branch,
        "STAND_IN_CLOSED": " ".join(name for name, push in repo.protections.items() if not push),
        "STAND_IN_OPEN": " ".join(name for name, push in repo.protections.items() if push),
        "STAND_IN_PULLS": f"{world.root_url}{repo.full_name}/compare/{repo.default_branch}...",
    }


def _numbered(configuration: dict[str, str]) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(configuration))}
    for number, (key, value) in enumerate(configuration.items()):
        pairs |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return pairs


def _as_reply(output: bytes) -> Reply:
    """A CGI answer: headers, one of which may be the status, a blank line, the body."""
    head, _, body = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200").split()[0])
    return Reply(status, body, headers)
