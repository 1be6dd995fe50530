"""What the stand-in knows: users, organisations, tokens and repositories, and who may do what."""

import os
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

ZEROS = "0" * 40
CATEGORIES = (
    "activitypub",
    "admin",
    "issue",
    "misc",
    "notification",
    "organization",
    "package",
    "repository",
    "user",
)


@dataclass
class User:
    id: int
    name: str
    password: str = ""
    is_admin: bool = False


@dataclass
class Org:
    id: int
    name: str
    owners: set[str] = field(default_factory=set)


@dataclass
class Token:
    id: int
    name: str
    text: str
    user: User
    scopes: tuple[str, ...]

    def allows(self, level: str, category: str) -> bool:
        wanted = {"all", f"write:{category}"} | ({f"read:{category}"} if level == "read" else set())
        return bool(wanted & set(self.scopes))


@dataclass
class Login:
    """Who asks: nobody, a user by password, or a user by token."""

    user: User | None = None
    token: Token | None = None


@dataclass(frozen=True)
class View:
    """What Gitea itself believes of a repository: it follows a push a while later."""

    empty: bool = True
    default_branch: str = "main"
    branches: tuple[tuple[str, str], ...] = ()
    updated_at: str = "2026-11-21T03:00:00Z"
    size: int = 22


@dataclass
class Hook:
    id: int
    config: dict[str, str]
    events: list[str]
    active: bool = True
    branch_filter: str = ""
    authorization_header: str = ""


@dataclass
class Repo:
    id: int
    owner: str
    name: str
    path: Path
    private: bool = False
    description: str = ""
    website: str = ""
    archived: bool = False
    mirror: bool = False
    default_branch: str = "main"
    topics: list[str] = field(default_factory=list)
    protections: dict[str, bool] = field(default_factory=dict)  # branch -> may be pushed to
    collaborators: dict[str, str] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    checks: dict[str, dict[str, str]] = field(default_factory=dict)  # commit -> context -> state
    view: View = field(default_factory=View)
    coming: list[tuple[float, View]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def git(self, *arguments: str, check: bool = True) -> str:
        command = ["git", "--git-dir", str(self.path), *arguments]
        done = subprocess.run(command, capture_output=True, env=plain_git_environment(), check=False)
        if check and done.returncode:
            raise AssertionError(done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
        return {ref: sha for sha, ref in (line.split(" ", 1) for line in lines)}

    def branches(self) -> dict[str, str]:
        return {ref.removeprefix("refs/heads/"): sha for ref, sha in self.refs("refs/heads/").items()}

    def seen(self) -> View:
        """The view of this moment; what was pushed a while ago has arrived in it."""
        now = time.monotonic()
        while self.coming and self.coming[0][0] <= now:
            self.view = self.coming.pop(0)[1]
        return self.view


def plain_git_environment(**more: str) -> dict[str, str]:
    """git without the configuration of the machine or the user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"} | more


class World:
    """The whole state of one Gitea. `lag_s` is how long its own view is behind git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root_url = ""
        self.lag_s = 1.5
        self.ids = count(1)
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.orgs: dict[str, Org] = {}
        self.tokens: list[Token] = []
        self.repos: dict[tuple[str, str], Repo] = {}
        self.renamed: dict[tuple[str, str], Repo] = {}
        self.org_hooks: dict[str, list[Hook]] = {}

    def add_user(self, name: str, password: str, *, is_admin: bool = False) -> User:
        return self.users.setdefault(name.lower(), User(next(self.ids), name, password, is_admin))

    def add_org(self, name: str, *owners: str) -> Org:
        return self.orgs.setdefault(name.lower(), Org(next(self.ids), name, {owner.lower() for owner in owners}))

    def add_token(self, user: str, *scopes: str, name: str = "") -> str:
        number = next(self.ids)
        text = f"{number:040x}"
        self.tokens.append(Token(number, name or f"t{number}", text, self.users[user.lower()], scopes))
        return text

    def owner_name(self, name: str) -> str | None:
        owner = self.users.get(name.lower()) or self.orgs.get(name.lower())
        return owner.name if owner else None

    def repo(self, owner: str, name: str) -> Repo | None:
        return self.repos.get((owner.lower(), name.lower()))

    def add_repo(self, owner: str, name: str, *, default_branch: str = "main", **facts: object) -> Repo:
        number = next(self.ids)
        path = self.folder / f"{number}.git"
        command = ["git", "init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}", str(path)]
        subprocess.run(command, check=True, env=plain_git_environment())
        repo = Repo(number, owner, name, path, default_branch=default_branch, **facts)  # type: ignore[arg-type]
        repo.view = View(default_branch=default_branch)
        self.repos[owner.lower(), name.lower()] = repo
        self.renamed.pop((owner.lower(), name.lower()), None)
        return repo

    def rename(self, repo: Repo, name: str) -> None:
        old = (repo.owner.lower(), repo.name.lower())
        del self.repos[old]
        repo.name = name
        self.repos[repo.owner.lower(), name.lower()] = repo
        self.renamed[old] = repo

    def may(self, right: str, repo: Repo, user: User | None) -> bool:
        """Whether the user may `read`, `write` or `admin` the repository."""
        if user is None:
            return right == "read" and not repo.private
        owners = self.orgs[repo.owner.lower()].owners if repo.owner.lower() in self.orgs else {repo.owner.lower()}
        if user.is_admin or user.name.lower() in owners:
            return True
        has = repo.collaborators.get(user.name.lower(), "none" if repo.private else "read")
        order = ("none", "read", "write", "admin")
        return order.index(has) >= order.index(right)

    def pushed(self, repo: Repo, updates: Iterable[tuple[str, str, str]]) -> None:
        """Take note of a push: the default branch at the first one, and the view after the lag."""
        now_there = repo.branches()
        new = [ref.removeprefix("refs/heads/") for _, after, ref in updates if ref.startswith("refs/heads/")]
        if repo.default_branch not in now_there and any(branch in now_there for branch in new):
            repo.default_branch = next(branch for branch in new if branch in now_there)
            repo.git("symbolic-ref", "HEAD", f"refs/heads/{repo.default_branch}")
        self.refresh(repo, lag_s=self.lag_s)

    def refresh(self, repo: Repo, *, lag_s: float = 0.0) -> None:
        there = tuple(sorted(repo.branches().items()))
        size = sum(file.stat().st_size for file in (repo.path / "objects").rglob("*") if file.is_file()) // 1024
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        view = replace(repo.view, empty=not there, default_branch=repo.default_branch, branches=there)
        repo.coming.append((time.monotonic() + lag_s, replace(view, updated_at=now, size=size)))
