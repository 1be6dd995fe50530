"""The stand-in is held to what was recorded from a real Gitea 1.21; a difference is a bug of the stand-in."""

import base64
from typing import Any

import pytest

from tests.gitea.fixtures import BOSS, PASSWORD

NOTHING_TO_SEE = "The target couldn't be found."


def test_json_answers_have_gitea_s_headers_and_end_with_a_line(gitea):
    answer = gitea.api("GET", "version", login=None)
    assert answer.status_code == 200
    assert answer.json()["version"].startswith("1.21.0")
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.headers["cache-control"].endswith("no-transform")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "server" not in answer.headers
    assert answer.content.endswith(b"\n")


def test_an_error_is_a_message_and_a_url_and_not_found_has_errors_too(gitea):
    refused = gitea.api("POST", "orgs", json={"username": gitea.owner})
    assert (refused.status_code, refused.json()) == (
        422,
        {"message": f"user already exists [name: {gitea.owner}]", "url": f"{gitea.url}/api/swagger"},
    )
    absent = gitea.api("GET", f"repos/{gitea.owner}/nothing")
    assert absent.json() == {"errors": None, "message": NOTHING_TO_SEE, "url": f"{gitea.url}/api/swagger"}


def test_unknown_paths_wrong_methods_and_trailing_slashes(gitea, repo):
    unknown = gitea.api("GET", "no/such/place")
    assert (unknown.status_code, unknown.text) == (404, "404 page not found\n")
    assert unknown.headers["content-type"].startswith("text/plain")
    head = gitea.api("HEAD", repo)
    assert (head.status_code, head.content) == (405, b"")
    assert "GET" in head.headers["allow"]
    assert gitea.api("GET", f"{repo}/").status_code == 200
    made = gitea.api("POST", f"orgs/{gitea.owner}/repos/", json={"name": "slash"})
    assert made.status_code == 201


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b'{"name":"x"}', None, "[]: Empty Content-Type"),
        (b"bad", "application/json", "[]: invalid character 'b' looking for beginning of value"),
        (
            b'{"name":1}',
            "application/json",
            "[]: json: cannot unmarshal number into Go struct field CreateRepoOption.Name of type string",
        ),
    ],
)
def test_a_body_that_is_none_says_why(gitea, body, kind, message):
    headers = {"Content-Type": kind} if kind else {}
    answer = gitea.api("POST", f"orgs/{gitea.owner}/repos", content=body, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (422, message)


def test_a_form_and_unknown_fields_are_taken(gitea):
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", data={"name": "form"}).status_code == 201
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "more", "colour": 3}).status_code == 201


def test_lists_come_in_pages_of_at_most_fifty_and_an_empty_branch_list_is_null(gitea, repo):
    for number in range(54):
        gitea.world.add_repo(gitea.owner, f"r{number}")
    answer = gitea.api("GET", f"orgs/{gitea.owner}/repos?limit=100")
    assert len(answer.json()) == 50
    assert answer.headers["x-total-count"] == "55"
    assert 'rel="next"' in answer.headers["link"]
    assert len(gitea.api("GET", f"orgs/{gitea.owner}/repos").json()) == 30
    assert gitea.api("GET", f"{repo}/branches").json() is None
    assert gitea.api("GET", f"{repo}/tags").json() == []
    assert gitea.api("GET", f"{repo}/git/refs").status_code == 404
    empty = gitea.api("GET", f"{repo}/commits")
    assert (empty.status_code, empty.json()["message"]) == (409, "Git Repository is empty.")


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ((BOSS, "wrong"), "user's password is invalid [uid: {uid}, name: boss]"),
        (("nobody-here", "x"), "user does not exist [uid: 0, name: nobody-here, keyid: 0]"),
    ],
)
def test_a_wrong_login_is_refused_even_where_none_is_needed(gitea, login, message):
    answer = gitea.api("GET", "version", login=login)
    assert (answer.status_code, answer.json()["message"]) == (401, message.format(uid=gitea.world.users[BOSS].id))
    assert "www-authenticate" not in answer.headers


def test_five_ways_of_a_token_and_what_garbage_gets(gitea):
    token = gitea.token("all")
    ways: list[dict[str, Any]] = [
        {"login": (BOSS, token)},
        {"login": (token, "x-oauth-basic")},
        {"login": None, "headers": {"Authorization": f"token {token}"}},
        {"login": None, "headers": {"Authorization": f"Bearer {token}"}},
        {"login": None, "params": {"token": token}},
        {"login": None, "params": {"access_token": token}},
    ]
    assert [gitea.api("GET", "user", **way).json()["login"] for way in ways] == [BOSS] * 6
    for scheme in ("token", "Bearer"):
        answer = gitea.api("GET", "version", login=None, headers={"Authorization": f"{scheme} garbage"})
        assert (answer.status_code, answer.json()["message"]) == (
            401,
            "user does not exist [uid: 0, name: , keyid: 0]",
        )
    nobody = gitea.api("GET", "user", login=None)
    assert (nobody.status_code, nobody.json()["message"]) == (401, "token is required")


def test_a_token_needs_the_scope_of_the_place(gitea):
    def make(where: str, name: str, *scopes: str) -> Any:
        return gitea.api("POST", where, login=(BOSS, gitea.token(*scopes)), json={"name": name})

    org = f"orgs/{gitea.owner}/repos"
    refused = make(org, "a", "write:repository")
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        "token does not have at least one of required scope(s): [write:organization]"
    )
    assert make(org, "a", "write:organization").status_code == 201
    assert make("user/repos", f"{gitea.owner}-u", "write:repository").status_code == 403
    assert make("user/repos", f"{gitea.owner}-u", "write:user").status_code == 201
    edit = gitea.api("PATCH", f"repos/{gitea.owner}/a", login=(BOSS, gitea.token("read:repository")), json={})
    assert edit.status_code == 403


def test_tokens_are_made_with_a_password_only(gitea):
    body = {"name": f"t-{gitea.owner}", "scopes": ["read:user"]}
    made = gitea.api("POST", f"users/{BOSS}/tokens", json=body)
    assert (made.status_code, made.json()["scopes"]) == (201, None)
    assert made.json()["sha1"].endswith(made.json()["token_last_eight"])
    again = gitea.api("POST", f"users/{BOSS}/tokens", json=body)
    assert (again.status_code, again.json()["message"]) == (400, "access token name has been used already")
    by_token = gitea.api("POST", f"users/{BOSS}/tokens", login=(BOSS, made.json()["sha1"]), json=body)
    assert (by_token.status_code, by_token.json()["message"]) == (401, "auth required")
    odd = gitea.api("POST", f"users/{BOSS}/tokens", json={"name": "odd", "scopes": ["fly"]})
    assert odd.json()["message"] == "invalid access token scope provided: invalid access token scope: fly"


def test_organisations_exist_are_missing_or_are_refused(gitea):
    def make(name: str | None) -> tuple[int, str]:
        answer = gitea.api("POST", "orgs", json={"username": name} if name is not None else {})
        return answer.status_code, answer.json()["message"]

    assert make(BOSS) == (422, "user already exists [name: boss]")
    assert make("a b") == (422, "[UserName]: invalid username")
    assert make("api") == (422, "name is reserved [name: api]")
    assert make(None) == (422, "[UserName]: Required")
    for name in ("missing", BOSS):
        absent = gitea.api("GET", f"orgs/{name}")
        assert (absent.status_code, absent.json()["message"]) == (404, "GetOrgByName")
        assert absent.json()["errors"] == [f"user redirect does not exist [name: {name}]"]
    assert gitea.api("GET", f"users/{gitea.owner}").status_code == 200
    assert "errors" not in gitea.api("GET", "users/missing").json()
    gitea.world.add_repo(gitea.owner, "x")
    full = gitea.api("DELETE", f"orgs/{gitea.owner}")
    assert full.status_code == 500
    assert full.json()["message"].startswith("user still has ownership of repositories [uid: ")


def test_a_password_counts_byte_by_byte(gitea):
    wrong = base64.b64encode(f"{BOSS}:{PASSWORD.replace('@', '%40')}".encode()).decode()
    assert gitea.api("GET", "user").status_code == 200
    answer = gitea.api("GET", "user", login=None, headers={"Authorization": f"Basic {wrong}"})
    assert answer.status_code == 401
