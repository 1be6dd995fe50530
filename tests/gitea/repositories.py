"""The routes that make, show, change and delete repositories."""

import re
import shutil
from urllib.parse import quote

from tests.gitea.asked import Asked
from tests.gitea.names import check_branch_name, check_new_repository_name, check_repository_name
from tests.gitea.owners import org_named
from tests.gitea.replies import NO_CONTENT, Refusal, Reply, as_json, missing
from tests.gitea.shapes import repo_json
from tests.gitea.world import Repo

_OPTION = {
    "name": str,
    "private": bool,
    "description": str,
    "default_branch": str,
    "auto_init": bool,
    "gitignores": str,
}


class Moved(Exception):
    """A repository that has another name now."""

    def __init__(self, repo: Repo) -> None:
        super().__init__(repo.full_name)
        self.repo = repo


def repo_of(asked: Asked, right: str = "read") -> Repo:
    """The repository in the path; an old name leads on, and what may not be seen is not there."""
    owner, name = asked.parts[0], asked.parts[1]
    world, user = asked.world, asked.login.user
    if world.owner_name(owner) is None:
        raise missing("GetUserByName", [f"user redirect does not exist [name: {owner}]"])
    found = world.repo(owner, name)
    if found is None and (moved := world.renamed.get((owner.lower(), name.lower()))):
        raise Moved(moved)
    if found is None or not world.may("read", found, user):
        raise missing()
    asked.must_have_scope("read" if right == "read" else "write", "repository")
    if right != "read" and user is None:
        raise Refusal(401, "token is required")
    return found


def moved_to(asked: Asked, repo: Repo) -> Reply:
    owner, name = asked.parts[0], asked.parts[1]
    rest = asked.path.removeprefix(f"/api/v1/repos/{quote(owner)}/{quote(name)}")
    return Reply(307, b"", {"Location": f"/api/v1/repos/{repo.full_name}{rest}"})


def create_in_org(asked: Asked) -> Reply:
    asked.must_log_in("write", "organization")
    found, user = org_named(asked), asked.login.user
    assert user
    if not user.is_admin and user.name.lower() not in found.owners:
        raise Refusal(403, "Given user is not allowed to create repository in organization.")
    return _create(asked, found.name)


def create_own(asked: Asked) -> Reply:
    asked.must_log_in("write", "user")
    assert asked.login.user
    return _create(asked, asked.login.user.name)


def create_for(asked: Asked) -> Reply:
    asked.must_log_in("write", "admin")
    assert asked.login.user
    if not asked.login.user.is_admin:
        raise Refusal(403, "user should be the site admin")
    name = asked.world.owner_name(asked.parts[0])
    if name is None:
        raise missing("GetUserByName", [f"user redirect does not exist [name: {asked.parts[0]}]"])
    return _create(asked, name)


def _create(asked: Asked, owner: str) -> Reply:
    given = asked.fields("CreateRepoOption", **_OPTION)
    name = check_repository_name(given.get("name"))
    if len(str(given.get("description", ""))) > 2048:
        raise Refusal(422, "[Description]: MaxSize")
    branch = check_branch_name(str(given.get("default_branch") or "main"))
    with asked.world.lock:
        if asked.world.repo(owner, name):
            raise Refusal(409, "The repository with the same name already exists.")
        repo = asked.world.add_repo(
            owner,
            name,
            default_branch=branch,
            private=bool(given.get("private", False)),
            description=str(given.get("description", "")),
        )
    return as_json(201, repo_json(asked.world, repo, asked.login.user))


def show(asked: Asked) -> Reply:
    return as_json(200, repo_json(asked.world, repo_of(asked), asked.login.user))


def edit(asked: Asked) -> Reply:
    repo = repo_of(asked, "admin")
    if not asked.world.may("admin", repo, asked.login.user):
        raise Refusal(403, "user should be an owner or a collaborator with admin write of a repository")
    given = asked.fields(
        "EditRepoOption", name=str, private=bool, archived=bool, description=str, website=str, default_branch=str
    )
    new_name, branch = str(given.pop("name", repo.name)), given.pop("default_branch", None)
    if new_name != repo.name:
        _rename(asked, repo, new_name)
    for name, value in given.items():
        setattr(repo, name, value)
    if branch in repo.branches():
        repo.default_branch = str(branch)
        repo.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        asked.world.refresh(repo)
    return as_json(200, repo_json(asked.world, repo, asked.login.user))


def _rename(asked: Asked, repo: Repo, name: str) -> None:
    check_new_repository_name(name)
    other = asked.world.repo(repo.owner, name)
    if other is not None and other is not repo:
        raise Refusal(422, f"repository already exists [uname: {repo.owner}, name: {name}]")
    asked.world.rename(repo, name)


def delete(asked: Asked) -> Reply:
    repo = repo_of(asked, "owner")
    if not asked.world.may("admin", repo, asked.login.user):
        raise Refusal(403, "user should be the owner of the repo")
    del asked.world.repos[repo.owner.lower(), repo.name.lower()]
    shutil.rmtree(repo.path)
    return NO_CONTENT


def put_topics(asked: Asked) -> Reply:
    repo = repo_of(asked, "admin")
    topics = [str(topic).lower() for topic in asked.fields("RepoTopicOptions", topics=list).get("topics", [])]  # type: ignore[attr-defined]
    wrong = [topic for topic in topics if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,34}", topic)]
    if wrong:
        return as_json(422, {"invalidTopics": wrong, "message": "Topic names are invalid"})
    repo.topics = topics
    return NO_CONTENT
