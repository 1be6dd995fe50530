"""Opening the monorepo: is it whole, does it read as expected, and which folders are there to be split?"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.rules.faults import Misconfigured, Refused
from tasks.rules.splitting.names import printable
from tasks.rules.splitting.trees import FOLDER_MODE, entries_in
from tasks.splitting.plumbing import Git, environment, git_failed

_CONFIG = r"^(i18n\.(commitencoding|logoutputencoding)|remote\..*\.partialclonefilter)$"
_UTF8 = ("utf-8", "utf8")


@dataclass(frozen=True, slots=True)
class Monorepo:
    """A repository with the commit to split, and all that its answer depends on besides."""

    git: Git
    common_dir: str
    work_tree: Path | None
    tip: str
    git_version: str
    replaced: str  # replace refs and grafts: they change what every command of git sees


def open_monorepo(repository: Path, tip: str) -> Monorepo:
    """The repository, checked; refuses a shallow clone, a clone without trees and a foreign encoding."""
    git_dir, common_dir, work_tree, shallow = _located(repository)
    if shallow:
        raise Refused("shallow_clone", "fetch the whole history: git fetch --unshallow (in CI: full-depth checkout)")
    git = Git(git_dir)
    with ThreadPoolExecutor(4) as at_once:
        commit = at_once.submit(_commit_at, git, tip)
        config = at_once.submit(git.tried, "config", "-z", "--get-regexp", _CONFIG)
        replaced = at_once.submit(git.ask, "for-each-ref", "--format=%(refname) %(objectname)", "refs/replace/")
        version = at_once.submit(git.ask, "version")
    _check_config(config.result())
    return Monorepo(
        git,
        common_dir,
        work_tree,
        commit.result(),
        version.result().decode().strip(),
        replaced.result().decode() + _grafts(common_dir),
    )


def _located(repository: Path) -> tuple[str, str, Path | None, bool]:
    """The git directory, the one it shares with other work trees, the top of the work tree, whether it is shallow."""
    asked = ("--absolute-git-dir", "--git-common-dir", "--is-shallow-repository", "--show-cdup")
    done = (
        subprocess.run(
            ["git", "rev-parse", *asked], cwd=repository, capture_output=True, check=False, env=environment()
        )
        if repository.is_dir()
        else None
    )
    lines = os.fsdecode(done.stdout).split("\n")[:-1] if done and done.returncode == 0 else []
    if len(lines) not in (len(asked), len(asked) - 1):  # without a work tree there is no last answer
        raise Refused("not_a_repository", "name the folder of a git repository that git itself accepts as one")
    git_dir, common, shallow, *up = lines
    top = (repository / up[0]).resolve() if up else None
    return git_dir, str((repository / common).resolve()), top, shallow == "true"


def _commit_at(git: Git, tip: str) -> str:
    if tip.startswith("-"):
        raise Refused("no_such_commit", "name a branch, a tag or a commit id")
    done = git.tried("rev-parse", "--verify", "--quiet", f"{tip}^{{commit}}")
    if done.returncode != 0:
        raise Refused("no_such_commit", "name a branch, a tag or a commit that exists in the repository")
    return done.stdout.decode().strip()


def _check_config(done: subprocess.CompletedProcess[bytes]) -> None:
    for entry in done.stdout.decode("utf-8", "replace").split("\0"):
        name, _, value = entry.partition("\n")
        if name.startswith("i18n.") and value.lower() not in _UTF8:
            raise Refused("foreign_encoding", f"unset {name} in the git configuration: it changes every new commit")
        if name.startswith("remote.") and not value.startswith("blob:"):
            raise Refused("partial_clone", "the clone lacks trees: clone again without --filter, or with blob:none")


def _grafts(common_dir: str) -> str:
    file = Path(common_dir, "info", "grafts")
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def folder_named(source_dir: str) -> bytes:
    """The source folder as git knows it; absolute, with `..` or with a newline is refused."""
    path = PurePosixPath(source_dir)
    if not source_dir or path.is_absolute() or ".." in path.parts or "\n" in source_dir or "\0" in source_dir:
        raise Misconfigured(
            "invalid_source_dir", "name the source folder relative to the top of the repository, without `..`"
        )
    return os.fsencode("" if source_dir in (".", "./") else path.as_posix())


def source_entries(repo: Monorepo, folder: bytes) -> list[tuple[int, bytes, str]]:
    """Mode, name and id of everything in the source folder of the commit."""
    done = repo.git.tried("cat-file", "--batch", given=f"{repo.tip}:".encode() + folder + b"\n")
    if done.returncode != 0:
        raise git_failed("cat-file")
    head, _, content = done.stdout.partition(b"\n")
    if b" tree " not in head[40:46]:
        raise Refused("source_dir_missing", "the commit has no folder of that name: see --source-dir")
    return entries_in(content[:-1])


def chosen_folders(repo: Monorepo, folder: bytes, projects: Sequence[str] | None) -> list[str]:
    """The names to split, sorted: every sub-folder of the commit, or the wanted ones if all of them are there."""
    there = {os.fsdecode(name) for mode, name, _ in source_entries(repo, folder) if mode == FOLDER_MODE}
    return sorted(there if projects is None else wanted_of(there, projects))


def wanted_of(there: Iterable[str], projects: Iterable[str]) -> set[str]:
    """The wanted projects; refuses, naming all of them, when some are not there."""
    if unknown := sorted(set(projects) - set(there)):
        named = tuple(map(printable, unknown))
        raise Refused("unknown_project", f"the commit has no folder {', '.join(named)}", unknown=named)
    return set(projects)
