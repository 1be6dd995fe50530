"""Is every commit of our split that of the installed `git subtree split`? For real repositories, folder by folder.

`python -m benchmarks.split_identity [--commits N] [--folders N] [REPOSITORY SOURCE_DIR]...`. Each repository is
cloned beside its objects (it is only read), taken at the first commit that has N commits behind it (0: its HEAD), and
some of its folders are split by both. git subtree takes 10 to 30 ms a commit and folder. Ends with 1 if a folder
differs without git subtree having published a commit of the monorepo. Without arguments: a generated repository.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.monorepo import SOURCE, git, make_monorepo
from tasks.splitting import Split, split


def main(arguments: list[str]) -> int:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if len(asked.repositories) % 2:
        parser.error("each repository needs its source folder behind it")
    with tempfile.TemporaryDirectory(prefix="watchkeeper-identity-") as name:
        folder = Path(name)
        pairs = list(zip(asked.repositories[::2], asked.repositories[1::2], strict=True))
        if not pairs:
            pairs = [(str(make_monorepo(folder / "generated", 300, 4)), SOURCE)]
        words = Counter(
            word
            for number, (repository, source) in enumerate(pairs)
            for word in _compared(_cloned(Path(repository), folder / f"clone{number}"), source, asked)
        )
    print(f"folders: {', '.join(f'{count} {word}' for word, count in sorted(words.items()))}")
    return 1 if words["DIFFERENT"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.split_identity")
    parser.add_argument("--commits", type=int, default=0, help="history up to about so many commits (0: all)")
    parser.add_argument("--folders", type=int, default=4, help="so many folders of each repository (0: all)")
    parser.add_argument("--at-once", type=int, default=2, help="so many git subtree at a time")
    parser.add_argument("repositories", nargs="*", metavar="REPOSITORY SOURCE_DIR", help="pairs of the two")
    return parser


def _cloned(repository: Path, to: Path) -> Path:
    subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", str(repository), str(to)], check=True)
    return to


def _compared(repository: Path, source: str, asked: argparse.Namespace) -> list[str]:
    tip = _commit_with(repository, asked.commits)
    commits, merges = (git(repository, "rev-list", "--count", *more, tip) for more in ([], ["--merges"]))
    started = time.perf_counter()
    ours = [one for one in split(repository, source, tip=tip, write=True) if one.sha]
    seconds = time.perf_counter() - started
    some = ours[:: max(1, len(ours) // asked.folders)][: asked.folders] if asked.folders else ours
    print(f"{source}: {commits} commits, {merges} of them merges; ours for {len(ours)} folders {seconds:.2f} s")
    with ThreadPoolExecutor(asked.at_once) as pool:
        return list(pool.map(partial(_compared_folder, repository, tip), some))


def _commit_with(repository: Path, commits: int) -> str:
    """The first commit of the main line that has so many commits behind it."""
    line = git(repository, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    low, high = 0, len(line) - 1
    while commits and low < high:
        middle = (low + high) // 2
        if int(git(repository, "rev-list", "--count", line[middle])) < commits:
            low = middle + 1
        else:
            high = middle
    return line[high]


def _compared_folder(repository: Path, tip: str, ours: Split) -> str:
    (repository / ours.prefix).mkdir(parents=True, exist_ok=True)  # git subtree wants to see the folder
    started = time.perf_counter()
    done = subprocess.run(
        ["git", "subtree", "split", "-q", f"--prefix={ours.prefix}", tip],
        cwd=repository,
        capture_output=True,
        check=False,
    )
    word = _word(repository, tip, ours, done.stdout.decode().strip())
    seconds = time.perf_counter() - started
    print(f"  {word:<22} {ours.prefix:<40} {ours.commits:>6} commits, {ours.history}, git subtree {seconds:.0f} s")
    return word


def _word(repository: Path, tip: str, ours: Split, theirs: str) -> str:
    if theirs == ours.sha:
        return "equal"
    if not theirs:
        return "git subtree gave up"
    monorepo, published = (set(git(repository, "rev-list", sha).split()) for sha in (tip, theirs))
    return "git subtree leaks" if monorepo & published and ours.history == "gap_skipped" else "DIFFERENT"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
