"""What is asked of the stand-in by a test: a push, and the refs that git asks for first."""

import subprocess

import httpx

from tests.gitea.fixtures import BOSS, CLIENT, Gitea
from tests.gitea.world import plain_git_environment


def push(gitea: Gitea, mono, *refspecs: str, name: str = "one", token: str | None = None, options=()):
    """A push as `boss`, or with a token; the program's result."""
    address = gitea.git_url(name, (BOSS, token or gitea.token("all")))
    command = ["git", *options, "push", "--porcelain", address, *refspecs]
    variables = plain_git_environment(GIT_TERMINAL_PROMPT="0", LC_ALL="C", GIT_ASKPASS="")
    return subprocess.run(command, cwd=mono, capture_output=True, text=True, check=False, env=variables, timeout=60)


def info_refs(gitea: Gitea, service: str, login=None, name: str = "one", owner: str | None = None) -> httpx.Response:
    url = f"{gitea.url}/{owner or gitea.owner}/{name}.git/info/refs?service=git-{service}"
    auth = (login[0].encode(), login[1].encode()) if login else None
    return CLIENT.get(url, auth=auth)
