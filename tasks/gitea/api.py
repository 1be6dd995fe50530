"""What Gitea knows of owners, repositories and branches, and the one thing that is made there: a repository.

Nothing is created before the owner is known, and nothing in another namespace than the owner's (runbook 003, Product
Repo Publishing). Every step repeats what may be repeated itself, so that it does so by hand as well.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from tasks.gitea.requests import Answer, get, post
from tasks.rules.faults import GiteaRefused, GiteaUnreachable
from tasks.rules.publishing.answers import fault_for
from tasks.rules.publishing.remote import Owner, OwnerKind, Repository
from tasks.settings.publishing import gitea_address
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Ensured:
    """A repository that is there now, and whether it is this call that made it."""

    repository: Repository
    created: bool


@step(retries=0)  # the request repeats itself
def check_server() -> str:
    """Gitea's version, if it is there and takes our login; warns when the login crosses a network in clear.

    A token may lack the scope for this question; then the login is good all the same, and the version `unknown`.
    """
    if gitea_address().sends_in_clear:
        log.warning("GITEA_URL is http to another machine: user and password cross the network in clear; use https")
    answer = get("version")
    return "unknown" if answer.status == 403 else _text(_must(answer, 200), "version")


@step(retries=0)  # the request repeats itself
def find_owner(name: str) -> Owner:
    """Which kind of namespace the owner is; one that is missing or not ours to create in is refused."""
    me = get("user")
    if me.status == 200 and _text(me, "login").lower() == name.lower():
        return Owner(_text(me, "login"), OwnerKind.USER)
    if _found(organisation := get("orgs", name)):
        return Owner(_text(organisation, "username"), OwnerKind.ORG)
    _must(me, 200)  # a token for an organisation need not know who it belongs to; any other owner asks for that
    if not _found(user := get("users", name)):
        raise GiteaRefused("gitea_owner_missing", "make the organisation at Gitea, or correct GITEA_PRODUCT_OWNER")
    if not _flag(me, "is_admin"):
        raise GiteaRefused("gitea_forbidden", "the owner is another user: only a site admin may publish there")
    return Owner(_text(user, "login"), OwnerKind.OTHER_USER)


@step(retries=0)  # the request repeats itself
def find_repository(owner: Owner, name: str) -> Repository | None:
    """The repository as Gitea sees it; None if there is none. One that moved to another owner is refused."""
    return _find(owner, name)


@step(retries=0)  # given once; a lost answer is looked up before anything is given again
def ensure_repository(owner: Owner, name: str, *, private: bool) -> Ensured:
    """The repository in exactly this namespace: the one that is there, or a new and empty one.

    Refuses one that is public when a private one is asked for. Safe to repeat.
    """
    there, created = _find(owner, name), False
    if there is None:
        there, created = _made(owner, name, private)
    if private and not there.private:
        raise GiteaRefused("gitea_repository_public", "make the repository private at Gitea, or publish without it")
    return Ensured(there, created)


@step(retries=0)  # the request repeats itself
def read_head(repository: Repository, branch: str) -> str | None:
    """The commit a branch is at, by the part of the API that does not lag behind a push; None if there is none."""
    answer = get("repos", repository.owner, repository.name, "git", "refs", "heads", *branch.split("/"))
    if not _found(answer):
        return None
    refs = answer.data if isinstance(answer.data, list) else [answer.data]  # one exact hit comes alone
    heads = (Answer(200, ref) for ref in refs)
    return next(
        (_text(head, "object", "sha") for head in heads if _text(head, "ref") == f"refs/heads/{branch}"), None
    )


def _find(owner: Owner, name: str) -> Repository | None:
    answer = get("repos", owner.name, name)
    if not _found(answer):
        return None
    repository = _repository(answer, name)
    if repository.owner.lower() != owner.name.lower():
        raise GiteaRefused("gitea_repository_moved", "Gitea leads on to another owner: rename one of the two there")
    if repository.renamed_from:
        log.warning("a repository was renamed at Gitea; it is known by its new name from here on")
    return repository


def _made(owner: Owner, name: str, private: bool) -> tuple[Repository, bool]:
    try:
        created = _created(owner, name, private)
    except GiteaUnreachable:  # it may have been made, and only the answer was lost
        if there := _find(owner, name):
            return there, False
        raise
    if created is None and (there := _find(owner, name)):
        return there, False
    if created is None:
        raise GiteaRefused("gitea_forbidden", "the name is taken by a repository that this login may not see")
    return created, True


def _created(owner: Owner, name: str, private: bool) -> Repository | None:
    """The new repository; None if the name is taken: somebody else was quicker."""
    answer = post(*_place(owner), body={"name": name, "private": private, "auto_init": False})
    match answer.status:
        case 201:
            return _repository(answer, name)
        case 409:
            return None
        case 404:
            raise GiteaRefused("gitea_owner_missing", "the owner vanished from Gitea: correct GITEA_PRODUCT_OWNER")
        case _:
            raise fault_for(answer.status, answer.message)


def _place(owner: Owner) -> tuple[str, ...]:
    match owner.kind:
        case OwnerKind.ORG:
            return "orgs", owner.name, "repos"
        case OwnerKind.USER:
            return "user", "repos"
        case OwnerKind.OTHER_USER:
            return "admin", "users", owner.name, "repos"


def _repository(answer: Answer, asked: str) -> Repository:
    name = _text(answer, "name")
    return Repository(
        owner=_text(answer, "owner", "login"),
        name=name,
        private=_flag(answer, "private"),
        archived=_flag(answer, "archived"),
        mirror=_flag(answer, "mirror"),
        empty=_flag(answer, "empty"),
        default_branch=_text(answer, "default_branch"),
        can_push=_flag(answer, "permissions", "push"),
        renamed_from=asked if answer.moved and name.lower() != asked.lower() else None,
    )


def _found(answer: Answer) -> bool:
    if answer.status == 404:
        return False
    _must(answer, 200)
    return True


def _must(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise fault_for(answer.status, answer.message)
    return answer


def _text(answer: Answer, *path: str) -> str:
    value = _value(answer, path)
    return value if isinstance(value, str) else _unknown()


def _flag(answer: Answer, *path: str) -> bool:
    value = _value(answer, path)
    return value if isinstance(value, bool) else _unknown()


def _value(answer: Answer, path: tuple[str, ...]) -> object:
    value = answer.data
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else _unknown()
    return value


def _unknown() -> NoReturn:
    raise GiteaRefused("gitea_answer_unknown", "GITEA_URL leads to something that does not answer as Gitea does")
