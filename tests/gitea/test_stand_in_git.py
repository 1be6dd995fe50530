"""git at the stand-in is held to what was recorded from a real Gitea 1.21; a difference is a bug of the stand-in."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.gitea.asking import info_refs, push
from tests.gitea.fixtures import BOSS, PASSWORD, commit_files, git


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
