"""What it costs to see how old and how clean every folder of a monorepo is, beside git asked folder by folder.

    python -m benchmarks.cleanup_scan [folders] [commits] [rounds]

Ours looks at every folder: newest file, last commit, changed, untracked, ignored, nested. The bare `git status` looks
at the index alone and is the limit; git folder by folder (status and last commit) is asked for the first 50 and
counted up.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.measuring import interleaved, report
from tasks.publishing.cleanup.scan import Scan, scan_folders

FILES, ASKED = 5, 50
_COMMITS_A_DAY = 2.6
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
SINCE = NOW - timedelta(days=45)


def main(folders: int = 2_000, commits: int = 4_000, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        root = _made(Path(folder) / "monorepo", folders, commits)
        scan = Scan(root, _git(root, "rev-parse", "HEAD").strip(), _keys(folders), SINCE, NOW)
        found = scan_folders(scan)
        active = sum(one.committed_s is not None for one in found.values())
        print(f"{len(found)} folders, {active} committed to since, {sum(one.dirty for one in found.values())} dirty")
        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: scan_folders(scan),
            "bare git status": lambda: _git(root, "status"),
            "one status and one log --name-only --since": lambda: (_status(root), _log(root)),
            f"git for each of {ASKED} folders": lambda: [_one(root, *key) for key in scan.keys[:ASKED]],
        }
        seconds = interleaved(sides, rounds)
        each = f"git for each of {folders} folders (counted up)"
        seconds[each] = [value * folders / ASKED for value in seconds[f"git for each of {ASKED} folders"]]
        report(f"{folders} folders, {folders * FILES} files, {commits} commits", "ours", seconds)


def _keys(folders: int) -> tuple[tuple[str, str], ...]:
    return tuple(("product", f"project-{number:04d}") for number in range(folders))


def _status(root: Path) -> str:
    return _git(root, "status", "--porcelain=v2", "-z", "--ignored")


def _log(root: Path) -> str:
    return _git(root, "log", "--no-renames", "--name-only", "--format=%ct", f"--since={SINCE.isoformat()}", "-z")


def _one(root: Path, *key: str) -> str:
    path = "/".join(key)
    _git(root, "status", "--porcelain", "--ignored", "--", path)
    return _git(root, "log", "-1", "--format=%ct", "--", path)


def _made(root: Path, folders: int, commits: int) -> Path:
    root.mkdir()
    _git(root, "init", "-q", "-b", "main", ".")
    stream = "".join(_history(folders, commits)).encode()
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream, check=True)
    _git(root, "reset", "-q", "--hard", "main")
    for number in range(4):
        (root / f"product/project-{number * 7:04d}/file0").write_text("changed", encoding="utf-8")
    _git(root, "status")
    return root


def _history(folders: int, commits: int) -> Iterator[str]:
    """All files first, then a commit a change, the last one at `NOW`."""
    for number in range(commits):
        moment = int((NOW - timedelta(days=(commits - number - 1) / _COMMITS_A_DAY)).timestamp())
        yield f"commit refs/heads/main\ncommitter Ada <ada@example.org> {moment} +0000\ndata 6\nchange\n"
        changed = range(folders) if number == 0 else [number * 7 % folders]
        for folder in changed:
            for file in range(FILES if number == 0 else 1):
                text = f"{folder} {file} {number}\n"
                yield f"M 100644 inline product/project-{folder:04d}/file{file}\ndata {len(text)}\n{text}\n"


def _git(root: Path, *arguments: str) -> str:
    run = partial(subprocess.run, check=True, capture_output=True, text=True)
    return str(run(["git", "-C", str(root), *arguments]).stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
