"""Runbook 002, Rollback & Release: real repositories, a real push, checks at the stand-in of Gitea."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact

from flows.guard.revert_pr import revert_pr
from tasks.procedure import part, telling
from tasks.publishing.reverts import Conflicts, make_revert
from tasks.rules.outcome import Status
from tasks.rules.publishing.reverts import CommitStatus
from tasks.step import without_server
from tests.gitea.fixtures import commit_files, git
from tests.runtime.site import Site, program, site

__all__ = ["site"]


@pytest.fixture
def work(gitea, tmp_path: Path) -> Path:
    """A repository whose second commit is bad, at Gitea as well, with work of the operator's lying about."""
    folder = tmp_path / "work"
    commit_files(folder, "first", a="1", b="1")
    commit_files(folder, "bad", a="broken")
    commit_files(folder, "later", c="1")
    gitea.world.add_repo(gitea.owner, "trader", private=True)
    git(folder, "push", "--quiet", str(gitea.repo("trader").path), "main")
    (folder / "b").write_text("not committed")
    return folder


def commit(folder: Path, words: str) -> str:
    return git(folder, "rev-parse", f":/{words}")


def revert(folder: Path, sha: str, **how: object):
    with without_server():
        return part(revert_pr, sha=sha, repo_root=str(folder), **{"check_wait_s": 0, **how})


def surroundings(folder: Path) -> tuple[str, ...]:
    """What is checked out, what lies about, and every branch."""
    return (
        git(folder, "status", "--porcelain", "--branch"),
        git(folder, "for-each-ref"),
        (folder / "b").read_text(),
        git(folder, "worktree", "list"),
    )


@pytest.mark.row("P002-440", "P002-441")
@pytest.mark.usefixtures("operations_database")
def test_a_dry_run_makes_the_revert_and_leaves_checkout_branches_and_gitea_alone(gitea, work):
    before = surroundings(work)
    planned = revert(work, commit(work, "bad")[:10])
    assert (planned.status, planned.fields["files"]) == (Status.PLANNED, 1)
    assert surroundings(work) == before
    assert list(gitea.repo("trader").branches()) == ["main"]
    assert git(work, "show", f"{planned.fields['commit']}:a") == "1"


@pytest.mark.row("P002-442", "P002-443")
@pytest.mark.usefixtures("operations_database")
def test_it_is_pushed_to_a_branch_of_its_own_and_only_success_passes(gitea, work):
    bad, before = commit(work, "bad"), surroundings(work)
    missing = revert(work, bad, repo="trader", execute=True)
    assert (missing.status, missing.reason, missing.fields["ci"]) == (Status.FAIL, "ci_missing", "none")
    made = missing.fields["commit"]
    assert gitea.repo("trader").branches()[f"revert-{bad[:12]}"] == made
    for state, reason in (("pending", "ci_pending"), ("failure", "ci_failed"), ("warning", "ci_failed")):
        gitea.repo("trader").checks[made] = {"lint": "success", "test": state}
        assert revert(work, bad, repo="trader", execute=True).reason == reason
    gitea.repo("trader").checks[made] = {"lint": "success", "test": "success"}
    passed = revert(work, bad, repo="trader", execute=True)
    assert (passed.status, passed.fields["commit"], passed.fields["checks"]) == (Status.OK, made, 2)
    assert passed.fields["next"] == "watchkeeper release-deploy"
    after = surroundings(work)
    assert (after[0], after[2], after[3]) == (before[0], before[2], before[3])
    assert gitea.repo("trader").branches()["main"] == git(work, "rev-parse", "main")


@pytest.fixture
def trader(gitea, tmp_path: Path, site: Site) -> Path:
    """A repository whose last commit would not even come up as a release; `a` is in use."""
    folder = tmp_path / "trader"
    commit_files(folder, "first", **{"start.py": program("mended"), "lib__code.py": "x = 1"})
    commit_files(folder, "bad", **{"start.py": program("bad", "ends")})
    gitea.world.add_repo(gitea.owner, "trader", private=True)
    git(folder, "push", "--quiet", str(gitea.repo("trader").path), "main")
    site.deploy("a")
    return folder


@pytest.mark.row("P002-457", "P002-443")
def test_only_what_passed_its_checks_becomes_a_release_and_is_put_in_use(gitea, site, trader):
    asked = {"repo": "trader", "execute": True, "deploy": "runtime", "config": str(site.folder / "services.toml")}
    planned = revert(trader, commit(trader, "bad"), **asked | {"execute": False})
    made, release = planned.fields["commit"], planned.fields["release"]
    assert revert(trader, commit(trader, "bad"), **asked).reason == "ci_missing"
    gitea.repo("trader").checks[made] = {"test": "failure"}
    assert revert(trader, commit(trader, "bad"), **asked).reason == "ci_failed"
    assert (site.serves(), [path.name for path in (site.folder / "releases").iterdir()]) == ("a", ["a"])
    (site.folder / "releases" / f".{release}.killed" / "tree").mkdir(parents=True)
    gitea.repo("trader").checks[made] = {"test": "success"}
    done = revert(trader, commit(trader, "bad"), **asked)
    assert (done.status, done.fields["release"], done.fields["deployed"]) == (Status.OK, release, "ok")
    assert (site.serves(), site.leads_to) == ("mended", f"releases/{release}")
    laid = site.folder / "releases" / release
    assert (laid / "lib" / "code.py").read_text() == "x = 1"
    assert sorted(path.name for path in laid.parent.iterdir()) == ["a", release]
    assert revert(trader, commit(trader, "bad"), **asked).fields["deployed"] == "already"
    (laid / "lib" / "code.py").write_text("x = 2")
    assert revert(trader, commit(trader, "bad"), **asked).reason == "release_taken"


@pytest.mark.row("P002-457", "D002-455")
def test_where_it_cannot_be_deployed_nothing_is_pushed_and_a_deployment_that_fails_is_its_end(gitea, site, trader):
    bad, asked = commit(trader, "bad"), {"repo": "trader", "execute": True, "deploy": "runtime"}
    assert revert(trader, bad, **asked, config=str(site.folder / "none.toml")).reason == "no_declaration"
    config = str(site.folder / "services.toml")
    assert revert(trader, bad, **asked | {"deploy": "nobody"}, config=config).reason == "unknown_service"
    assert list(gitea.repo("trader").branches()) == ["main"]
    commit_files(trader, "worse", **{"start.py": program("worse", "ends")})
    git(trader, "push", "--quiet", str(gitea.repo("trader").path), "main")
    worse = commit(trader, "worse")  # taken back, it is `bad` again, which does not come up
    gitea.repo("trader").checks[revert(trader, worse).fields["commit"]] = {"test": "success"}
    failed = revert(trader, worse, **asked, config=config)
    assert (failed.status, failed.reason, site.serves()) == (Status.FAIL, "deploy_failed", "a")


@pytest.mark.row("P002-443")
@pytest.mark.usefixtures("operations_database")
def test_checks_that_come_later_are_waited_for(gitea, work):
    bad = commit(work, "bad")
    made = revert(work, bad).fields["commit"]

    def reports_after_a_while() -> None:
        time.sleep(1)
        gitea.api("POST", f"repos/{gitea.owner}/trader/statuses/{made}", json={"state": "success", "context": "test"})

    runner = threading.Thread(target=reports_after_a_while)
    runner.start()
    assert revert(work, bad, repo="trader", execute=True, check_wait_s=30).status is Status.OK
    runner.join()


@pytest.mark.row("P002-444", "D002-440")
@pytest.mark.usefixtures("operations_database")
def test_conflicts_are_listed_by_file_and_nothing_is_left(work):
    bad = commit(work, "bad")
    commit_files(work, "on top", a="broken, and more")
    before = surroundings(work)
    refused = revert(work, bad)
    assert (refused.status, refused.reason, refused.fields["conflicts"]) == (Status.FAIL, "revert_conflicts", 1)
    with pytest.raises(Conflicts) as met:
        make_revert.fn(work, bad, "main", 0)
    assert met.value.files == ("a",)
    assert surroundings(work) == before


@pytest.mark.row("P002-445", "D002-440")
@pytest.mark.usefixtures("operations_database")
def test_a_merge_needs_a_mainline_and_an_empty_revert_is_said(work):
    git(work, "checkout", "--quiet", "-b", "side", "HEAD~1")
    commit_files(work, "aside", d="1")
    git(work, "checkout", "--quiet", "main")
    git(work, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    merge = commit(work, "merged")
    refused = revert(work, merge)
    assert (refused.reason, refused.fields["parents"]) == ("mainline_missing", 2)
    assert revert(work, merge, mainline=3).reason == "mainline_invalid"
    assert revert(work, commit(work, "bad"), mainline=1).reason == "mainline_invalid"
    assert revert(work, merge, mainline=1).status is Status.PLANNED
    commit_files(work, "again", a="1")
    assert revert(work, commit(work, "bad")).reason == "revert_empty"


@pytest.mark.row("D002-440")
@pytest.mark.usefixtures("operations_database")
def test_what_is_not_there_or_has_moved_is_refused_by_name(gitea, work, tmp_path):
    bad = commit(work, "bad")
    assert revert(work, "0" * 40).reason == "commit_unknown"
    assert revert(work, bad, branch="nowhere").reason == "branch_unknown"
    assert revert(tmp_path, bad).reason == "repository_unreadable"
    assert revert(work, bad, execute=True).reason == "gitea_repository_missing"
    assert revert(work, bad, execute=True, repo="nothing").reason == "gitea_repository_missing"
    git(work, "branch", f"revert-{bad[:12]}", "main")
    assert revert(work, bad, execute=True, repo="trader").reason == "branch_taken"
    commit_files(work, "not pushed", e="1")
    assert revert(work, bad, execute=True, repo="trader").reason == "base_behind"
    assert list(gitea.repo("trader").branches()) == ["main"]


@pytest.mark.row("D002-441")
@pytest.mark.usefixtures("operations_database")
def test_a_run_that_was_killed_in_the_middle_leaves_nothing_that_the_next_one_does_not_take_away(work):
    bad, before = commit(work, "bad"), surroundings(work)
    whole = revert(work, bad).fields["commit"]
    pid = os.fork()
    if not pid:
        from tasks.publishing import reverts

        reverts._revert = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        make_revert.fn(work, bad, "main", 0)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    assert "watchkeeper" in git(work, "worktree", "list")
    assert revert(work, bad).fields["commit"] == whole
    assert surroundings(work) == before


@pytest.mark.row("P002-443")
@pytest.mark.parametrize(
    ("state", "checks", "reason"),
    [("success", 1, None), ("success", 0, "ci_missing"), ("", 1, "ci_pending"), ("odd", 1, "ci_failed")],
)
def test_nothing_but_success_of_a_check_is_a_pass(state, checks, reason):
    assert CommitStatus(state, checks).reason == reason


@pytest.mark.row("P002-444")
@pytest.mark.usefixtures("prefect_server", "operations_database")
def test_as_a_run_of_the_server_it_shows_the_files_in_conflict(work):
    bad = commit(work, "bad")
    commit_files(work, "on top", a="broken, and more")
    with telling(lambda _: None) as run:
        revert_pr(sha=bad, repo_root=str(work), return_state=True)
    assert [(said.status, said.reason) for said in run.said] == [(Status.FAIL, "revert_conflicts")]
    shown: Any = Artifact.get(key="revert-conflicts")
    assert shown
    assert '"a"' in str(shown.data)
