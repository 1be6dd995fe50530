"""Repositories at the stand-in: names, making, editing, moving; as recorded from a real Gitea 1.21."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.gitea.asking import info_refs, push
from tests.gitea.fixtures import BOSS

NOTHING_TO_SEE = "The target couldn't be found."


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
