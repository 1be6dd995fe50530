"""Splitting folders out of a monorepo: cold, warm, one folder, and how far from what reading alone costs.

`python -m benchmarks.split [repository source-dir [rounds]]`; without arguments a generated repository. It is cloned
beside its objects and never written to. splitsh-lite takes part where it is installed. git subtree splits one folder
of the first 800 commits, once: it takes 10 to 30 ms a commit. The limit is `git log` of ids and dates and
`git cat-file` of the same folders, without any thought about them.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measuring import interleaved, report
from benchmarks.monorepo import SOURCE, git, make_monorepo
from tasks.splitting import split

NEW = 100
PEER_COMMITS = 800
Sides = dict[str, Callable[[], object]]


def main(repository: str = "", source: str = SOURCE, rounds: str = "3") -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        folder = Path(name)
        original = Path(repository) if repository else make_monorepo(folder / "generated", 42_500, 38)
        clone = folder / "clone"
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", str(original), str(clone)], check=True)
        names = [one.name for one in split(clone, source)]
        print(f"{git(clone, 'rev-list', '--count', 'HEAD')} commits, {len(names)} folders")
        if shutil.which("splitsh-lite") is None:
            print("splitsh-lite is not installed: skipped")
        _all_folders(clone, source, names, int(rounds))
        _warm(clone, source, names, folder, int(rounds))
        _one_folder(clone, source, names[len(names) // 2], folder, int(rounds))
        _beside_git_subtree(clone, source)


def _all_folders(clone: Path, source: str, names: list[str], rounds: int) -> None:
    ours = "ours, cold, nothing written"
    sides: Sides = {
        ours: partial(split, clone, source),
        "limit: git log and cat-file of the folders": partial(_limit, clone, f":{source}", "--batch"),
    }
    report(f"all {len(names)} folders", ours, interleaved(sides | _splitsh(clone, source, names, fresh=True), rounds))


def _warm(clone: Path, source: str, names: list[str], folder: Path, rounds: int) -> None:
    states = {what: folder / what for what in ("now", "before")}
    split(clone, source, names, state=states["now"])
    split(clone, source, names, tip=f"HEAD~{NEW}", state=states["before"])
    news = git(clone, "rev-list", "--count", f"HEAD~{NEW}..HEAD")
    copies = (shutil.copytree(states["before"], folder / f"copy{turn}") for turn in range(rounds))
    ours = "ours, nothing new"
    sides: Sides = {
        ours: partial(split, clone, source, names, state=states["now"]),
        f"ours, {news} new commits": lambda: split(clone, source, names, state=next(copies)),
        "ours, cold": partial(split, clone, source, names),
        "git rev-list --count": partial(git, clone, "rev-list", "--count", "HEAD"),
    }
    report(f"all {len(names)} folders, again", ours, interleaved(sides | _splitsh(clone, source, names), rounds))


def _one_folder(clone: Path, source: str, name: str, folder: Path, rounds: int) -> None:
    split(clone, source, [name], state=folder / "one")
    ours = "ours, cold"
    sides: Sides = {
        ours: partial(split, clone, source, [name]),
        "ours, nothing new": partial(split, clone, source, [name], state=folder / "one"),
        "limit: git log and cat-file of the folder": partial(_limit, clone, f":{source}/{name}", "--batch-check"),
    }
    report("one folder", ours, interleaved(sides | _splitsh(clone, source, [name], fresh=True), rounds))


def _beside_git_subtree(clone: Path, source: str) -> None:
    line = git(clone, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    tip = line[min(PEER_COMMITS, len(line) - 1)]
    folders = [one for one in split(clone, source, tip=tip) if one.sha]
    if not folders:
        print("the first commits have no such folder: git subtree skipped")
        return
    one = max(folders, key=lambda one: one.commits)
    (clone / one.prefix).mkdir(parents=True, exist_ok=True)
    ours = "ours, cold, written"
    sides: Sides = {
        ours: partial(split, clone, source, [one.name], tip, write=True),
        "git subtree split": partial(git, clone, "subtree", "split", "-q", f"--prefix={one.prefix}", tip),
    }
    commits = git(clone, "rev-list", "--count", tip)
    report(f"one folder of the first {commits} commits", ours, interleaved(sides, 1))


def _limit(clone: Path, path: str, way: str) -> None:
    """Every commit's ids, then what git says of the path in each, both read to their end."""
    listed = git(clone, "log", "--topo-order", "--reverse", "--format=%T %H %P %at %ct", "HEAD").splitlines()
    asked = "".join(f"{line[:40]}{path}\n" for line in listed).encode()
    subprocess.run(
        ["git", "-C", str(clone), "cat-file", "--buffer", way], input=asked, capture_output=True, check=True
    )


def _splitsh(clone: Path, source: str, names: list[str], *, fresh: bool = False) -> Sides:
    if shutil.which("splitsh-lite") is None:
        return {}
    return {"splitsh-lite, folder by folder": partial(_by_splitsh, clone, source, names, fresh=fresh)}


def _by_splitsh(clone: Path, source: str, names: list[str], *, fresh: bool) -> None:
    for name in names:
        command = ["splitsh-lite", f"--prefix={source}/{name}", *(["--scratch"] if fresh else [])]
        subprocess.run(command, cwd=clone, capture_output=True, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
