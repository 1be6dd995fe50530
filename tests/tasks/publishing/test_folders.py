"""Which folders of a monorepo are projects, what the others are, and what is inside the projects."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tasks.publishing.contents import look_inside
from tasks.publishing.folders import find_folders
from tasks.publishing.splits import STATE_FOLDER, split_folders
from tasks.rules.faults import Fault
from tasks.rules.publishing.contents import Inside
from tasks.rules.publishing.folders import EMPTY_TREE
from tests.tasks.splitting.raw_git import RawGit, Submodule

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
WHO = b"A <a@example.org> 1600000000 +0000"


@pytest.fixture
def repo(tmp_path):
    return RawGit(_made(tmp_path / "mono"))


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def committed(repo: RawGit, product, **others) -> str:
    names: dict[Any, Any] = {b"product": product, **others}
    tip = repo.commit(repo.tree(names), [], WHO, WHO, b"m\n")
    repo.finish(tip)
    return tip


def find(repo: RawGit, *projects: str, source: str = "product"):
    return find_folders.fn(repo.path, source, projects)


def test_projects_are_the_folders_of_the_commit_sorted_with_their_trees(repo):
    head = committed(repo, {b"b": {b"x": b"1"}, b"a": {b"x": b"2"}, b"file": b"3"})
    found = find(repo)
    assert found.head == head
    assert [(one.name, one.prefix) for one in found.folders] == [("a", "product/a"), ("b", "product/b")]
    assert found.folders[0].tree == repo.git("rev-parse", "HEAD:product/a").decode()
    assert found.left_out == ()


@pytest.mark.row("W003-152", "D003-151", "D003-153")
def test_whatever_only_looks_like_a_project_is_named_and_left_out(repo, tmp_path):
    committed(repo, {b"app": {b"x": b"1"}, b"sub": Submodule("1" * 40)})
    product = repo.path / "product"
    (product / "committed-link").symlink_to("app")
    repo.git("add", "product/committed-link")
    repo.git("commit", "-qm", "a link")
    (product / "escaping").symlink_to(tmp_path)
    (product / "untracked/deep").mkdir(parents=True)
    (product / "untracked/deep/file").write_text("1")
    (product / "empty/deep").mkdir(parents=True)
    repo.git("init", "-q", "product/nested")
    found = find(repo)
    assert [one.name for one in found.folders] == ["app"]
    assert {one.name: one.why.value for one in found.left_out} == {
        "committed-link": "symlink",
        "empty": "empty",
        "escaping": "symlink",
        "nested": "nested_repository",
        "sub": "submodule",
        "untracked": "untracked",
    }


def test_a_folder_that_is_empty_in_the_commit_is_no_project(repo):
    committed(repo, {b"app": {b"x": b"1"}, b"void": {}})
    assert repo.git("rev-parse", "HEAD:product/void").decode() == EMPTY_TREE
    found = find(repo)
    assert [(one.name, one.why.value) for one in found.left_out] == [("void", "empty")]
    assert [one.name for one in found.folders] == ["app"]


def test_the_commit_decides_and_not_what_the_work_tree_looks_like(repo):
    committed(repo, {b"app": {b"x": b"1"}, b"gone": {b"x": b"1"}})
    (repo.path / "product/gone/x").unlink()
    (repo.path / "product/app/new").write_text("not committed")
    assert [one.name for one in find(repo).folders] == ["app", "gone"]
    assert find(repo).left_out == ()


def test_nothing_behind_a_linked_source_folder_is_looked_at(repo, tmp_path):
    committed(repo, {b"app": {b"x": b"1"}})
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "private").mkdir(parents=True)
    repo.git("rm", "-rq", "--cached", "product")
    (repo.path / "product/app/x").unlink()
    (repo.path / "product/app").rmdir()
    (repo.path / "product").rmdir()
    (repo.path / "product").symlink_to(elsewhere)
    assert find(repo).left_out == ()


def test_git_s_own_folder_is_no_project_of_the_top(repo):
    committed(repo, {b"app": {b"x": b"1"}})
    found = find(repo, source=".")
    assert ([one.prefix for one in found.folders], found.left_out) == (["product"], ())


def test_a_bare_repository_has_no_folders_but_those_of_its_commit(repo, tmp_path):
    committed(repo, {b"app": {b"x": b"1"}})
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    for place in (tmp_path / "bare", repo.path / ".git"):
        found = find_folders.fn(place, "product")
        assert ([one.name for one in found.folders], found.work_tree) == (["app"], None)


def test_a_folder_below_the_top_answers_for_the_whole_repository(repo):
    committed(repo, {b"app": {b"x": b"1"}})
    found = find_folders.fn(repo.path / "product", "product")
    assert ([one.name for one in found.folders], found.work_tree) == (["app"], repo.path.resolve())


@pytest.mark.row("W003-151")
def test_every_wanted_project_that_is_none_is_named_and_nothing_is_done(repo):
    committed(repo, {b"app": {b"x": b"1"}, b"sub": Submodule("1" * 40)})
    with pytest.raises(Fault) as fault:
        find(repo, "app", "sub", "nowhere")
    assert (fault.value.reason, fault.value.fields["unknown"]) == ("unknown_project", ("nowhere", "sub"))
    assert [one.name for one in find(repo, "app").folders] == ["app"]
    assert find(repo, "app").left_out == ()


@pytest.mark.row("W003-154", "D003-152")
def test_a_head_that_moves_after_the_folders_were_found_changes_nothing(repo):
    first = committed(repo, {b"app": {b"x": b"1"}})
    found = find(repo)
    committed(repo, {b"app": {b"x": b"2"}, b"new": {b"x": b"1"}})
    (app,) = split_folders.fn(repo.path, found, write=True)
    assert repo.git("rev-parse", f"{app.sha}^{{tree}}") == repo.git("rev-parse", f"{first}:product/app")


def test_a_detached_head_is_as_good_as_a_branch(repo):
    committed(repo, {b"app": {b"x": b"1"}})
    on_branch = split_folders.fn(repo.path, find(repo))
    repo.git("checkout", "-q", "--detach")
    assert [one.sha for one in split_folders.fn(repo.path, find(repo))] == [one.sha for one in on_branch]


@pytest.mark.row("W003-155", "D003-153")
def test_submodules_and_lfs_pointers_inside_a_project_are_seen(repo):
    committed(
        repo,
        {
            b"app": {b"deep": {b"sub": Submodule("1" * 40)}, b"big.bin": POINTER, b"same.bin": POINTER},
            b"plain": {b"note": b"see https://git-lfs.github.com/spec/v1\n", b"large": POINTER + b"x" * 1024},
            b"file": POINTER,
        },
    )
    assert look_inside.fn(find(repo)) == (Inside("app", 1, 2, 0), Inside("plain", 0, 0, 0))


@pytest.mark.row("W003-155", "D003-154")
def test_files_that_a_partial_clone_lacks_are_counted_and_not_fetched(repo, tmp_path):
    committed(repo, {b"app": {b"x": b"1", b"y": b"2"}, b"odd \xe9\n": {b"x": b"3"}})
    expected = split_folders.fn(repo.path, find(repo))
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    subprocess.run(
        ["git", "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", str(clone)], check=True
    )
    found = find_folders.fn(clone, "product")
    assert split_folders.fn(clone, found) == expected
    assert [(one.name.encode(errors="surrogateescape"), one.missing) for one in look_inside.fn(found)] == [
        (b"app", 2),
        (b"odd \xe9\n", 1),
    ]
    assert look_inside.fn(found) == look_inside.fn(found)


def test_a_source_folder_without_files_has_nothing_inside(repo):
    committed(repo, {b"file": b"1"})
    assert look_inside.fn(find(repo)) == ()


@pytest.mark.row("P003-151")
def test_what_was_learned_is_kept_in_the_git_directory_and_for_all_work_trees(repo, tmp_path):
    committed(repo, {b"app": {b"x": b"1"}})
    assert split_folders.fn(repo.path, find(repo))[0].reused == 0
    assert split_folders.fn(repo.path, find(repo), fresh=True)[0].reused == 0
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    assert split_folders.fn(tmp_path / "tree", find_folders.fn(tmp_path / "tree", "product"))[0].reused == 1
    assert list((repo.path / ".git" / STATE_FOLDER).iterdir())
    assert repo.git("status", "--porcelain") == b""


def test_a_repository_that_may_not_be_written_to_is_split_all_the_same(repo):
    committed(repo, {b"app": {b"x": b"1"}})
    (repo.path / ".git/watchkeeper").write_text("something is in the way")
    assert [split_folders.fn(repo.path, find(repo))[0].reused for _ in range(2)] == [0, 0]
