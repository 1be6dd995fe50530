"""The stand-in is held to what was recorded from a real Gitea 1.21; a difference is a bug of the stand-in."""

import base64
import hashlib
import hmac
import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.gitea.fixtures import BOSS, CLIENT, PASSWORD, Gitea, commit_files, git
from tests.gitea.listener import webhook_listener
from tests.gitea.world import plain_git_environment

NOTHING_TO_SEE = "The target couldn't be found."


@pytest.fixture
def repo(gitea: Gitea) -> str:
    """The path of a fresh public repository `one`."""
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "one"}).status_code == 201
    return f"repos/{gitea.owner}/one"


@pytest.fixture
def mono(tmp_path):
    commit_files(tmp_path / "mono", a="1")
    return tmp_path / "mono"


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


def test_creating_a_repository_gives_the_whole_of_it(gitea):
    answer = gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "One", "private": True})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["full_name"], made["empty"], made["private"]) == (f"{gitea.owner}/One", True, True)
    assert made["permissions"] == {"admin": True, "push": True, "pull": True}
    assert made["clone_url"] == f"{gitea.url}/{gitea.owner}/One.git"
    again = gitea.api("POST", f"org/{gitea.owner}/repos", json={"name": "oNE"})
    assert (again.status_code, again.json()["message"]) == (
        409,
        "The repository with the same name already exists.",
    )


def test_of_six_at_once_one_makes_it(gitea):
    def make(_: int) -> Any:
        return gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "race"}).status_code

    with ThreadPoolExecutor(6) as at_once:
        assert sorted(at_once.map(make, range(6))) == [201, *[409] * 5]


def test_a_missing_organisation_is_404_and_a_stranger_403(gitea):
    for name in ("missing", BOSS):
        answer = gitea.api("POST", f"orgs/{name}/repos", json={"name": "x"})
        assert (answer.status_code, answer.json()["message"]) == (404, "GetOrgByName")
    gitea.world.add_user("guest", "pw")
    answer = gitea.api("POST", f"orgs/{gitea.owner}/repos", login=("guest", "pw"), json={"name": "x"})
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Given user is not allowed to create repository in organization.",
    )


@pytest.mark.parametrize("name", ["a b", "a/b", "a\\b", "a+b", "a~", "a@", "a:", "a%", "a\nb", "ä", " ", " lead"])
def test_a_name_with_other_signs_is_refused(gitea, name):
    answer = gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": name})
    assert (answer.status_code, answer.json()["message"]) == (422, "[Name]: AlphaDashDot")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a" * 101, "[Name]: MaxSize"),
        ("", "[Name]: Required"),
        (".", "name is reserved [name: .]"),
        ("..", "name is reserved [name: ..]"),
        ("-", "name is reserved [name: -]"),
        ("a.git", "name pattern is not allowed [pattern: *.git]"),
        ("a.WIKI", "name pattern is not allowed [pattern: *.wiki]"),
        ("a.rss", "name pattern is not allowed [pattern: *.rss]"),
        ("a.atom", "name pattern is not allowed [pattern: *.atom]"),
    ],
)
def test_a_name_of_a_refused_form_says_which(gitea, name, message):
    answer = gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": name})
    assert (answer.status_code, answer.json()["message"]) == (422, message)


@pytest.mark.parametrize(
    "name",
    ["-x", "--x", "x-", "...", "a..b", ".x", "x.", "_x", "x.lock", "x.keys", "x.png", "con", "user", "0", "a" * 100],
)
def test_odd_names_that_gitea_takes_are_taken(gitea, name):
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": name}).status_code == 201


def test_fields_have_their_own_limits(gitea, repo):
    org = f"orgs/{gitea.owner}/repos"
    long = gitea.api("POST", org, json={"name": "d", "description": "x" * 2049})
    assert (long.status_code, long.json()["message"]) == (422, "[Description]: MaxSize")
    assert gitea.api("PATCH", repo, json={"description": "x" * 2049}).status_code == 200
    branch = gitea.api("POST", org, json={"name": "d", "default_branch": "a..b"})
    assert (branch.status_code, branch.json()["message"]) == (422, "[DefaultBranch]: GitRefName")


def test_private_is_not_there_for_others(gitea):
    gitea.world.add_repo(gitea.owner, "secret", private=True)
    gitea.world.add_user("guest", "pw")
    for login in (None, ("guest", "pw")):
        answer = gitea.api("GET", f"repos/{gitea.owner}/secret", login=login)
        assert (answer.status_code, answer.json()["message"]) == (404, NOTHING_TO_SEE)
    nobody = gitea.api("GET", "repos/missing-owner/x")
    assert (nobody.status_code, nobody.json()["message"]) == (404, "GetUserByName")
    assert gitea.api("GET", f"repos/{gitea.owner}/secret.git").status_code == 404


def test_editing_renaming_and_deleting(gitea, repo):
    assert gitea.api("PATCH", repo, json={}).status_code == 200
    assert gitea.api("PATCH", repo, json={"default_branch": "nope"}).json()["default_branch"] == "main"
    gitea.world.add_repo(gitea.owner, "two")
    used = gitea.api("PATCH", repo, json={"name": "two"})
    assert used.json()["message"] == f"repository already exists [uname: {gitea.owner}, name: two]"
    bad = gitea.api("PATCH", repo, json={"name": "bad name"})
    assert bad.json()["message"].startswith("name is invalid [bad name]: must be valid alpha")
    gitea.world.add_user("guest", "pw")
    denied = gitea.api("PATCH", repo, login=("guest", "pw"), json={})
    assert denied.status_code == 403
    assert gitea.api("DELETE", repo, login=None).status_code == 401
    assert (
        gitea.api("DELETE", repo, login=("guest", "pw")).json()["message"] == "user should be the owner of the repo"
    )
    deleted = gitea.api("DELETE", repo)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert gitea.api("DELETE", repo).status_code == 404


def test_an_old_name_leads_to_the_new_one_by_api_and_by_git(gitea, repo, mono):
    assert gitea.api("PATCH", repo, json={"name": "Renamed"}).status_code == 200
    answer = gitea.api("GET", repo)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/api/v1/repos/{gitea.owner}/Renamed")
    over_git = info_refs(gitea, "upload-pack")
    assert over_git.status_code == 307
    assert over_git.headers["location"] == f"/{gitea.owner}/Renamed/info/refs?service=git-upload-pack"
    pushed = push(gitea, mono, "main")
    assert pushed.returncode == 0
    assert "warning: redirecting to" in pushed.stderr
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "one"}).status_code == 201
    assert gitea.api("GET", repo).status_code == 200


def test_topics_are_lowered_or_refused_without_a_url(gitea, repo):
    assert gitea.api("PUT", f"{repo}/topics", json={"topics": ["Prod"]}).status_code == 204
    wrong = gitea.api("PUT", f"{repo}/topics", json={"topics": ["a b"]})
    assert wrong.status_code == 422
    assert set(wrong.json()) == {"invalidTopics", "message"}


def test_a_description_keeps_its_lines_and_an_archived_repository_can_be_edited(gitea, repo):
    assert gitea.api("PATCH", repo, json={"archived": True}).json()["archived"] is True
    changed = gitea.api("PATCH", repo, json={"description": "one\n<b>two</b>", "website": "no url at all"})
    assert changed.json()["description"] == "one\n<b>two</b>"


def test_letter_case_is_no_matter_in_paths(gitea, repo, mono):
    assert gitea.api("GET", f"repos/{gitea.owner.upper()}/ONE").json()["name"] == "one"
    assert push(gitea, mono, "main", name="ONE").returncode == 0
    assert gitea.repo("one").branches()


def test_gitea_s_own_view_follows_a_push_later_and_git_at_once(gitea, repo, mono):
    gitea.world.lag_s = 1.0
    assert push(gitea, mono, "main").returncode == 0
    assert gitea.api("GET", repo).json()["empty"] is True
    assert gitea.api("GET", f"{repo}/branches").json() is None
    assert gitea.api("GET", f"{repo}/branches/main").status_code == 404
    head = git(mono, "rev-parse", "HEAD")
    assert gitea.api("GET", f"{repo}/git/refs/heads/main").json()["object"]["sha"] == head
    assert gitea.api("GET", f"{repo}/commits").json()[0]["sha"] == head
    time.sleep(1.1)
    assert gitea.api("GET", repo).json()["empty"] is False
    assert gitea.api("GET", f"{repo}/branches/main").json()["commit"]["id"] == head


def test_one_exact_ref_comes_alone_and_a_beginning_gives_a_list(gitea, repo, mono):
    push(gitea, mono, "main:refs/heads/main", "main:refs/heads/mainly")
    assert [ref["ref"] for ref in gitea.api("GET", f"{repo}/git/refs/heads/main").json()] == [
        "refs/heads/main",
        "refs/heads/mainly",
    ]
    assert gitea.api("GET", f"{repo}/git/refs/heads/mainly").json()["ref"] == "refs/heads/mainly"


def test_the_first_push_sets_the_default_branch(gitea, repo, mono):
    gitea.world.lag_s = 0.0
    git(mono, "tag", "v1")
    assert push(gitea, mono, "v1").returncode == 0
    assert gitea.api("GET", repo).json()["empty"] is True
    assert push(gitea, mono, "main:refs/heads/aaa", "main:refs/heads/zzz").returncode == 0
    assert gitea.api("GET", repo).json()["default_branch"] == "aaa"
    assert gitea.repo("one").git("symbolic-ref", "HEAD").strip() == "refs/heads/aaa"


def test_git_asks_for_a_login_only_where_none_was_sent(gitea, repo):
    gitea.world.add_repo(gitea.owner, "secret", private=True)
    gitea.world.add_user("guest", "pw")
    unauthorised = (401, "Unauthorized", 'Basic realm="Gitea"')

    def got(service: str, login=None, name: str = "one", owner: str | None = None):
        answer = info_refs(gitea, service, login, name, owner)
        text = answer.text.strip() if answer.headers["content-type"].startswith("text/plain") else ""
        return answer.status_code, text, answer.headers.get("www-authenticate")

    assert got("upload-pack")[0] == 200
    assert got("receive-pack") == unauthorised
    for service in ("upload-pack", "receive-pack"):
        assert got(service, (BOSS, "wrong")) == (401, "Verify", None)
        assert got(service, None, "secret") == unauthorised
        assert got(service, None, "missing") == unauthorised
        assert got(service, ("guest", "pw"), "secret") == (404, "Repository not found", None)
        assert got(service, (BOSS, PASSWORD), "x", "no-such-owner") == (404, "Not found.", None)
    assert got("upload-pack", (BOSS, PASSWORD), "missing") == (404, "Repository not found", None)
    refused = got("receive-pack", (BOSS, PASSWORD), "missing")
    assert refused == (403, "Push to create is not enabled for organizations.", None)
    assert got("receive-pack", (BOSS, PASSWORD), "m", BOSS)[1] == "Push to create is not enabled for users."
    assert got("receive-pack", ("guest", "pw"))[0] == 200
    assert got("receive-pack", (BOSS, gitea.token("read:repository")))[:2] == (403, "Forbidden")


def test_archived_and_mirrored_repositories_take_no_push(gitea, repo, mono):
    gitea.repo("one").archived = True
    answer = info_refs(gitea, "receive-pack", (BOSS, PASSWORD))
    assert answer.status_code == 403
    assert answer.text.startswith("This repo is archived. You can view files and clone it")
    pushed = push(gitea, mono, "main")
    assert pushed.returncode == 128
    assert "remote: This repo is archived." in pushed.stderr
    gitea.repo("one").archived, gitea.repo("one").mirror = False, True
    assert info_refs(gitea, "receive-pack", (BOSS, PASSWORD)).text == "mirror repository is read-only\n"


def test_a_push_that_succeeds_talks_on_stderr(gitea, repo, mono):
    first = push(gitea, mono, "main")
    assert "remote: . Processing 1 references" in first.stderr
    assert "remote: Processed 1 references in total" in first.stderr
    second = push(gitea, mono, "main:refs/heads/x")
    assert second.returncode == 0
    assert "remote: Create a new pull request for 'x':" in second.stderr
    assert push(gitea, mono, "main").returncode == 0


def test_who_may_not_write_is_told_by_the_hook_and_only_when_there_is_something_to_write(gitea, repo, mono):
    push(gitea, mono, "main")
    gitea.world.add_user("guest", "pw")
    token = gitea.token("all", user="guest")
    nothing = push(gitea, mono, "main", token=token)
    assert nothing.returncode == 0
    commit_files(mono, b="2")
    denied = push(gitea, mono, "main", "main:refs/heads/other", token=token)
    assert denied.returncode == 1
    assert "remote: Gitea: User permission denied for writing." in denied.stderr
    assert denied.stdout.count("[remote rejected] (pre-receive hook declined)") == 2


def test_protected_branches_take_the_whole_push_with_them(gitea, repo, mono):
    push(gitea, mono, "main")
    protections = f"{repo}/branch_protections"
    rule = {"rule_name": "main", "enable_push": False}
    assert gitea.api("POST", protections, json=rule).status_code == 201
    again = gitea.api("POST", protections, json=rule)
    assert (again.status_code, again.json()["message"]) == (403, "Branch protection already exist")
    commit_files(mono, b="2")
    refused = push(gitea, mono, "main", "main:refs/heads/x")
    assert refused.returncode == 1
    assert "Gitea: Not allowed to push to protected branch main" in refused.stderr
    assert refused.stdout.count("(pre-receive hook declined)") == 2
    assert gitea.api("DELETE", f"{protections}/main").status_code == 204
    assert gitea.api("DELETE", f"{protections}/main").status_code == 404
    gitea.api("POST", protections, json=rule | {"enable_push": True})
    git(mono, "commit", "--amend", "--message", "other")
    assert push(gitea, mono, "main").returncode == 0
    git(mono, "commit", "--amend", "--message", "yet another")
    assert "Gitea: branch main is protected from force push" in push(gitea, mono, "+main").stderr


def test_the_default_branch_is_forced_but_not_deleted(gitea, repo, mono):
    push(gitea, mono, "main")
    git(mono, "commit", "--amend", "--message", "other")
    assert push(gitea, mono, "main").returncode == 1
    assert push(gitea, mono, "+main").returncode == 0
    deleted = push(gitea, mono, ":main")
    assert "Gitea: branch main is the default branch and cannot be deleted" in deleted.stderr


def test_refs_below_a_branch_and_first_pushes_at_once_cannot_be_locked(gitea, repo, mono):
    push(gitea, mono, "main")
    below = push(gitea, mono, "main:refs/heads/main/sub")
    assert below.returncode == 1
    assert "cannot lock ref 'refs/heads/main/sub': 'refs/heads/main' exists" in below.stderr
    assert "(failed to update ref)" in below.stdout


def test_partial_and_shallow_clones_and_odd_branches_work(gitea, repo, mono, tmp_path):
    push(gitea, mono, "main", "main:refs/heads/ä", f"main:refs/heads/{'b' * 200}", "main:refs/notes/x")
    address = gitea.git_url("one", None)
    git(tmp_path, "clone", "--quiet", "--depth=1", "--filter=blob:none", address, "shallow")
    assert (tmp_path / "shallow" / "a").read_text() == "1"
    assert {"main", "ä", "b" * 200} == set(gitea.repo("one").branches())


def _hook(gitea: Gitea, repo: str, url: str, *events: str, kind: str = "json", **config: str) -> httpx.Response:
    body = {"type": "gitea", "active": True, "events": list(events or ("push",))}
    return gitea.api("POST", f"{repo}/hooks", json=body | {"config": {"url": url, "content_type": kind, **config}})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"type": "nope", "config": {}}, "Invalid hook type: nope"),
        ({"type": "gitea", "config": {"content_type": "json"}}, "Missing config option: url"),
        ({"type": "gitea", "config": {"url": "x"}}, "Missing config option: content_type"),
    ],
)
def test_a_hook_that_lacks_something_is_refused(gitea, repo, body, message):
    answer = gitea.api("POST", f"{repo}/hooks", json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, message)


def test_a_hook_never_shows_its_secret_and_sorts_its_events(gitea, repo):
    made = _hook(gitea, repo, "no url at all", "push", "create", secret="hush")
    assert made.status_code == 201
    assert "hush" not in made.text
    where = f"{repo}/hooks/{made.json()['id']}"
    assert gitea.api("PATCH", where, json={"events": ["push", "create"]}).json()["events"] == ["create", "push"]
    assert gitea.api("DELETE", where).status_code == 204
    assert gitea.api("DELETE", where).status_code == 404
    gitea.world.add_user("guest", "pw")
    assert gitea.api("GET", f"{repo}/hooks", login=("guest", "pw")).status_code == 403


def test_a_push_is_announced_with_thirteen_headers_and_a_signature_over_the_body(gitea, repo, mono):
    for number in range(7):
        commit_files(mono, f"commit {number}", a=str(number))
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url, secret="hush")
        push(gitea, mono, "main")
        heard.wait_for(1)
    request = heard.requests[0]
    assert len([name for name in request.headers if name.startswith("x-")]) == 13
    assert request.headers["user-agent"] == "Go-http-client/1.1"
    signed = hmac.new(b"hush", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-gitea-signature"] == request.headers["x-gogs-signature"] == signed
    assert request.headers["x-hub-signature-256"] == f"sha256={signed}"
    payload = json.loads(request.body)
    assert request.body.startswith(b'{\n  "ref"')
    assert not request.body.endswith(b"\n")
    assert (len(payload["commits"]), payload["total_commits"]) == (5, 8)
    assert payload["commits"][0]["id"] == payload["after"] == git(mono, "rev-parse", "HEAD")
    assert payload["commits"][0]["message"] == "commit 6\n"
    assert payload["commits"][0]["modified"] == ["a"]


def test_without_a_secret_the_signatures_are_there_and_empty_and_a_form_signs_the_json(gitea, repo, mono):
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url)
        push(gitea, mono, "main")
        heard.wait_for(1)
        gitea.repo("one").hooks.clear()
        _hook(gitea, repo, heard.url, kind="form", secret="hush")
        commit_files(mono, b="2")
        push(gitea, mono, "main")
        heard.wait_for(2)
    plain, form = heard.requests
    assert plain.headers["x-gitea-signature"] == ""
    assert plain.headers["x-hub-signature"] == "sha1="
    assert plain.headers["x-hub-signature-256"] == "sha256="
    text = parse_qs(form.body.decode())["payload"][0].encode()
    assert form.headers["x-gitea-signature"] == hmac.new(b"hush", text, hashlib.sha256).hexdigest()


def test_each_ref_is_one_request_a_deletion_none_and_nothing_is_sent_twice(gitea, repo, mono):
    with webhook_listener() as heard:
        heard.status = 500
        _hook(gitea, repo, heard.url)
        push(gitea, mono, "main", *(f"main:refs/heads/b{number}" for number in range(3)))
        heard.wait_for(4)
        push(gitea, mono, ":b0")
        push(gitea, mono, "main")
        time.sleep(0.9)
    assert [json.loads(request.body)["ref"] for request in heard.requests] == [
        "refs/heads/main",
        "refs/heads/b0",
        "refs/heads/b1",
        "refs/heads/b2",
    ]
    beside = json.loads(heard.requests[1].body)
    assert (beside["before"], beside["commits"], beside["total_commits"]) == ("0" * 40, [], 0)
    assert beside["head_commit"]["id"] == beside["after"]


def test_tags_and_deletions_have_their_own_events(gitea, repo, mono):
    push(gitea, mono, "main", "main:refs/heads/br3")
    git(mono, "tag", "--annotate", "--message", "one", "v1")
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url, "push", "create", "delete")
        push(gitea, mono, "v1")
        push(gitea, mono, ":br3", ":v1")
        heard.wait_for(5)
    events = [(request.headers["x-gitea-event"], json.loads(request.body)) for request in heard.requests]
    assert [event for event, _ in events] == ["push", "create", "delete", "push", "delete"]
    tagged, created, gone, untagged, _ = (payload for _, payload in events)
    assert tagged["after"] == git(mono, "rev-parse", "v1") != tagged["head_commit"]["id"]
    assert (created["ref"], created["ref_type"]) == ("v1", "tag")
    assert (gone["ref"], gone["ref_type"], gone["pusher_type"]) == ("br3", "branch", "user")
    assert (untagged["after"], untagged["head_commit"]) == ("0" * 40, None)


def test_a_branch_filter_and_the_list_of_allowed_hosts_drop_without_a_word(gitea, repo, mono):
    with webhook_listener() as heard:
        hook = _hook(gitea, repo, heard.url).json()["id"]
        gitea.repo("one").hooks[0].branch_filter = "release/*"
        push(gitea, mono, "main")
        push(gitea, mono, "main:refs/heads/release/1")
        heard.wait_for(1)
        gitea.post.allows_loopback = False
        assert gitea.api("POST", f"{repo}/hooks/{hook}/tests").status_code == 204
        time.sleep(0.8)
    assert [json.loads(request.body)["ref"] for request in heard.requests] == ["refs/heads/release/1"]


def test_a_trial_of_a_hook_is_a_push_of_the_last_commit(gitea, repo, mono):
    push(gitea, mono, "main")
    with webhook_listener() as heard:
        hook = _hook(gitea, repo, heard.url).json()["id"]
        gitea.api("POST", f"{repo}/hooks/{hook}/tests")
        heard.wait_for(1)
    payload = json.loads(heard.requests[0].body)
    assert payload["before"] == payload["after"] == git(mono, "rev-parse", "HEAD")


def test_a_password_counts_byte_by_byte(gitea):
    wrong = base64.b64encode(f"{BOSS}:{PASSWORD.replace('@', '%40')}".encode()).decode()
    assert gitea.api("GET", "user").status_code == 200
    answer = gitea.api("GET", "user", login=None, headers={"Authorization": f"Basic {wrong}"})
    assert answer.status_code == 401


def test_four_first_pushes_of_one_branch_end_with_one_winner(gitea, repo, tmp_path):
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        commit_files(folder, message=folder.name)
    token, barrier = gitea.token("all"), threading.Barrier(4)

    def go(folder) -> Any:
        barrier.wait()
        return push(gitea, folder, "main", token=token).returncode

    with ThreadPoolExecutor(4) as at_once:
        assert sorted(at_once.map(go, folders)) == [0, 1, 1, 1]
