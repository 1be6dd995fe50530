"""An empty repository of its own for every talk with Gitea: nothing of the monorepo's configuration is read there."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.gitea.environment import git_environment
from tasks.rules.publishing.answers import git_fault, unreachable
from tasks.splitting.plumbing import environment, git_failed

GIT_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Scratch:
    """A bare repository that is gone afterwards."""

    folder: Path

    def ask(self, *arguments: str) -> bytes:
        """What git prints; a failure is the fault that its words mean."""
        done = self.tried(*arguments)
        if done.returncode != 0:
            raise git_fault(_words(done))
        return done.stdout

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--git-dir=.", *arguments]
        return _bounded(command, self.folder, git_environment(self.folder / "home"))


@contextmanager
def scratch_repository(objects_of: Path | None = None) -> Iterator[Scratch]:
    """A fresh one; with `objects_of` it can also see, but not change, the objects of that repository."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-gitea-") as name:
        scratch = Scratch(Path(name))
        (scratch.folder / "home").mkdir()
        scratch.ask("init", "--quiet", "--bare", "--template=", ".")
        if objects_of is not None:
            borrowed = scratch.folder / "objects" / "info" / "alternates"
            borrowed.parent.mkdir(exist_ok=True)
            borrowed.write_bytes(_objects(objects_of) + b"\n")
        yield scratch


def _objects(repository: Path) -> bytes:
    asked = ["git", "rev-parse", "--path-format=absolute", "--git-path", "objects"]
    done = subprocess.run(asked, cwd=repository, capture_output=True, check=False, env=environment())
    if done.returncode != 0:
        raise git_failed("rev-parse")
    return os.fsencode(os.path.realpath(done.stdout.rstrip(b"\n")))


def _bounded(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """The program in a session of its own: no terminal to ask at, and all of it ends when its time is over."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    ) as git:
        try:
            out, err = git.communicate(timeout=GIT_TIMEOUT_S)
        except BaseException as cut:
            os.killpg(git.pid, signal.SIGKILL)
            if isinstance(cut, subprocess.TimeoutExpired):
                raise unreachable() from None
            raise
    return subprocess.CompletedProcess(command, git.returncode, out, err)


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode("utf-8", "replace")
