"""The routes about the server, users, tokens and organisations."""

from tests.gitea.asked import Asked
from tests.gitea.names import check_owner_name
from tests.gitea.replies import NO_CONTENT, Refusal, Reply, as_json, missing, page
from tests.gitea.shapes import org_json, repo_json, user_json
from tests.gitea.world import CATEGORIES, Org

VERSION = "1.21.0-rc1"


def version(asked: Asked) -> Reply:
    return as_json(200, {"version": VERSION})


def api_settings(asked: Asked) -> Reply:
    return as_json(200, {"max_response_items": 50, "default_paging_num": 30})


def me(asked: Asked) -> Reply:
    asked.must_log_in("read", "user")
    assert asked.login.user
    return as_json(200, user_json(asked.world, asked.login.user))


def user(asked: Asked) -> Reply:
    asked.must_have_scope("read", "user")
    name = asked.parts[0].lower()
    found = asked.world.users.get(name) or asked.world.orgs.get(name)
    if found is None:
        raise Refusal(404, f"user redirect does not exist [name: {asked.parts[0]}]")
    return as_json(200, user_json(asked.world, found))


def make_token(asked: Asked) -> Reply:
    if asked.login.user is None or asked.login.token:
        raise Refusal(401, "auth required")
    given = asked.fields("CreateAccessTokenOption", name=str, scopes=list)
    scopes, name = [str(scope) for scope in given.get("scopes", [])], str(given.get("name", ""))  # type: ignore[attr-defined]
    known = {"all", *(f"{level}:{category}" for level in ("read", "write") for category in CATEGORIES)}
    for scope in scopes:
        if scope not in known:
            raise Refusal(400, f"invalid access token scope provided: invalid access token scope: {scope}")
    if any(token.name == name and token.user is asked.login.user for token in asked.world.tokens):
        raise Refusal(400, "access token name has been used already")
    text = asked.world.add_token(asked.login.user.name, *scopes, name=name)
    said = {
        "id": asked.world.tokens[-1].id,
        "name": name,
        "sha1": text,
        "token_last_eight": text[-8:],
        "scopes": None,
    }
    return as_json(201, said)


def make_org(asked: Asked) -> Reply:
    asked.must_log_in("write", "organization")
    given = asked.fields("CreateOrgOption", username=str)
    name = check_owner_name(given.get("username"))
    if asked.world.owner_name(name):
        raise Refusal(422, f"user already exists [name: {name}]")
    assert asked.login.user
    return as_json(201, org_json(asked.world, asked.world.add_org(name, asked.login.user.name)))


def org(asked: Asked) -> Reply:
    asked.must_have_scope("read", "organization")
    return as_json(200, org_json(asked.world, org_named(asked)))


def delete_org(asked: Asked) -> Reply:
    asked.must_log_in("write", "organization")
    found = org_named(asked)
    if any(owner == found.name.lower() for owner, _ in asked.world.repos):
        is_admin = bool(asked.login.user and asked.login.user.is_admin)
        raise Refusal(500, f"user still has ownership of repositories [uid: {found.id}]" if is_admin else "")
    del asked.world.orgs[found.name.lower()]
    return NO_CONTENT


def org_repos(asked: Asked) -> Reply:
    asked.must_have_scope("read", "organization")
    return _repos_of(asked, org_named(asked).name)


def my_repos(asked: Asked) -> Reply:
    asked.must_log_in("read", "repository")
    assert asked.login.user
    return _repos_of(asked, asked.login.user.name)


def org_named(asked: Asked) -> Org:
    found = asked.world.orgs.get(asked.parts[0].lower())
    if found is None:
        raise missing("GetOrgByName", [f"user redirect does not exist [name: {asked.parts[0]}]"])
    return found


def _repos_of(asked: Asked, owner: str) -> Reply:
    world, who = asked.world, asked.login.user
    there = [repo for (name, _), repo in sorted(world.repos.items()) if name == owner.lower()]
    return page(
        [repo_json(world, repo, who) for repo in there if world.may("read", repo, who)], asked.query, asked.url
    )
