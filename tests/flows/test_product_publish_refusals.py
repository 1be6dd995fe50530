"""What publishing refuses, leaves alone or takes in its stride: bad input and races (runbook 003)."""

import threading
import time
from contextlib import contextmanager

import pytest

from tasks.publishing.registry import sole_publisher
from tasks.rules.outcome import Status
from tasks.rules.publishing.registry import FILE
from tests.gitea.fixtures import commit_files, git
from tests.publishing_monorepo import history, results, run_publish


@contextmanager
def meanwhile(trouble, act):
    """Do something while the run waits for the answer that the trouble delays."""

    def wait_and_act():
        deadline = time.monotonic() + 20
        while not trouble.met and time.monotonic() < deadline:
            time.sleep(0.01)
        act()

    other = threading.Thread(target=wait_and_act)
    other.start()
    yield
    other.join()
    assert trouble.met


@pytest.mark.row("D003-100", "P003-106")
def test_folders_of_odd_names_are_published_under_names_that_gitea_allows(gitea, monorepo):
    odd = [
        "price watch",
        "caf\u00e9 bar",
        "-dash",
        'say "hi"',
        "two\nlines",
        "back\\slash",
        ":(top)x",
    ]
    for name in odd:
        (monorepo / "product" / name).mkdir()
        (monorepo / "product" / name / "file").write_text(name)
    commit_files(monorepo, "odd")
    said = run_publish(monorepo, execute=True, verify_parity=True)
    assert said[-1].fields["verified"] == len(odd) + 2
    by_repository = {
        str(one.fields["repository"]).split("/")[1]: one.fields["named"] for one in results(said).values()
    }
    assert by_repository == {
        "alpha": "as_folder",
        "beta": "as_folder",
        "-dash": "as_folder",
        "price-watch": "changed",
        "caf-bar": "changed",
        "say-hi": "changed",
        "two-lines": "changed",
        "back-slash": "changed",
        "top-x": "changed",
    }
    assert gitea.repo("two-lines").git("show", "main:file") == "two\nlines"


@pytest.mark.row("D003-101", "W003-107")
def test_folders_without_a_name_of_their_own_are_refused_and_the_others_published(gitea, monorepo):
    commit_files(monorepo, "more", product__Alpha__x="1", product__gamma__g="1")
    (monorepo / "product" / "\u00e9").mkdir()
    commit_files(monorepo, "more", **{"product__\u00e9__x": "1"})
    said = run_publish(monorepo, execute=True, force=True)
    assert {name: one.reason for name, one in results(said).items()} == {
        "Alpha": "name_collision",
        "alpha": "name_collision",
        "beta": None,
        "gamma": None,
        "%C3%A9": "name_not_allowed",
    }
    assert gitea.world.repo(gitea.owner, "alpha") is None
    assert (said[-1].reason, said[-1].fields["refused"]) == ("not_published", 3)


@pytest.mark.row("W003-107")
def test_a_collision_is_seen_also_when_only_one_of_the_two_was_asked_for(gitea, monorepo):
    commit_files(monorepo, "more", product__Alpha__x="1")
    said = run_publish(monorepo, execute=True, projects=["alpha"])
    assert results(said)["alpha"].reason == "name_collision"


@pytest.mark.row("W003-107")
def test_a_folder_of_another_source_folder_cannot_take_a_published_repository(gitea, monorepo):
    run_publish(monorepo, execute=True)
    commit_files(monorepo, "more", bin__alpha__x="1")
    said = run_publish(monorepo, execute=True, force=True, source_dir="bin")
    assert results(said)["alpha"].reason == "name_collision"
    assert run_publish(monorepo, execute=True, source_dir="bin", repo_prefix="bin-")[-1].status is Status.OK


@pytest.mark.row("D003-102", "D003-103", "D003-104", "W003-109")
def test_links_and_empty_untracked_and_nested_folders_are_left_out_with_their_reason(gitea, monorepo, tmp_path):
    product = monorepo / "product"
    (product / "link").symlink_to("alpha")
    git(monorepo, "add", "product/link")
    git(monorepo, "commit", "-qm", "link")
    (product / "escaping").symlink_to(tmp_path)
    (product / "empty").mkdir()
    (product / "untracked").mkdir()
    (product / "untracked" / "file").write_text("1")
    git(tmp_path, "init", "-q", str(product / "nested"))
    said = run_publish(monorepo, execute=True, verify_parity=True)
    assert {name: (one.status, one.reason) for name, one in results(said).items()} == {
        "alpha": (Status.OK, None),
        "beta": (Status.OK, None),
        "link": (Status.SKIPPED, "symlink"),
        "escaping": (Status.SKIPPED, "symlink"),
        "empty": (Status.SKIPPED, "empty"),
        "untracked": (Status.SKIPPED, "untracked"),
        "nested": (Status.SKIPPED, "nested_repository"),
    }
    assert (said[-1].status, said[-1].fields["left_out"]) == (Status.OK, 5)


@pytest.mark.row("W003-110", "D003-108")
def test_a_source_folder_that_leads_elsewhere_is_refused(gitea, monorepo):
    sources = ["/etc", "../monorepo/product", "product/..", "product/../other", "nowhere", "other/secret"]
    reasons = {source: run_publish(monorepo, execute=True, source_dir=source)[-1].reason for source in sources}
    assert reasons == dict.fromkeys(sources, "invalid_source_dir") | dict.fromkeys(
        ("nowhere", "other/secret"), "source_dir_missing"
    )
    assert gitea.api("GET", f"orgs/{gitea.owner}/repos").json() == []


@pytest.mark.row("W003-112", "D003-109")
def test_a_shallow_clone_is_refused(gitea, monorepo, tmp_path):
    git(tmp_path, "clone", "-q", "--depth=1", monorepo.as_uri(), "shallow")
    assert run_publish(tmp_path / "shallow", execute=True)[-1].reason == "shallow_clone"


def test_what_cannot_be_published_to_or_from_is_refused(gitea, monorepo, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(monorepo), "bare.git")
    for options, reason in (
        ({"repo_prefix": "a b"}, "invalid_prefix"),
        ({"branch": "a..b"}, "invalid_branch"),
        ({"branch": "-x"}, "invalid_branch"),
        ({"repo_root": "/nowhere/at/all"}, "not_a_repository"),
        ({"repo_root": str(tmp_path / "bare.git")}, "no_work_tree"),
    ):
        assert run_publish(monorepo, **options)[-1].reason == reason


@pytest.mark.row("W003-130", "D003-120")
def test_an_invalid_registry_ends_the_run_before_anything_is_done(gitea, monorepo):
    (monorepo / ".orket").mkdir()
    (monorepo / FILE).write_text('{"version": 1, "projects": [{"parity_verified": "false"}]}')
    for execute in (False, True):
        last = run_publish(monorepo, execute=execute)[-1]
        assert last.reason == "registry_invalid"
        assert "1:wrong_parity_verified" in str(last.fields["problems"])
    assert gitea.api("GET", f"orgs/{gitea.owner}/repos").json() == []
    assert (monorepo / FILE).read_text().startswith('{"version": 1, "projects": [{"parity')


@pytest.mark.row("W003-113", "P003-116", "D003-122")
def test_a_second_publisher_is_refused_with_the_name_of_the_first(gitea, monorepo):
    with sole_publisher(monorepo, "project-cleanup"):
        last = run_publish(monorepo, execute=True)[-1]
        assert (last.reason, last.fields["held_by"]) == ("lock_held", "project-cleanup")
        assert run_publish(monorepo)[-1].status is Status.PLANNED
    assert run_publish(monorepo, execute=True)[-1].status is Status.OK


@pytest.mark.row("P003-114", "P003-115")
def test_a_deployment_publishes_only_when_switched_on_and_never_deletes(gitea, monorepo, monkeypatch):
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "2f0b3c1e-0000-4000-8000-000000000000")
    last = run_publish(monorepo, execute=True, verify_parity=True)[-1]
    assert (last.status, last.reason, last.exit_code) == (Status.SKIPPED, "publishing_disabled", 0)
    assert gitea.seen == []
    monkeypatch.setenv("ENABLE_PRODUCT_REPO_PUBLISH", "true")
    last = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)[-1]
    assert last.reason == "delete_local_in_deployment"
    assert run_publish(monorepo, execute=True, verify_parity=True)[-1].status is Status.OK


@pytest.mark.row("W003-112", "D003-111")
def test_a_head_that_moves_during_the_run_changes_nothing_of_it(gitea, monorepo):
    before = git(monorepo, "rev-parse", "HEAD")
    trouble = gitea.trouble("/api/v1/version", delay_s=0.7)
    with meanwhile(trouble, lambda: commit_files(monorepo, "third", product__alpha__a="3")):
        said = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)
    assert said[-1].fields["head"] == before
    assert gitea.repo("alpha").git("show", "main:a") == "2"
    assert {one.reason for one in results(said).values()} == {"head_moved"}
    assert (monorepo / "product" / "alpha" / "a").read_text() == "3"


@pytest.mark.row("P003-123")
def test_with_fetch_what_was_merged_is_published_wherever_the_checkout_stands(gitea, monorepo, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(monorepo), "upstream.git")
    git(monorepo, "remote", "add", "origin", str(tmp_path / "upstream.git"))
    assert run_publish(monorepo, execute=True, fetch=True)[-1].fields["head"] == git(monorepo, "rev-parse", "HEAD")
    git(monorepo, "fetch", "-q")
    git(monorepo, "branch", "-q", "--set-upstream-to=origin/main")
    git(tmp_path, "clone", "-q", "upstream.git", "other")
    merged = commit_files(tmp_path / "other", "merged", product__alpha__a="merged")
    git(tmp_path / "other", "push", "-q")
    before = git(monorepo, "rev-parse", "HEAD")
    assert run_publish(monorepo, fetch=True)[-1].fields["head"] == before
    assert run_publish(monorepo, execute=True, fetch=True)[-1].fields["head"] == merged
    assert gitea.repo("alpha").git("show", "main:a") == "merged"
    assert (git(monorepo, "rev-parse", "HEAD"), (monorepo / "product/alpha/a").read_text()) == (before, "2")


@pytest.mark.row("P003-123")
def test_an_upstream_that_does_not_answer_ends_the_run(gitea, monorepo, tmp_path):
    git(monorepo, "remote", "add", "origin", str(tmp_path / "nowhere"))
    git(monorepo, "config", "branch.main.remote", "origin")
    git(monorepo, "config", "branch.main.merge", "refs/heads/main")
    for execute in (False, True):
        assert run_publish(monorepo, execute=execute, fetch=True)[-1].reason == "fetch_failed"
    assert run_publish(tmp_path / "nowhere", fetch=True)[-1].reason == "not_a_repository"


def put_foreign_commit(gitea, name):
    repo = gitea.repo(name)
    head = repo.branches()["main"]
    tree = repo.git("rev-parse", f"{head}^{{tree}}").strip()
    foreign = git(repo.path, "commit-tree", tree, "-p", head, "-m", "foreign")
    repo.git("update-ref", "refs/heads/main", foreign)


@pytest.mark.row("W003-111", "D003-122")
def test_a_push_by_somebody_else_after_the_plan_is_not_pushed_over_even_with_force(gitea, monorepo):
    run_publish(monorepo, execute=True)
    commit_files(monorepo, "third", product__alpha__a="3")
    trouble = gitea.trouble("alpha.git/info/refs", delay_s=0.7)
    with meanwhile(trouble, lambda: put_foreign_commit(gitea, "alpha")):
        said = run_publish(monorepo, execute=True, force=True)
    assert results(said)["alpha"].reason == "push_lease_lost"
    assert "foreign" in gitea.repo("alpha").git("log", "--format=%s", "main")


@pytest.mark.row("W003-105")
def test_a_repository_that_became_public_after_the_plan_gets_no_push(gitea, monorepo):
    run_publish(monorepo, execute=True)
    commit_files(monorepo, "third", product__alpha__a="3")
    trouble = gitea.trouble("alpha/git/refs/heads/main", delay_s=0.7)
    publicly = {"json": {"private": False}}
    with meanwhile(trouble, lambda: gitea.api("PATCH", f"repos/{gitea.owner}/alpha", **publicly)):
        said = run_publish(monorepo, execute=True, private=True)
    assert results(said)["alpha"].reason == "remote_moved"
    assert gitea.repo("alpha").git("show", "main:a") == "2"


def test_commits_of_the_monorepo_are_nowhere_at_the_remote_after_any_of_this(gitea, monorepo):
    commit_files(monorepo, "third", product__beta__b="3", other__more="secret")
    run_publish(monorepo, execute=True, force=True)
    for name in ("alpha", "beta"):
        assert not set(history(monorepo, "HEAD")) & set(gitea.repo(name).git("rev-list", "--all").split())
