"""git over HTTP with Gitea: pushes that lose nothing, and what comes back when they are not taken."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.gitea.remotes import Pushed, count_lost_commits, fetch_manifest, push_branch, read_remote_head
from tasks.publishing.parity import verify_parity
from tasks.rules.faults import Fault, GiteaRefused, GiteaUnauthorised, GiteaUnreachable
from tasks.rules.publishing.remote import Push, Repository
from tests.gitea.fixtures import Gitea, commit_files, git


@pytest.fixture
def there(gitea: Gitea) -> Repository:
    gitea.world.add_repo(gitea.owner, "one", private=True)
    return Repository(
        owner=gitea.owner,
        name="one",
        private=True,
        archived=False,
        mirror=False,
        empty=True,
        default_branch="main",
        can_push=True,
    )


@pytest.fixture
def mono(tmp_path: Path) -> Path:
    commit_files(tmp_path / "mono", "first", a="1", b__c="2")
    return tmp_path / "mono"


@pytest.fixture
def foreign(gitea: Gitea, there, mono, tmp_path) -> str:
    """A head at the remote that the monorepo does not know, with one commit that only the remote has."""
    push_branch(mono, there, "main", git(mono, "rev-parse", "HEAD"), seen=None)
    git(tmp_path, "clone", "--quiet", str(gitea.repo("one").path), "other")
    sha = commit_files(tmp_path / "other", "foreign", z="theirs")
    git(tmp_path / "other", "push", "--quiet", "origin", "main")
    return sha


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.row("P003-182")
def test_a_branch_is_made_moved_on_and_left_alone(gitea, there, mono):
    first = head(mono)
    assert read_remote_head(there, "main") is None
    assert push_branch(mono, there, "main", first, seen=None) == Pushed(Push.PUSHED, first)
    second = commit_files(mono, a="2")
    assert push_branch(mono, there, "main", second, seen=first) == Pushed(Push.PUSHED, second)
    assert push_branch(mono, there, "main", second, seen=second) == Pushed(Push.UP_TO_DATE, second)
    assert read_remote_head(there, "main") == second == gitea.repo("one").branches()["main"]


@pytest.mark.row("W003-184")
def test_a_remote_with_other_commits_is_diverged_and_nothing_is_sent(gitea, there, mono, foreign):
    mine = commit_files(mono, a="2")
    gitea.seen.clear()
    assert push_branch(mono, there, "main", mine, seen=foreign) == Pushed(Push.DIVERGED, foreign)
    assert not gitea.seen
    assert count_lost_commits(mono, there, "main", mine) == 1


@pytest.mark.row("W003-184")
def test_force_replaces_the_head_that_was_seen_and_no_other(gitea, there, mono, foreign):
    mine = commit_files(mono, a="2")
    stale = push_branch(mono, there, "main", mine, seen=git(mono, "rev-parse", "HEAD~1"), force=True)
    assert stale == Pushed(Push.LEASE_LOST, foreign)
    assert gitea.repo("one").branches()["main"] == foreign
    assert push_branch(mono, there, "main", mine, seen=foreign, force=True) == Pushed(Push.PUSHED, mine)


@pytest.mark.row("W003-184")
@pytest.mark.parametrize("force", [True, False])
def test_a_branch_that_appeared_since_is_not_written_over(gitea, there, mono, foreign, force):
    mine = commit_files(mono, a="2")
    assert push_branch(mono, there, "main", mine, seen=None, force=force) == Pushed(Push.LEASE_LOST, foreign)
    assert push_branch(mono, there, "main", foreign, seen=None).result is Push.UP_TO_DATE


def test_a_branch_that_vanished_since_is_not_made_again(gitea, there, mono):
    first = head(mono)
    push_branch(mono, there, "main", first, seen=None)
    gitea.repo("one").git("update-ref", "-d", "refs/heads/main")
    second = commit_files(mono, a="2")
    assert push_branch(mono, there, "main", second, seen=first) == Pushed(Push.LEASE_LOST, None)


@pytest.mark.row("D003-186")
def test_a_protected_branch_is_a_value_and_no_traceback(gitea, there, mono):
    first = head(mono)
    push_branch(mono, there, "main", first, seen=None)
    gitea.repo("one").protections["main"] = False
    second = commit_files(mono, a="2")
    assert push_branch(mono, there, "main", second, seen=first) == Pushed(Push.PROTECTED, first)


@pytest.mark.row("D003-187")
def test_two_publishers_at_once_end_with_one_winner(there, tmp_path):
    folders = [tmp_path / name for name in ("x", "y")]
    shas = [commit_files(folder, folder.name) for folder in folders]

    def publish(number: int) -> Push:
        return push_branch.fn(folders[number], there, "main", shas[number], seen=None).result

    with ThreadPoolExecutor(2) as at_once:
        assert sorted(at_once.map(publish, range(2))) == [Push.LEASE_LOST, Push.PUSHED]


@pytest.mark.row("D003-186")
def test_an_archived_repository_and_one_that_is_gone_say_so(gitea, there, mono):
    gitea.repo("one").archived = True
    with pytest.raises(GiteaRefused) as caught:
        push_branch(mono, there, "main", head(mono), seen=None)
    assert caught.value.reason == "gitea_archived"
    del gitea.world.repos[gitea.owner.lower(), "one"]
    with pytest.raises(GiteaRefused) as caught:
        push_branch(mono, there, "main", head(mono), seen=None)
    assert caught.value.reason == "gitea_repository_missing"


def test_a_login_without_the_right_to_write_is_refused(gitea, there, mono, monkeypatch):
    gitea.world.add_user("reader", "pw")
    gitea.repo("one").collaborators["reader"] = "read"
    monkeypatch.setenv("GITEA_ADMIN_USER", "reader")
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", "pw")
    assert push_branch(mono, there, "main", head(mono), seen=None) == Pushed(Push.REFUSED, None)


@pytest.mark.row("D003-181")
def test_git_tells_a_wrong_login_from_a_server_that_is_not_there(gitea, there, mono, monkeypatch):
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", "wrong")
    with pytest.raises(GiteaUnauthorised):
        read_remote_head(there, "main")
    monkeypatch.setenv("GITEA_URL", "http://127.0.0.1:9")
    with pytest.raises(GiteaUnreachable):
        read_remote_head(there, "main")


@pytest.mark.row("D003-183")
def test_git_follows_no_redirect(gitea, there, mono):
    gitea.world.rename(gitea.repo("one"), "other")
    with pytest.raises(GiteaRefused) as caught:
        push_branch(mono, there, "main", head(mono), seen=None)
    assert caught.value.reason == "gitea_redirect_refused"


@pytest.mark.row("W003-183")
@pytest.mark.parametrize("what", [{"status": 503}, {"cut": True}])
def test_a_push_that_did_not_get_through_is_unreachable(gitea, there, mono, what):
    gitea.trouble("git-receive-pack$", times=9, **what)
    with pytest.raises(GiteaUnreachable):
        push_branch(mono, there, "main", head(mono), seen=None)
    assert not gitea.repo("one").branches()


@pytest.mark.row("D003-188")
@pytest.mark.parametrize("times", [1, 9])
def test_a_push_whose_answer_was_lost_is_looked_up(gitea, there, mono, times):
    gitea.trouble("git-receive-pack$", times=times, cut=True, after=True)
    assert push_branch(mono, there, "main", head(mono), seen=None) == Pushed(Push.PUSHED, head(mono))


@pytest.mark.row("W003-180")
def test_the_monorepo_s_own_configuration_and_hooks_have_no_say(gitea, there, mono, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    elsewhere = (
        f'[url "http://127.0.0.1:9/"]\n\tinsteadOf = {gitea.url}/\n[credential]\n\thelper = !touch {tmp_path}/asked\n'
    )
    (tmp_path / "home" / ".gitconfig").write_text(elsewhere)
    (tmp_path / "home" / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    with (mono / ".git" / "config").open("a") as config:
        config.write(elsewhere)
    hook = mono / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert push_branch(mono, there, "main", gitea_head(mono), seen=None).result is Push.PUSHED
    assert not {"asked", "hooked", "trace"} & {path.name for path in tmp_path.iterdir()}


def gitea_head(folder: Path) -> str:
    done = subprocess.run(["git", "--git-dir", folder / ".git", "rev-parse", "HEAD"], capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_a_worktree_and_a_path_with_odd_signs_lend_their_objects(there, tmp_path):
    odd = tmp_path / 'a:b "c" ä'
    commit_files(odd, a="1")
    git(odd, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "side")
    sha = head(tmp_path / "tree")
    assert push_branch(tmp_path / "tree", there, "main", sha, seen=None).result is Push.PUSHED
    assert push_branch(odd, there, "side", sha, seen=None).result is Push.PUSHED


@pytest.mark.row("P003-180")
def test_parity_holds_after_a_push_while_gitea_s_own_view_still_lags(gitea, there, mono):
    gitea.world.lag_s = 30.0
    commit_files(mono, product__x__run="#!", product__x__ä="2", other="3")
    (mono / "product" / "x" / "run").chmod(0o755)
    (mono / "product" / "x" / "link").symlink_to("run")
    tip = commit_files(mono)
    git(mono, "read-tree", "--empty")
    split = git(mono, "commit-tree", "-m", "split", f"{tip}:product/x")
    push_branch(mono, there, "main", split, seen=None)
    parity = verify_parity(mono, tip, "product/x", there, "main", split)
    assert (parity.holds, parity.entries, parity.api_sha, parity.fetched_sha) == (True, 3, split, split)


@pytest.mark.row("P003-180")
def test_parity_is_judged_by_what_the_remote_itself_gives(gitea, there, mono):
    """The right head with another tree behind it cannot be; a wrong tree under the expected head can."""
    tip = commit_files(mono, product__x__a="1", product__x__b="2")
    wrong = commit_files(mono, product__x__a="other", product__x__d="4", product__x__b="2")
    split = git(mono, "commit-tree", "-m", "split", f"{wrong}:product/x")
    assert verify_parity(mono, tip, "product/x", there, "main", split).reason == "parity_branch_missing"
    push_branch(mono, there, "main", split, seen=None)
    parity = verify_parity(mono, tip, "product/x", there, "main", split)
    assert parity.reason == "parity_tree_differs"
    assert (parity.differences.missing, parity.differences.extra, parity.differences.changed) == (0, 1, 1)
    assert verify_parity(mono, wrong, "product/x", there, "main", tip).reason == "parity_head_differs"


def test_what_was_fetched_is_the_whole_tree(there, mono):
    push_branch(mono, there, "main", head(mono), seen=None)
    assert fetch_manifest(there, "missing") is None
    fetched = fetch_manifest(there, "main")
    assert fetched is not None
    assert fetched.sha == head(mono)
    assert sorted(fetched.manifest) == [b"a", b"b", b"b/c"]


@pytest.mark.row("D003-189")
def test_objects_that_are_missing_here_are_our_own_fault_and_not_gitea_s(gitea, there, mono):
    blob = git(mono, "rev-parse", "HEAD:a")
    (mono / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(Fault) as caught:
        push_branch(mono, there, "main", head(mono), seen=None)
    assert caught.value.reason == "git_failed"
    assert not gitea.repo("one").branches()
