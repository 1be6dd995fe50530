"""The history of a monorepo as a stream: each commit with the tree of every wanted folder, parents first.

One `git log` tells of the commits, one `git cat-file` looks the folders up, and both run while the rules here work.
Nothing that a repository may name reaches git as an option or a pattern: ids and paths go in as data.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Queue

from tasks.rules.splitting.mapping import Commit, Trees
from tasks.rules.splitting.texts import FIELDS
from tasks.rules.splitting.trees import Forest
from tasks.splitting.plumbing import Git, Stream, git_failed

LOG = (
    "log", "-z", "--topo-order", "--reverse", "--no-show-signature", "--no-color", "--no-notes", "--encoding=UTF-8",
    "--date=raw", f"--format=%H %T %P%n{FIELDS}",
)  # fmt: skip
JOIN_MARK = b"git-subtree-dir:"
_CHUNK = 1 << 17
# What may wait bounds the memory. It has to be more than cat-file keeps back in its buffer, counted in records: git
# log may hand out its first records one by one, and 64 short answers fill no buffer.
_BATCH, _AHEAD = 512, 16
_KINDS = (b"tree", b"blob", b"commit", b"tag")


class JoinSeen(Exception):
    """The history has a mark of an earlier join, which has to be known before the first commit is mapped."""


def read_history(
    git: Git, folder: bytes, names: Sequence[bytes], revisions: Sequence[bytes], *, stop_at_joins: bool
) -> Iterator[tuple[Commit, Trees]]:
    """Every commit of `revisions` (as `git rev-list` takes them) with the trees of `folder/name` for each name."""
    look_up = _one_folder if len(names) == 1 and b"\n" not in names[0] else _many_folders
    wanted, options, answers = look_up(folder, names)
    empty: list[bytes] = []  # root trees that have none of the folders
    with git.streaming(*LOG, "--stdin") as log, git.streaming("cat-file", "--buffer", *options) as lookups:
        log.stdin.write(b"".join(revision + b"\n" for revision in revisions))
        log.stdin.close()
        trees_of = answers(lookups)
        with _records(log, lookups, wanted) as batches:
            for records in batches:
                if stop_at_joins and any(JOIN_MARK in record for record in records):
                    raise JoinSeen
                for record in records:
                    commit, trees = commit_of(record), trees_of()
                    if not any(trees):
                        empty.append(commit.root)
                    yield commit, trees
        log.ended_well()
        lookups.ended_well()
        _check_present(git, empty)


def _check_present(git: Git, roots: Sequence[bytes]) -> None:
    """A tree that is missing looks like a tree without the folder; make sure that it was the latter."""
    if roots and b" missing" in git.ask("cat-file", "--buffer", "--batch-check", given=b"\n".join(roots)):
        raise git_failed("cat-file")


def commit_of(record: bytes) -> Commit:
    return Commit(record[:40], record[41:81], tuple(record[82 : record.index(b"\n")].split()), record)


@contextmanager
def _records(log: Stream, lookups: Stream, wanted: bytes) -> Iterator[Iterator[list[bytes]]]:
    """Batches of records; each is asked for at `lookups` as it comes out."""
    batches: Queue[list[bytes] | None] = Queue(_AHEAD)
    stopped = threading.Event()

    def feed() -> None:
        rest, records = b"", list[bytes]()
        try:
            while not stopped.is_set() and (chunk := log.stdout.read(_CHUNK)):
                *more, rest = (rest + chunk).split(b"\0")
                records += more
                if len(records) >= _BATCH:
                    ask(records)
                    records = []
            ask(records)
            lookups.stdin.close()
        except (BrokenPipeError, ValueError):
            log.kill()  # a lookup that died is reported by its exit code
        finally:
            batches.put(None)

    def ask(records: list[bytes]) -> None:
        batches.put(records)  # first: who reads the answers must not wait for the end of the questions
        lookups.stdin.write(b"".join([record[41:81] + wanted for record in records]))

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        yield iter(batches.get, None)
    finally:
        _end(feeder, stopped, log, lookups, batches)


def _end(
    feeder: threading.Thread,
    stopped: threading.Event,
    log: Stream,
    lookups: Stream,
    batches: "Queue[list[bytes] | None]",
) -> None:
    """Whoever left early leaves a feeder that may wait for any of the three: let it go on to its end."""
    if feeder.is_alive() and not batches.empty():
        stopped.set()
        log.kill()
        lookups.kill()
    while feeder.is_alive():
        with suppress(Empty):
            batches.get(timeout=0.01)


Answer = Callable[[], Trees]
LookUp = tuple[bytes, tuple[str, ...], Callable[[Stream], Answer]]


def _one_folder(folder: bytes, names: Sequence[bytes]) -> LookUp:
    """Ask for the folder itself: only its id comes back."""
    known: dict[bytes, Trees] = {}

    def answers(lookups: Stream) -> Answer:
        readline = lookups.stdout.readline

        def answer() -> Trees:
            line = readline()
            if line not in known:
                known[line] = (bytes.fromhex(line[5:45].decode()) if line.startswith(b"tree ") else b"",)
            return known[line]

        return answer

    path = folder + b"/" + names[0] if folder else names[0]
    return b":" + path + b"\n", ("--batch-check=%(objecttype) %(objectname)",), answers


def _many_folders(folder: bytes, names: Sequence[bytes]) -> LookUp:
    """Ask for the folder that holds them all and take every id out of it."""
    forest = Forest(names)
    nothing = (b"",) * len(names)
    known: dict[bytes, Trees] = {}

    def answers(lookups: Stream) -> Answer:
        readline, read = lookups.stdout.readline, lookups.stdout.read

        def answer() -> Trees:
            head = readline()
            kind, _, rest = head.partition(b" ")
            if rest[40:41] != b" " or kind not in _KINDS:
                return nothing
            content = read(int(rest[41:]) + 1)
            if head not in known:
                known[head] = forest.trees(content[:-1]) if kind == b"tree" else nothing
            return known[head]

        return answer

    return b":" + folder + b"\n", ("--batch=%(objecttype) %(objectname) %(objectsize)",), answers
