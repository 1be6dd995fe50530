"""Folders that came in by `git subtree add` or went back by `--rejoin`: the trailers settle what stands for what."""

import pytest

from tasks.splitting import split
from tests.tasks.splitting.raw_git import RawGit, subtree_split


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "library"
    path.mkdir()
    library = RawGit(path)
    for number in range(3):
        (path / "lib.txt").write_text(f"{number}\n")
        library.git("add", "-A")
        library.git("commit", "-q", "-m", f"library {number}")
    return library


def grow(library: RawGit, text: str) -> None:
    (library.path / "lib.txt").write_text(text)
    library.git("commit", "-qam", f"library {text}")


def agreed(repo: RawGit, name: str = "lib") -> str:
    ours = split(repo.path, "product", [name], write=True)[0]
    assert ours.sha
    assert ours.sha == subtree_split(repo.path, f"product/{name}")
    return ours.sha


def subtree(repo: RawGit, command: str, library: RawGit, *options: str) -> None:
    repo.git("subtree", command, "-q", "--prefix=product/lib", *options, str(library.path), "main")


@pytest.mark.parametrize("squash", [(), ("--squash",)], ids=["whole", "squashed"])
def test_an_added_library_keeps_its_own_commits(repo, write, library, squash):
    write("product/app/a.txt", "1")
    subtree(repo, "add", library, *squash)
    agreed(repo)
    write("product/lib/own.txt", "changed here")
    write("product/app/a.txt", "2")
    agreed(repo)
    grow(library, "grown")
    subtree(repo, "pull", library, *squash, "-m", "pull the library")
    write("product/lib/own.txt", "changed again")
    sha = agreed(repo)
    if not squash:
        assert library.git("rev-parse", "HEAD").decode() in repo.git("rev-list", sha).decode().split()


def test_a_rejoined_folder_goes_on_where_it_was_joined(repo, write):
    for number in range(3):
        write("product/lib/a.txt", str(number))
        write("product/app/a.txt", str(number))
    repo.git("subtree", "split", "-q", "--prefix=product/lib", "--rejoin")
    agreed(repo)
    for number in range(3, 6):
        write("product/lib/a.txt", str(number))
        write("product/app/a.txt", str(number))
    first = agreed(repo)
    repo.git("subtree", "split", "-q", "--prefix=product/lib", "--rejoin")
    write("product/lib/a.txt", "last")
    last = agreed(repo)
    assert first in repo.git("rev-list", last).decode().split()


def test_all_folders_together_give_the_same_as_the_joined_one_alone(repo, write, library):
    write("product/app/a.txt", "1")
    subtree(repo, "add", library)
    write("product/lib/own.txt", "changed here")
    together = {one.name: one.sha for one in split(repo.path, "product", write=True)}
    assert together == {"app": agreed(repo, "app"), "lib": agreed(repo, "lib")}


def marked(repo: RawGit, message: str) -> None:
    repo.git("commit", "-q", "--allow-empty", "-m", message)


@pytest.mark.parametrize(
    ("trailers", "problem"),
    [
        ("git-subtree-split: " + "0" * 39 + "1", "join_unresolved"),
        ("git-subtree-split: {old}", "join_leaks"),
        ("git-subtree-mainline: {old}\ngit-subtree-split: {old}", "join_repeated"),
    ],
)
def test_trailers_that_lead_nowhere_or_into_the_monorepo_stop_that_folder_only(repo, write, trailers, problem):
    old = write("product/lib/a.txt", "1")
    write("product/app/a.txt", "1")
    marked(repo, "forged\n\ngit-subtree-dir: product/lib\n" + trailers.format(old=old))
    write("product/lib/a.txt", "2")
    app, lib = split(repo.path, "product")
    assert (lib.sha, lib.problem) == (None, problem)
    assert app.sha == subtree_split(repo.path, "product/app")


def test_a_join_that_answers_for_the_tip_with_another_tree_is_not_published(repo, write, library):
    write("product/app/a.txt", "1")
    subtree(repo, "add", library)
    sub = library.git("rev-parse", "HEAD").decode()
    (repo.path / "product/lib/own.txt").write_text("a squashed pull request that carries old trailers\n")
    repo.git("add", "-A")
    marked(repo, f"merge\n\ngit-subtree-dir: product/lib\ngit-subtree-split: {sub}")
    lib = split(repo.path, "product", ["lib"])[0]
    assert (lib.sha, lib.problem) == (None, "join_differs")
