"""Publishing to a Gitea that answers as a real one does, with real git (runbook 003, Product Repo Publishing)."""

import json
import subprocess

import pytest

from flows.publishing.product_publish import product_publish
from tasks.rules.outcome import Status
from tasks.rules.publishing.registry import FILE
from tests.by_hand import outcomes_of
from tests.gitea.fixtures import commit_files, git
from tests.publishing_monorepo import SECRET, everything_in, history, results, run_publish, run_status

GITEA = ("GITEA_URL", "GITEA_ADMIN_USER", "GITEA_ADMIN_PASSWORD", "GITEA_PRODUCT_OWNER")


def registry_of(monorepo):
    return {row["project_name"]: row for row in json.loads((monorepo / FILE).read_text("utf-8"))["projects"]}


def subtree_split(monorepo, prefix):
    done = subprocess.run(
        ["git", "subtree", "split", f"--prefix={prefix}"], cwd=monorepo, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.row("P003-100", "P003-102", "P003-104", "P003-118", "P003-120")
def test_every_project_is_created_pushed_verified_and_remembered(gitea, monorepo):
    said = run_publish(monorepo, execute=True, verify_parity=True, private=True, force=True)
    ended = results(said)
    assert [(one.status, one.fields["parity"]) for one in ended.values()] == [(Status.OK, "verified")] * 2
    assert said[-1].line.endswith(
        " branch=main projects=2 create=2 push=2 unchanged=0 refused=0 failed=0 loses=0 verified=2 left_out=0"
    )
    for name in ("alpha", "beta"):
        sha = subtree_split(monorepo, f"product/{name}")
        assert gitea.repo(name).branches() == {"main": sha}
        assert gitea.repo(name).private
        row = registry_of(monorepo)[name]
        assert (row["last_published_sha"], row["last_remote_sha"], row["parity_verified"]) == (sha, sha, True)
        assert row["repo"] == f"{gitea.owner}/{name}"


@pytest.mark.row("P003-117", "W003-101")
def test_the_monorepo_keeps_its_branches_and_files_and_nothing_else_of_it_is_published(gitea, monorepo):
    before = git(monorepo, "for-each-ref"), git(monorepo, "status", "--porcelain", "--ignored=no")
    run_publish(monorepo, execute=True)
    assert (git(monorepo, "for-each-ref"), git(monorepo, "status", "--porcelain", "--ignored=no")) == before
    assert not set(history(monorepo, "HEAD")) & set(gitea.repo("alpha").git("rev-list", "--all").split())
    objects = gitea.repo("alpha").git("cat-file", "--batch-all-objects", "--batch")
    assert SECRET not in objects


@pytest.mark.row("W003-101")
def test_a_folder_that_came_back_brings_no_commit_of_the_monorepo_along(gitea, monorepo):
    git(monorepo, "rm", "-rq", "product/beta")
    git(monorepo, "commit", "-qm", "gone")
    commit_files(monorepo, "back", product__beta__b="2")
    one = results(run_publish(monorepo, execute=True, verify_parity=True))["beta"]
    assert (one.status, one.fields["history"]) == (Status.OK, "gap_skipped")
    assert not set(history(monorepo, "HEAD")) & set(gitea.repo("beta").git("rev-list", "--all").split())


@pytest.mark.row("P003-103")
def test_a_dry_run_needs_no_credentials_and_writes_nothing_anywhere(gitea, monorepo, monkeypatch):
    for name in (*GITEA, "WATCHKEEPER_DSN"):
        monkeypatch.delenv(name)
    before = everything_in(monorepo)
    said = run_publish(monorepo)
    assert [one.fields["action"] for one in results(said).values()] == ["not_asked"] * 2
    assert results(said)["alpha"].fields["commit"] == subtree_split(monorepo, "product/alpha")
    assert (said[-1].status, said[-1].fields["not_asked"], said[-1].exit_code) == (Status.PLANNED, 2, 0)
    assert {path: data for path, data in everything_in(monorepo).items() if path in before} == before
    assert not (monorepo / ".orket").exists()
    assert not (monorepo / ".git" / "watchkeeper").exists()
    assert gitea.seen == []


@pytest.mark.row("P003-103")
def test_a_dry_run_with_credentials_says_what_the_remote_has_and_changes_nothing_there(gitea, monorepo):
    before = everything_in(monorepo)
    said = run_publish(monorepo)
    assert [(one.fields["action"], one.fields["remote"]) for one in results(said).values()] == [
        ("create", "absent")
    ] * 2
    assert everything_in(monorepo) == before
    assert gitea.api("GET", f"orgs/{gitea.owner}/repos").json() == []
    assert {one.method for one in gitea.seen} == {"GET"}


@pytest.mark.row("W003-112", "P003-122")
def test_what_is_unchanged_is_not_pushed_again_and_stays_verified(gitea, monorepo):
    run_publish(monorepo, execute=True, verify_parity=True)
    before = registry_of(monorepo)
    gitea.seen.clear()
    said = run_publish(monorepo, execute=True)
    assert [(one.fields["action"], one.fields["parity"]) for one in results(said).values()] == [
        ("unchanged", "kept")
    ] * 2
    assert not [one for one in gitea.seen if "git-receive-pack" in one.path or one.method == "POST"]
    assert registry_of(monorepo) == before


def test_only_what_changed_is_pushed(gitea, monorepo):
    run_publish(monorepo, execute=True)
    commit_files(monorepo, "third", product__beta__b="3")
    said = run_publish(monorepo, execute=True)
    assert {name: one.fields["action"] for name, one in results(said).items()} == {
        "alpha": "unchanged",
        "beta": "push",
    }
    assert gitea.repo("beta").branches()["main"] == subtree_split(monorepo, "product/beta")


@pytest.fixture
def diverged(gitea, monorepo):
    """alpha has one commit at the remote that nobody here has; returns it."""
    run_publish(monorepo, execute=True)
    worker = gitea.repo("alpha")
    base = worker.branches()["main"]
    tree = worker.git("rev-parse", f"{base}^{{tree}}").strip()
    foreign = git(worker.path, "commit-tree", tree, "-p", base, "-m", "foreign")
    worker.git("update-ref", "refs/heads/main", foreign)
    commit_files(monorepo, "third", product__alpha__a="3")
    return foreign


@pytest.mark.row("P003-108", "W003-111")
def test_commits_of_others_stop_the_push_and_are_counted_in_a_dry_run_and_in_a_run(gitea, monorepo, diverged):
    for execute in (False, True):
        said = run_publish(monorepo, execute=execute)
        one = results(said)["alpha"]
        assert (one.reason, one.fields["action"], one.fields["loses"]) == ("push_diverged", "refuse", 1)
        assert results(said)["beta"].reason is None
        assert said[-1].reason == ("not_published" if execute else "would_not_publish")
    assert gitea.repo("alpha").branches()["main"] == diverged


@pytest.mark.row("P003-108")
def test_force_pushes_over_exactly_the_commits_that_the_plan_counted(gitea, monorepo, diverged):
    said = run_publish(monorepo, execute=True, force=True, verify_parity=True)
    assert (said[-1].status, said[-1].fields["loses"]) == (Status.OK, 1)
    assert gitea.repo("alpha").branches()["main"] == subtree_split(monorepo, "product/alpha")


@pytest.mark.row("W003-112")
def test_a_protected_branch_is_said_and_the_others_are_published(gitea, monorepo):
    run_publish(monorepo, execute=True)
    gitea.repo("alpha").protections["main"] = False
    commit_files(monorepo, "third", product__alpha__a="3", product__beta__b="3")
    said = run_publish(monorepo, execute=True)
    assert results(said)["alpha"].reason == "push_protected"
    assert results(said)["beta"].status is Status.OK
    assert said[-1].line.endswith(
        "projects=2 create=0 push=1 unchanged=0 refused=0 failed=1 loses=0 verified=0 left_out=0"
    )


@pytest.mark.row("P003-101")
def test_with_no_create_a_missing_repository_is_refused_and_not_made(gitea, monorepo):
    gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "beta", "private": True})
    said = run_publish(monorepo, execute=True, no_create=True)
    assert results(said)["alpha"].reason == "gitea_repository_missing"
    assert results(said)["beta"].status is Status.OK
    assert gitea.world.repo(gitea.owner, "alpha") is None


@pytest.mark.row("W003-104")
def test_an_owner_that_is_missing_ends_the_run_before_anything_is_created_anywhere(gitea, monorepo, monkeypatch):
    monkeypatch.setenv("GITEA_PRODUCT_OWNER", "nobody-here")
    before = {repo.full_name for repo in gitea.world.repos.values()}
    assert run_publish(monorepo, execute=True)[-1].reason == "gitea_owner_missing"
    assert {repo.full_name for repo in gitea.world.repos.values()} == before


@pytest.mark.row("P003-107", "W003-105")
def test_a_public_repository_is_refused_with_private_and_left_as_it_is_without(gitea, monorepo):
    gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "alpha", "private": False})
    said = run_publish(monorepo, execute=True, private=True)
    assert results(said)["alpha"].reason == "gitea_repository_public"
    assert gitea.repo("alpha").branches() == {}
    assert run_publish(monorepo, execute=True)[-1].status is Status.OK
    assert not gitea.repo("alpha").private
    assert gitea.repo("beta").private


@pytest.mark.row("P003-107")
def test_a_new_repository_is_public_only_when_that_was_said(gitea, monorepo):
    run_publish(monorepo, execute=True, private=False, projects=["alpha"])
    run_publish(monorepo, execute=True)
    assert (gitea.repo("alpha").private, gitea.repo("beta").private) == (False, True)


@pytest.mark.row("P003-105")
def test_only_the_projects_that_were_named_are_published(gitea, monorepo):
    assert run_publish(monorepo, execute=True, projects=["beta"])[-1].fields["projects"] == 1
    assert gitea.world.repo(gitea.owner, "alpha") is None


@pytest.mark.row("W003-108")
def test_a_name_that_is_no_folder_ends_the_run_and_is_named(gitea, monorepo):
    last = run_publish(monorepo, execute=True, projects=["alpha", "betta", "gam ma"])[-1]
    assert (last.reason, last.fields["unknown"]) == ("unknown_project", ("betta", "gam%20ma"))
    assert gitea.world.repo(gitea.owner, "alpha") is None


@pytest.mark.row("P003-109", "P003-111", "P003-113")
def test_source_branch_and_prefix_come_from_the_flags_or_else_from_the_variables(gitea, monorepo, monkeypatch):
    commit_files(monorepo, "more", bin__projects__gamma__g="1")
    monkeypatch.setenv("PRODUCT_PUBLISH_SOURCE_DIR", "bin/projects")
    monkeypatch.setenv("PRODUCT_PUBLISH_TARGET_BRANCH", "stable")
    monkeypatch.setenv("PRODUCT_PUBLISH_REPO_PREFIX", "p-")
    monkeypatch.setenv("PRODUCT_PUBLISH_REPO_ROOT", str(monorepo))
    assert outcomes_of(product_publish, execute=True)[-1].status is Status.OK
    assert gitea.repo("p-gamma").branches().keys() == {"stable"}
    run_publish(monorepo, execute=True, source_dir="product", branch="next", repo_prefix="", projects=["alpha"])
    assert gitea.repo("alpha").branches().keys() == {"next"}


def test_a_linked_work_tree_and_a_folder_inside_one_are_published_as_well(gitea, monorepo, tmp_path):
    git(monorepo, "worktree", "add", "-q", "-b", "next", str(tmp_path / "linked"))
    commit_files(tmp_path / "linked", "linked", product__alpha__a="linked")
    said = run_publish(tmp_path / "linked" / "product", execute=True, verify_parity=True, delete_local=True)
    assert (said[-1].status, said[-1].fields["branch"], said[-1].fields["deleted"]) == (Status.OK, "next", 2)
    assert gitea.repo("alpha").git("show", "next:a") == "linked"
    assert (tmp_path / "linked" / FILE).is_file()
    assert git(tmp_path / "linked", "status", "--porcelain") == ""
    assert (monorepo / "product" / "alpha" / "a").read_text() == "2"


@pytest.mark.row("P003-109", "D003-110")
def test_a_detached_head_is_refused_unless_the_branch_is_named(gitea, monorepo):
    git(monorepo, "checkout", "-q", "--detach")
    assert run_publish(monorepo, execute=True)[-1].reason == "detached_head"
    assert run_publish(monorepo, execute=True, branch="main")[-1].status is Status.OK


@pytest.mark.row("P003-112")
def test_all_missing_variables_are_named_by_an_execute(gitea, monorepo, monkeypatch):
    monkeypatch.delenv("GITEA_PRODUCT_OWNER")
    monkeypatch.delenv("GITEA_ADMIN_PASSWORD")
    last = run_publish(monorepo, execute=True)[-1]
    assert (last.status, last.reason) == (Status.FAIL, "missing_env")
    assert last.fields["env"] == ("GITEA_ADMIN_PASSWORD", "GITEA_PRODUCT_OWNER")


def test_a_wrong_password_ends_the_run_with_its_reason_and_nothing_is_done(gitea, monorepo, monkeypatch):
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", "wrong")
    said = run_publish(monorepo, execute=True)
    assert [one.reason for one in said] == ["gitea_unauthorised"]


@pytest.mark.row("W003-109")
def test_one_project_that_fails_stops_no_other_and_has_its_own_line(gitea, monorepo):
    gitea.trouble(f"{gitea.owner}/alpha.git/git-receive-pack", times=9, status=500)
    said = run_publish(monorepo, execute=True, verify_parity=True)
    assert results(said)["alpha"].reason == "gitea_server_error"
    assert results(said)["beta"].fields["parity"] == "verified"
    assert (said[-1].reason, said[-1].fields["failed"]) == ("not_published", 1)
    assert set(registry_of(monorepo)) == {"beta"}
    gitea.server.troubles.clear()
    assert run_publish(monorepo, execute=True, verify_parity=True)[-1].fields["verified"] == 2


@pytest.mark.row("P003-119")
def test_the_status_says_what_is_published_where_since_when_and_in_parity_or_not(gitea, monorepo, monkeypatch):
    assert run_status(monorepo)[-1].reason == "nothing_published"
    run_publish(monorepo, execute=True, verify_parity=True)
    said = run_status(monorepo)
    one = results(said)["alpha"]
    assert (one.fields["repository"], one.fields["branch"]) == (f"{gitea.owner}/alpha", "main")
    assert (one.fields["parity"], one.fields["local"]) == ("yes", "here")
    assert (said[-1].status, said[-1].fields["in_parity"]) == (Status.OK, 2)
    gitea.api("DELETE", f"repos/{gitea.owner}/beta")
    said = run_status(monorepo)
    assert results(said)["beta"].fields["parity"] == "remote_missing"
    assert said[-1].reason == "parity_lost"
    for name in GITEA:
        monkeypatch.delenv(name)
    said = run_status(monorepo)
    assert (said[-1].reason, said[-1].fields["unknown"]) == ("parity_unknown", 2)


def test_a_login_that_is_taken_no_more_is_not_tried_for_the_rest(gitea, monorepo):
    commit_files(monorepo, "more", **{f"product__p{number:02}__f": "1" for number in range(12)})
    gitea.trouble("git-receive-pack", times=99, status=401)
    said = run_publish(monorepo, execute=True)
    assert {one.reason for one in results(said).values()} == {"gitea_unauthorised"}
    assert said[-1].fields["failed"] == 14
    assert len([one for one in gitea.seen if one.method == "POST" and one.path.endswith("/repos")]) < 14
