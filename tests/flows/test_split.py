"""watchkeeper split: a row for each project, a note for whatever is unusual, one line at the end."""

import re
import subprocess
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from flows.publishing.split import split
from tasks.step import without_server
from tests.tasks.splitting.raw_git import RawGit, Submodule, subtree_split

WHO = b"A <a@example.org> 1600000000 +0000"


@pytest.fixture
def repo(tmp_path):
    path = tmp_path / "mono"
    path.mkdir()
    return RawGit(path)


def committed(repo, product, parents=()):
    tip = repo.commit(repo.tree({b"product": product, b"secret": b"1"}), [*parents], WHO, WHO, b"m\n")
    repo.finish(tip)
    return tip


def run(capsys, repo, **options):
    """The exit of the run and its lines, as by hand without a server."""
    with without_server():
        state: Any = split.fn(repo_root=str(repo.path), **options)
    return int(state.is_failed()), capsys.readouterr().out.splitlines()


@pytest.mark.row("P003-150", "P003-152")
def test_each_project_is_one_row_of_its_name_and_the_commit_of_git_subtree(repo, capsys, prefect_server):
    head = committed(repo, {b"alpha": {b"x": b"1"}, b"beta": {b"x": b"2"}, b"file": b"3"})
    state = split(repo_root=str(repo.path), source_dir="product", return_state=True)
    rows = [f"{name} {subtree_split(repo.path, f'product/{name}')}" for name in ("alpha", "beta")]
    last = f"split status=ok head={head} projects=2 commits=2 new=2 gaps=0 left_out=0"
    assert capsys.readouterr().out.splitlines() == [*rows, last]
    assert state.message == last
    exit_code, lines = run(capsys, repo, projects=("beta",))
    assert (exit_code, lines[:-1]) == (0, rows[1:])


@pytest.mark.row("W003-152", "D003-150")
def test_any_name_is_one_word_of_its_row_and_can_be_read_back(repo, capsys):
    names = sorted(
        [b"a b", b"new\nline", b"--output=x", b'"q"', b"%41", b"umlaut \xc3\xbc", b"latin \xe9", b"*", b"x,y=z"]
    )
    committed(repo, {name: {b"x": name} for name in names})
    exit_code, lines = run(capsys, repo)
    rows = [line.split(" ") for line in lines[:-1]]
    assert exit_code == 0
    assert sorted(unquote_to_bytes(name) for name, _ in rows) == names
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for _, commit in rows)


@pytest.mark.row("P003-153", "W003-150")
def test_a_gap_is_noted_or_leaves_the_project_without_a_commit(repo, capsys):
    first = committed(repo, {b"app": {b"x": b"1"}, b"other": {b"x": b"1"}})
    away = committed(repo, {b"other": {b"x": b"1"}}, [first])
    committed(repo, {b"app": {b"x": b"2"}, b"other": {b"x": b"1"}}, [away])
    exit_code, lines = run(capsys, repo)
    assert (exit_code, lines[2]) == (0, "split_note status=warn reason=gap_skipped name=app")
    assert " gaps=1 " in lines[-1]
    exit_code, refused = run(capsys, repo, on_gap="refuse")
    assert exit_code == 1
    assert refused[:2] == [lines[1], "split_note status=fail reason=history_gap name=app"]
    assert refused[-1].startswith("split status=fail reason=not_split head=")
    assert refused[-1].endswith("projects=2 commits=1 new=0 gaps=1 left_out=0 not_split=1")


@pytest.mark.row("W003-152", "W003-155", "D003-151", "D003-153")
def test_what_is_no_project_or_not_whole_is_noted_behind_the_rows(repo, capsys):
    committed(repo, {b"app": {b"x": b"1", b"lib": Submodule("1" * 40)}, b"sub": Submodule("1" * 40)})
    (repo.path / "product/a link").symlink_to("app")
    exit_code, lines = run(capsys, repo)
    assert exit_code == 0
    assert lines[1:-1] == [
        "split_note status=warn reason=symlink name=a%20link",
        "split_note status=warn reason=submodule name=sub",
        "split_note status=warn reason=holds_submodules name=app",
    ]
    assert lines[-1].endswith(" gaps=0 left_out=2")


@pytest.mark.row("P003-151")
def test_a_second_run_says_what_is_new(repo, capsys):
    first = committed(repo, {b"app": {b"x": b"1"}})
    run(capsys, repo)
    assert " commits=1 new=0 " in run(capsys, repo)[1][-1]
    committed(repo, {b"app": {b"x": b"2"}}, [first])
    assert " commits=2 new=1 " in run(capsys, repo)[1][-1]
    assert " commits=2 new=2 " in run(capsys, repo, fresh=True)[1][-1]


@pytest.mark.row("P003-150")
def test_no_object_no_reference_and_no_file_is_written(repo, capsys):
    committed(repo, {b"app": {b"x": b"1"}})

    def everything():
        return sorted(path for path in repo.path.rglob("*") if path.is_file() and "watchkeeper" not in path.parts)

    before = everything(), repo.git("for-each-ref"), repo.git("status", "--porcelain", "--ignored")
    assert run(capsys, repo)[0] == 0
    assert before == (everything(), repo.git("for-each-ref"), repo.git("status", "--porcelain", "--ignored"))


@pytest.mark.row("W003-151", "W003-153", "D003-155")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"projects": ("app", "zeta", "a b")}, "unknown_project unknown=a%20b,zeta"),
        ({"source_dir": "/product"}, "invalid_source_dir"),
        ({"source_dir": "../product"}, "invalid_source_dir"),
        ({"source_dir": "elsewhere"}, "source_dir_missing"),
        ({"source_dir": "product/app"}, "no_projects head=<head> projects=0 commits=0 new=0 gaps=0 left_out=0"),
    ],
)
def test_each_refusal_says_why_and_fails(repo, capsys, options, reason):
    committed(repo, {b"app": {b"x": b"1"}})
    exit_code, lines = run(capsys, repo, **options)
    assert (exit_code, [re.sub(r"head=\S+", "head=<head>", line) for line in lines]) == (
        1,
        [f"split status=fail reason={reason}"],
    )


@pytest.mark.row("W003-154", "D003-156")
def test_a_shallow_clone_is_refused(repo, capsys, tmp_path):
    first = committed(repo, {b"app": {b"x": b"1"}})
    committed(repo, {b"app": {b"x": b"2"}}, [first])
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(clone)], check=True)
    with without_server():
        split.fn(repo_root=str(clone))
    assert capsys.readouterr().out == "split status=fail reason=shallow_clone\n"
