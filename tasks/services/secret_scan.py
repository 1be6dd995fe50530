"""The secret scan: files of a repository, and what its unpublished commits add (detect-secrets does the finding)."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.scan import scan_file, scan_line
from detect_secrets.settings import default_settings
from dotenv import dotenv_values

from tasks.rules.faults import Fault, Refused
from tasks.rules.services.security import REQUIRED, Allowance, Leak, allowances_in, is_sample
from tasks.settings import child_environment
from tasks.splitting.plumbing import Git
from tasks.step import step


def repository_at(root: Path) -> Git:
    """The repository whose work tree this is."""
    git = Git(str(root / ".git"))
    if git.tried("rev-parse", "--is-inside-work-tree").returncode != 0:
        raise Refused("not_a_repository", "name the work tree of a repository with --repo-root")
    return git


@step
def read_allowances(path: Path) -> tuple[Allowance, ...]:
    """What somebody has answered for; nothing where there is no file."""
    try:
        return allowances_in(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (ValueError, OSError) as wrong:
        raise Refused("allow_list_invalid", f"correct the list of allowed findings: {wrong}") from None


@step
def scan_files(root: Path) -> tuple[list[Leak], int]:
    """Every file that is tracked, or neither tracked nor ignored; and how many there are."""
    listed = _in_tree(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [name for name in dict.fromkeys(listed) if name and _is_plain(root / name)]
    with default_settings():
        leaks = [
            Leak(name, found.line_number, found.type, found.secret_hash)
            for name in files
            for found in scan_file(str(root / name))
        ]
    return leaks, len(files)


@step
def scan_commits(root: Path, base: str | None) -> tuple[list[Leak], int]:
    """What commits since `base` add, though a later one takes it out again; without one, those that no remote has."""
    which = (f"{base}..HEAD",) if base else ("HEAD", "--not", "--remotes")
    if base and (base.startswith("-") or repository_at(root).tried("rev-parse", "--verify", base).returncode != 0):
        raise Refused("git_failed", "name a commit or branch that is there with --base")
    if not base and not _in_tree(root, "for-each-ref", "--count=1", "refs/remotes")[0]:
        return [], 0
    leaks: list[Leak] = []
    commits = 0
    with default_settings():
        for file, line in _added(root, which):
            commits += file is None
            if file is not None:
                leaks += [Leak(file, 0, found.type, found.secret_hash) for found in scan_line(line)]
    return leaks, commits


def _added(root: Path, which: tuple[str, ...]) -> Iterator[tuple[str | None, str]]:
    """Each added line with its file; a commit begins with no file at all."""
    text = repository_at(root).ask(
        "-c",
        "core.quotePath=false",
        "log",
        "-p",
        "-U0",
        "--no-color",
        "--no-ext-diff",
        "--format=commit %H",
        *which,
        "--",
    )
    file: str | None = None
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith("commit "):
            yield None, ""
        elif line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/")
        elif line.startswith("+") and file is not None:
            yield file, line[1:]


def _in_tree(root: Path, *arguments: str) -> list[str]:
    done = repository_at(root).tried(f"--work-tree={root}", *arguments)
    if done.returncode != 0:
        raise Fault("git_failed", f"git {arguments[0]} failed; run `git fsck` in the repository")
    return done.stdout.decode("utf-8", "surrogateescape").split("\0")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


@step
def env_file_in_git(root: Path, name: str) -> tuple[bool, bool]:
    """Whether git has the file, and whether it is told to leave it out."""
    git = repository_at(root)
    tracked = bool(_in_tree(root, "ls-files", "-z", "--cached", "--", name)[0])
    ignored = git.tried(f"--work-tree={root}", "check-ignore", "--quiet", "--no-index", "--", name).returncode == 0
    return tracked, ignored


def look_at_variables(root: Path, env_file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The required variables that are missing, and those that hold a placeholder; the env file fills the gaps.

    No step, and names alone come back: a value must reach neither Prefect nor a caller.
    """
    here = child_environment()
    try:
        filed = dotenv_values(root / env_file, interpolate=False)
    except (OSError, UnicodeDecodeError):
        filed = {}
    values = {name: (here.get(name) or filed.get(name) or "").strip() for name in REQUIRED}
    missing = tuple(name for name, value in values.items() if not value)
    return missing, tuple(name for name, value in values.items() if is_sample(value))
