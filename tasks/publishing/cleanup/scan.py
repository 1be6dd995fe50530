"""How old and how clean every recorded folder is: one status, one history, one walk for all of them together.

Runbook 003, Local Space Conservation Policy. Reads only; no link is followed, and git takes no lock.
"""

import os
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tasks.publishing.cleanup.places import is_plain_folder
from tasks.rules.publishing.cleanup import AHEAD_NS, SECOND_NS, Found, Rule
from tasks.rules.publishing.registry import Key
from tasks.splitting.plumbing import environment, git_failed

_STATUS = (
    "status", "--porcelain=v2", "-z", "--untracked-files=normal", "--ignored=traditional", "--ignore-submodules=none",
    "--no-renames",
)  # fmt: skip
_HISTORY = ("rev-list", "--topo-order", "--reverse", "--parents", "--timestamp")
_CHANGES = ("diff-tree", "--stdin", "-m", "-r", "--root", "--no-renames", "--name-only", "-z")
_FIELDS_BEFORE_PATH = {b"1": 8, b"2": 9, b"u": 10, b"?": 1, b"!": 1}


@dataclass(frozen=True, slots=True)
class Scan:
    """All that is asked about folders: how they are named, and since when a commit counts as recent."""

    root: Path
    head: str
    keys: tuple[Key, ...]
    since: datetime
    now: datetime

    @property
    def sources(self) -> list[str]:
        """The source folders that git may be asked about: none that a link leads to."""
        return sorted(source for source in {source for source, _ in self.keys} if is_plain_folder(self.root, source))


@dataclass(slots=True)
class _Walked:
    newest_ns: int = 0
    nested: bool = False
    problem: Rule | None = None


@dataclass(slots=True)
class _Dirt:
    """The folders that git finds unclean, and the source folders that are unclean as a whole."""

    folders: set[tuple[bytes, bytes]] = field(default_factory=set)
    sources: set[bytes] = field(default_factory=set)


def scan_folders(scan: Scan) -> dict[Key, Found]:
    """What there is of every folder that exists; a key without a folder is left out."""
    sources = scan.sources
    with ThreadPoolExecutor(2) as at_once:
        status = at_once.submit(_dirt, scan.root, sources)
        commits = at_once.submit(_last_commits, scan, sources)
        walked = {key: seen for key in scan.keys if (seen := _walk(scan.root, key))}
        dirt, committed = status.result(), commits.result()
    return {key: _found(key, seen, dirt, committed) for key, seen in walked.items()}


def _found(key: Key, seen: _Walked, dirt: _Dirt, committed: Mapping[tuple[bytes, bytes], int]) -> Found:
    place = _bytes(key)
    return Found(
        folder=True,
        newest_ns=seen.newest_ns,
        committed_s=committed.get(place),
        dirty=place in dirt.folders or place[0] in dirt.sources,
        nested=seen.nested,
        problem=seen.problem,
    )


def _bytes(key: Key) -> tuple[bytes, bytes]:
    return os.fsencode(key[0]), os.fsencode(key[1])


def _walk(root: Path, key: Key) -> _Walked | None:
    """The newest file of the folder, and whether there is a repository inside; None where there is no folder."""
    folder = os.path.join(root, *key)  # noqa: PTH118  thousands of them: Path would take longer than the walk
    if not os.path.lexists(folder):
        return None
    if not is_plain_folder(root, f"{key[0]}/{key[1]}"):
        return _Walked(problem=Rule.UNSAFE_PATH)
    seen = _Walked()
    try:
        for entry in _files(folder, seen):
            seen.newest_ns = max(seen.newest_ns, entry.stat(follow_symlinks=False).st_mtime_ns)
        seen.newest_ns = seen.newest_ns or os.lstat(folder).st_mtime_ns
    except OSError:
        return _Walked(problem=Rule.STAT_FAILED)
    return seen


def _files(folder: str, seen: _Walked) -> Iterator["os.DirEntry[str]"]:
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as there:
            for entry in there:
                if entry.name.lower() == ".git":
                    seen.nested = True
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry


def _dirt(root: Path, sources: Sequence[str]) -> _Dirt:
    """Everything that is changed, untracked, ignored, in conflict, or another repository."""
    wanted = [os.fsencode(source) for source in sources]
    dirt = _Dirt()
    if not sources:
        return dirt
    for path in _dirty_paths(_asked(root, *_STATUS, "--", *sources).split(b"\0")):
        for source in wanted:
            if (source + b"/").startswith(path):  # the source folder itself is untracked or ignored
                dirt.sources.add(source)
            elif path.startswith(source + b"/"):
                dirt.folders.add((source, path[len(source) + 1 :].partition(b"/")[0]))
    return dirt


def _dirty_paths(records: Sequence[bytes]) -> Iterator[bytes]:
    pending = iter(records)
    for record in pending:
        if kind := record[:1]:
            yield record.split(b" ", _FIELDS_BEFORE_PATH[kind])[-1]
            if kind == b"2":
                yield next(pending)


def _last_commits(scan: Scan, sources: Sequence[str]) -> dict[tuple[bytes, bytes], int]:
    """When each folder was last committed to, in seconds, as far as that is recent or in the future."""
    moments = _moments(_asked(scan.root, *_HISTORY, scan.head).splitlines(), scan) if sources else {}
    if not moments:
        return {}
    given = b"".join(sha + b"\n" for sha in moments)
    changes = _asked(scan.root, *_CHANGES, "--", *sources, given=given).split(b"\0")
    return _newest(changes, moments, [os.fsencode(source) for source in sources])


def _moments(commits: Iterable[bytes], scan: Scan) -> dict[bytes, int]:
    """The commits that are recent, or dated in the future, with their moments.

    A commit is no older than its parents, whatever a clock that was behind wrote into it. One that is dated in the
    future keeps its date, which refuses the folders it touched, and lends it to no other commit.
    """
    since, future = int(scan.since.timestamp()), int(scan.now.timestamp()) + AHEAD_NS // SECOND_NS
    known: dict[bytes, int] = {}
    recent: dict[bytes, int] = {}
    for line in commits:
        stamp, sha, *parents = line.split()
        said = int(stamp)
        moment = max((known.get(parent, 0) for parent in parents), default=0)
        known[sha] = moment = moment if said > future else max(moment, said)
        if said > future:
            recent[sha] = said
        elif moment >= since:
            recent[sha] = moment
    return recent


def _newest(
    changes: Iterable[bytes], moments: Mapping[bytes, int], sources: Collection[bytes]
) -> dict[tuple[bytes, bytes], int]:
    newest: dict[tuple[bytes, bytes], int] = {}
    moment = 0
    for text in changes:
        if (said := moments.get(text)) is not None:
            moment = said
            continue
        for source in sources:
            if text.startswith(source + b"/"):
                place = source, text[len(source) + 1 :].partition(b"/")[0]
                newest[place] = max(newest.get(place, 0), moment)
    return newest


def _asked(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git prints about the work tree at `root`; it takes no lock and reads no pattern."""
    done = subprocess.run(
        ["git", "--no-optional-locks", "--literal-pathspecs", *arguments],
        cwd=root, input=given, capture_output=True, check=False, env=environment(),
    )  # fmt: skip
    if done.returncode != 0:
        raise git_failed(arguments[0])
    return done.stdout
