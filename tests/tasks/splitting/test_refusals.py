"""What the split refuses, and the odd names that it does not mind."""

import subprocess
from pathlib import Path

import pytest

from tasks.rules.faults import Fault
from tasks.splitting import split
from tests.tasks.splitting.histories import FOLDERS, tell_story
from tests.tasks.splitting.raw_git import subtree_split

ODD_NAMES = (
    b"with blank", "ümlaut".encode(), b"latin-\xe9", b"--output=x", b"-", b'"quoted"', b"it's", b"new\nline",
    b"back\\slash",
    b"*", b":(glob)**", b":!x", b"[a]", b"~", b"a:b", b"^HEAD", b"@{1}", b" ", b"%41", b"tab\there",
)  # fmt: skip


def refused(*arguments, **options) -> Fault:
    with pytest.raises(Fault) as fault:
        split(*arguments, **options)
    return fault.value


def test_a_folder_that_is_no_repository_is_refused(tmp_path):
    assert refused(tmp_path, "product").reason == "not_a_repository"
    assert refused(tmp_path / "nowhere", "product").reason == "not_a_repository"


@pytest.mark.row("W003-154", "D003-156")
def test_a_shallow_clone_is_refused(repo, write, tmp_path):
    write("product/app/a.txt", "1")
    write("product/app/a.txt", "2")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone")], check=True)
    assert refused(tmp_path / "clone", "product").reason == "shallow_clone"


@pytest.mark.row("W003-155", "D003-154")
def test_a_clone_without_trees_is_refused(repo, write):
    write("product/app/a.txt", "1")
    repo.git("config", "remote.origin.partialCloneFilter", "tree:0")
    assert refused(repo.path, "product").reason == "partial_clone"
    repo.git("config", "remote.origin.partialCloneFilter", "blob:none")
    assert split(repo.path, "product")[0].sha


@pytest.mark.parametrize("name", ["i18n.commitEncoding", "i18n.logOutputEncoding"])
def test_an_encoding_that_changes_commits_is_refused(repo, write, name):
    write("product/app/a.txt", "1")
    repo.git("config", name, "ISO-8859-1")
    assert refused(repo.path, "product").reason == "foreign_encoding"
    repo.git("config", name, "utf-8")
    assert split(repo.path, "product")[0].sha


@pytest.mark.row("W003-153", "D003-155")
@pytest.mark.parametrize("source", ["", "/product", "../product", "product/..", "a/../b", "product\nx", "product\0"])
def test_a_source_folder_that_leads_elsewhere_is_refused(repo, write, source):
    write("product/app/a.txt", "1")
    assert refused(repo.path, source).reason == "invalid_source_dir"


@pytest.mark.parametrize("source", ["product/", "./product", "product//", "product/."])
def test_a_source_folder_may_be_spelled_as_people_spell_it(repo, write, source):
    write("product/app/a.txt", "1")
    assert split(repo.path, source)[0].prefix == "product/app"


def test_the_top_of_the_repository_is_a_source_folder_too(repo, write):
    write("app/a.txt", "1")
    assert split(repo.path, ".")[0].sha == subtree_split(repo.path, "app")


def test_a_missing_source_folder_is_refused(repo, write):
    write("product/app/a.txt", "1")
    assert refused(repo.path, "elsewhere").reason == "source_dir_missing"
    assert refused(repo.path, "product/app/a.txt").reason == "source_dir_missing"


@pytest.mark.parametrize("tip", ["nowhere", "--all", "", "HEAD:product"])
def test_a_commit_that_is_none_is_refused(repo, write, tip):
    write("product/app/a.txt", "1")
    assert refused(repo.path, "product", tip=tip).reason == "no_such_commit"


@pytest.mark.row("W003-151")
def test_every_unknown_project_is_named(repo, write):
    write("product/app/a.txt", "1")
    write("product/file", "1")
    fault = refused(repo.path, "product", ["app", "zeta", "a b", "file"])
    assert (fault.reason, fault.fields["unknown"]) == ("unknown_project", ("a%20b", "file", "zeta"))


def test_files_links_and_untracked_folders_are_no_projects(repo, write):
    write("product/app/a.txt", "1")
    (repo.path / "product/link").symlink_to("app")
    write("product/file", "1")
    (repo.path / "product/untracked").mkdir()
    assert [one.name for one in split(repo.path, "product")] == ["app"]


def test_a_folder_without_projects_has_no_splits(repo, write):
    write("product/file", "1")
    assert split(repo.path, "product") == []


@pytest.mark.row("W003-152", "D003-150")
@pytest.mark.parametrize("odd", ODD_NAMES, ids=repr)
def test_an_odd_name_gives_the_commits_of_a_plain_one(tmp_path, odd):
    plain = tell_story(tmp_path / "plain", 12, 10)
    twin = tell_story(tmp_path / "odd", 12, 10, rename={FOLDERS[0]: odd})
    name = odd.decode("utf-8", "surrogateescape")
    expected = split(plain.path, "product", [FOLDERS[0].decode()])[0]
    (alone,) = split(twin.path, "product", [name])
    assert (alone.sha, alone.history) == (expected.sha, expected.history)
    assert alone in split(twin.path, "product")


@pytest.mark.row("W003-150", "P003-153")
def test_a_gap_is_skipped_and_said_or_refused_as_asked(repo, write):
    write("product/app/a.txt", "1")
    repo.git("rm", "-rq", "product/app")
    secret = write("secret.txt", "of the monorepo")
    write("product/app/a.txt", "2")
    (app,) = split(repo.path, "product", write=True)
    assert (app.history, app.commits) == ("gap_skipped", 2)
    assert secret in repo.git("rev-list", subtree_split(repo.path, "product/app")).decode()
    assert secret not in repo.git("rev-list", app.sha).decode()
    (app,) = split(repo.path, "product", on_gap="refuse")
    assert (app.sha, app.problem) == (None, "history_gap")


def test_a_split_writes_nothing_unless_asked(repo, write):
    write("product/app/a.txt", "1")
    before = sorted(path for path in repo.path.rglob("*") if path.is_file())
    (app,) = split(repo.path, "product")
    assert sorted(path for path in repo.path.rglob("*") if path.is_file()) == before
    split(repo.path, "product", write=True)
    assert repo.git("rev-parse", f"{app.sha}:a.txt") == repo.git("rev-parse", "HEAD:product/app/a.txt")


def test_a_bare_repository_and_a_worktree_are_as_good(repo, write, tmp_path):
    write("product/app/a.txt", "1")
    expected = split(repo.path, "product")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    assert split(tmp_path / "bare", "product") == split(tmp_path / "tree", "product") == expected


def test_variables_of_an_outer_git_do_not_lead_elsewhere(repo, write, monkeypatch, tmp_path):
    write("product/app/a.txt", "1")
    expected = split(repo.path, "product")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert split(repo.path, "product") == expected


@pytest.mark.row("D003-154")
def test_objects_that_are_missing_are_a_fault_and_not_a_shorter_history(repo, write):
    write("product/app/a.txt", "1")
    middle = write("product/app/a.txt", "2")
    write("product/app/a.txt", "3")
    Path(repo.path, ".git/objects", middle[:2], middle[2:]).unlink()
    assert refused(repo.path, "product").reason == "git_failed"


@pytest.mark.row("D003-154")
def test_a_missing_tree_is_a_fault_and_not_a_gap(repo, write):
    write("product/app/a.txt", "1")
    tree = repo.git("rev-parse", "HEAD^{tree}").decode()
    write("product/app/a.txt", "3")
    Path(repo.path, ".git/objects", tree[:2], tree[2:]).unlink()
    assert refused(repo.path, "product").reason == "git_failed"
