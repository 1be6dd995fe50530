"""A generated monorepo with side branches and merges, for the benchmarks that need one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

SOURCE = "product"
_EVERY = 12  # commits from one side branch to the next
_START = 1_600_000_000


def git(repository: Path, *arguments: str, given: bytes = b"") -> str:
    """What git prints."""
    done = subprocess.run(["git", "-C", str(repository), *arguments], input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


def make_monorepo(path: Path, commits: int, folders: int) -> Path:
    """A repository with that many commits, each in one of the folders, every tenth or so a merge."""
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main", ".")
    git(path, "fast-import", "--quiet", given="".join(_commands(commits, folders)).encode())
    return path


def _commands(commits: int, folders: int) -> Iterator[str]:
    """The stream of `git fast-import`; commit n has mark n."""
    tip = 0
    side = 0
    for number in range(1, commits + 1):
        place = number % _EVERY
        merge = ""
        if place == 5 and tip:  # leaves the main line; merged six commits later
            side = number
            yield _commit(number, "side", folders, f"from :{tip}\n")
            continue
        if place == 11 and side:
            merge, side = f"merge :{side}\n", 0
        yield _commit(number, "main", folders, (f"from :{tip}\n" if tip else "") + merge)
        tip = number


def _commit(number: int, branch: str, folders: int, after: str) -> str:
    message = f"change {number}\n\nOne file of one project.\n"
    content = f"{number}\n"
    return (
        f"commit refs/heads/{branch}\nmark :{number}\n"
        f"committer Ada Lovelace <ada@example.org> {_START + number * 60} +0200\n"
        f"data {len(message)}\n{message}\n{after}"
        f"M 100644 inline {SOURCE}/project{number * 7 % folders:02d}/file{number % 5}\n"
        f"data {len(content)}\n{content}\n"
    )
