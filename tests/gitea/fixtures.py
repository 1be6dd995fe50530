"""The fixture `gitea`: one server for the session, an owner of its own for every test, named by the environment."""

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gitea.deliveries import Post, post_of
from tests.gitea.faults import Trouble
from tests.gitea.server import Seen, Server, running_gitea
from tests.gitea.world import Repo, World, plain_git_environment

BOSS, PASSWORD = "boss", "p@ss:w/rd%41 müß#?&\"'"
CLIENT = httpx.Client(trust_env=False, verify=False, timeout=20)
_SIGNED = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"), ("DATE", "2026-11-20T12:00:00+0000"))
}


@dataclass
class Gitea:
    """One test's view of the server: `owner` is a fresh organisation that `boss` owns."""

    server: Server
    owner: str

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def post(self) -> Post:
        """Who delivers the webhooks: how long after a push, and whether to this machine."""
        return post_of(self.world)

    @property
    def seen(self) -> list[Seen]:
        return self.server.seen

    def trouble(self, path: str, **what: object) -> Trouble:
        """Let the next requests go wrong (see `Trouble`)."""
        one = Trouble(path, **what)  # type: ignore[arg-type]
        self.server.troubles.append(one)
        return one

    def api(
        self, method: str, path: str, *, login: tuple[str, str] | None = (BOSS, PASSWORD), **more
    ) -> httpx.Response:
        """A plain request to the API, as the site admin unless told."""
        encoded = (login[0].encode(), login[1].encode()) if login else None
        return CLIENT.request(method, f"{self.url}/api/v1/{path}", auth=encoded, **more)

    def repo(self, name: str) -> Repo:
        found = self.world.repo(self.owner, name)
        assert found is not None
        return found

    def git_url(self, name: str, login: tuple[str, str] | None = (BOSS, "boss-token")) -> str:
        """A URL for a test's own git; the product never writes one like it."""
        user = f"{login[0]}:{login[1]}@" if login else ""
        return f"http://{user}127.0.0.1:{self.server.port}/{self.owner}/{name}.git"

    def token(self, *scopes: str, user: str = BOSS) -> str:
        return self.world.add_token(user, *scopes)


@pytest.fixture(scope="session")
def gitea_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-stand-in-"))
    try:
        with running_gitea(folder) as server:
            server.world.add_user(BOSS, PASSWORD, is_admin=True)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def gitea(gitea_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gitea]:
    """A Gitea that answers as a real one was seen to, with a fresh organisation and no trouble."""
    owner = f"Org-{uuid.uuid4().hex[:10]}"
    gitea_server.world.add_org(owner, BOSS)
    gitea_server.world.lag_s = 1.5
    post = post_of(gitea_server.world)
    post.delay_s, post.allows_loopback = 0.5, True
    gitea_server.seen.clear()
    monkeypatch.setenv("GITEA_URL", gitea_server.url)
    monkeypatch.setenv("GITEA_ADMIN_USER", BOSS)
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("GITEA_PRODUCT_OWNER", owner)
    monkeypatch.delenv("GITEA_TOKEN", raising=False)
    yield Gitea(gitea_server, owner)
    gitea_server.troubles.clear()


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """git in a folder, without the machine's configuration, signed by nobody in particular."""
    environment = plain_git_environment(GIT_TERMINAL_PROMPT="0", **_SIGNED, **variables)
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, check=True, env=environment, timeout=120
    )
    return done.stdout.decode("utf-8", "replace").strip()


def commit_files(folder: Path, message: str = "change", **files: str) -> str:
    """A commit in the repository of that folder, which is made if need be; the new commit."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (folder / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.replace("__", "/")).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")
