"""The splitter against the installed `git subtree split`, and where it must differ (spec 003, section 6)."""

import os
import subprocess
from pathlib import Path

import pytest

from tasks.rules.faults import Fault
from tasks.splitting import split
from tests.tasks.generated_history import FOLDERS, build, git

# The whole proof: WATCHKEEPER_SPLIT_HISTORIES=500 pytest tests/tasks/test_splitting.py
HISTORIES = int(os.environ.get("WATCHKEEPER_SPLIT_HISTORIES", "12"))

pytestmark = pytest.mark.skipif(
    not (Path(git(Path.cwd(), "--exec-path").decode().strip()) / "git-subtree").exists(),
    reason="this git comes without git-subtree, which is what the splitter is compared with",
)


def subtree(repository: Path, name: str) -> str | None:
    done = subprocess.run(
        ["git", "-C", str(repository), "subtree", "split", "-q", f"--prefix=product/{name}", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_folder_gets_the_commit_that_git_subtree_gives_it(tmp_path, seed):
    repository = tmp_path / "mono"
    build(repository, seed, deletes=False)
    told = {one.name: one for one in split(repository, "product")}
    assert set(told) <= set(FOLDERS)
    for name, one in told.items():
        assert one.sha == subtree(repository, name), name
        assert one.history == "complete"


@pytest.mark.parametrize("seed", range(1000, 1000 + HISTORIES))
def test_no_commit_of_a_split_is_one_of_the_monorepo_even_where_a_folder_went_and_came_back(tmp_path, seed):
    repository = tmp_path / "mono"
    build(repository, seed, deletes=True)
    own = set(git(repository, "rev-list", "--all").decode().split())
    trees = set(git(repository, "log", "--all", "--format=%T").decode().split())
    for one in split(repository, "product", write=True):
        if one.sha is None:
            continue
        published = git(repository, "log", "--format=%H %T", one.sha).decode().splitlines()
        assert not {line.split()[0] for line in published} & own
        assert not {line.split()[1] for line in published} & trees
        assert one.commits == len(published)
        if one.history == "complete":
            assert one.sha == subtree(repository, one.name)


def test_a_folder_that_came_back_says_so_or_is_refused(tmp_path):
    repository = tmp_path / "mono"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    folder = repository / "product" / "gone"
    for text in ("one", None, "two"):
        folder.mkdir(parents=True, exist_ok=True)
        if text:
            (folder / "file").write_text(text)
        else:
            (folder / "file").unlink()
        (repository / "other").write_text(str(text))
        git(repository, "add", "-A")
        git(repository, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", str(text))
    (skipped,) = split(repository, "product", write=True)
    assert (skipped.history, skipped.commits) == ("gap_skipped", 2)
    assert skipped.sha != subtree(repository, "gone")
    (refused,) = split(repository, "product", on_gap="refuse")
    assert (refused.sha, refused.problem) == (None, "history_gap")


def test_the_second_run_reads_only_what_is_new_and_says_the_same(tmp_path):
    repository, state = tmp_path / "mono", tmp_path / "state"
    build(repository, 7, deletes=False)
    first = split(repository, "product", state=state)
    read: list[int] = []
    again = split(repository, "product", state=state, on_progress=read.append)
    assert [(one.name, one.sha) for one in again] == [(one.name, one.sha) for one in first]
    assert all(one.reused == one.commits for one in again)
    assert sum(read) <= 1
    (repository / "product").mkdir(exist_ok=True)
    git(repository, "reset", "-q", "--hard")
    (repository / "product" / "alpha" / "new").parent.mkdir(parents=True, exist_ok=True)
    (repository / "product" / "alpha" / "new").write_text("new")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "new")
    grown = {one.name: one for one in split(repository, "product", state=state)}
    assert grown["alpha"].sha == subtree(repository, "alpha")


@pytest.mark.parametrize("source_dir", ["/product", "../product", "product/../x"])
def test_a_source_folder_outside_the_repository_is_refused(tmp_path, source_dir):
    repository = tmp_path / "mono"
    build(repository, 1, deletes=False)
    with pytest.raises(Fault):
        split(repository, source_dir)


def test_unknown_projects_are_all_named(tmp_path):
    repository = tmp_path / "mono"
    build(repository, 1, deletes=False)
    with pytest.raises(Fault) as refused:
        split(repository, "product", ["alpha", "nowhere", "no where"])
    assert refused.value.reason == "unknown_project"
    assert refused.value.fields["unknown"] == ("no%20where", "nowhere")


def test_a_shallow_clone_is_refused(tmp_path):
    repository = tmp_path / "mono"
    build(repository, 1, deletes=False)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    with pytest.raises(Fault):
        split(tmp_path / "shallow", "product")
