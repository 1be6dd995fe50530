"""Random monorepos, written by `git fast-import`: merges, octopus merges, odd names and odd messages."""

import random
import subprocess
from pathlib import Path

FOLDERS = ("alpha", "b c", "-dash", "quo'te")
_AUTHORS = (
    b"Ann Example <ann@example.org>",
    b"  .Bob, Jr.; <bob@example.org>",
    "Jos\u00e9 <jose@example.org>".encode(),
    b"back\\slash <x@example.org>",
    b"no mail <>",
)
_ZONES = (b"+0000", b"-0000", b"+0530", b"-1145", b"+1400")
_MESSAGES = (
    b"one line\n",
    b"no final newline",
    b"\n\nblank lines in front\n\nbody\n",
    b"windows\r\n\r\nbody\r\n",
    b"",
    b"latin \xe9\n",
    "caf\u00e9 \u20ac\n".encode(),
)


def git(repository: Path, *arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], input=given, capture_output=True, check=True
    ).stdout


def build(repository: Path, seed: int, *, deletes: bool) -> None:
    """A history of 8 to 40 commits on `main`; with `deletes` folders go and may come back."""
    rng = random.Random(seed)
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    stream = b"".join(_commit(rng, mark, deletes) for mark in range(1, rng.randint(8, 40) + 1))
    git(repository, "fast-import", "--quiet", "--force", given=stream)
    git(repository, "reset", "-q", "--hard")


def _commit(rng: random.Random, mark: int, deletes: bool) -> bytes:
    head, message = f"commit refs/heads/main\nmark :{mark}\n".encode(), rng.choice(_MESSAGES)
    moment = b"%d " % (1_600_000_000 + mark * rng.choice((1, 60, 3600)))
    author = b"author " + rng.choice(_AUTHORS) + b" " + moment + rng.choice(_ZONES) + b"\n"
    committer = b"committer " + rng.choice(_AUTHORS) + b" " + moment + rng.choice(_ZONES) + b"\n"
    data = b"data %d\n" % len(message) + message + b"\n"
    return head + author + committer + data + _parents(rng, mark) + _changes(rng, mark, deletes) + b"\n"


def _parents(rng: random.Random, mark: int) -> bytes:
    """Mostly a line, now and then a side branch, a merge or an octopus."""
    if mark == 1:
        return b""
    count = rng.choice((1, 1, 1, 2, 2, 3))
    recent = list(range(max(1, mark - 8), mark))
    first, *others = dict.fromkeys([mark - 1, *rng.sample(recent, min(count, len(recent)))])
    return b"from :%d\n" % first + b"".join(b"merge :%d\n" % other for other in others[: count - 1])


def _changes(rng: random.Random, mark: int, deletes: bool) -> bytes:
    kind = rng.random()
    folder = f"product/{rng.choice(FOLDERS)}"
    if deletes and kind < 0.25:
        return f'D "{folder}"\n'.encode()
    if kind < 0.15:
        return b""
    path = rng.choice((f"{folder}/f{rng.randint(0, 3)}", f"{folder}/deep/er/f", "elsewhere/file"))
    content = str(rng.randint(0, 5) if rng.random() < 0.3 else mark).encode()
    return f'M 100644 inline "{path}"\n'.encode() + b"data %d\n" % len(content) + content + b"\n"
