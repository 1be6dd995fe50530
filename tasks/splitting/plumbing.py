"""git as a program: asked once, or streamed from; always with a fixed argument list."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from tasks.rules.faults import Fault
from tasks.settings import child_environment

# A hook or an outer git sets these; they would answer for another repository than the one that was named.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX")


class Stream(subprocess.Popen[bytes]):
    """A git that runs while it is written to and read from."""

    stdin: IO[bytes]
    stdout: IO[bytes]

    def ended_well(self) -> None:
        if self.wait() != 0:
            raise git_failed(self.args[2])  # type: ignore[index]


def git_failed(command: object) -> Fault:
    return Fault("git_failed", f"git {command} failed; run `git fsck` in the repository to see what is wrong there")


@dataclass(frozen=True, slots=True)
class Git:
    """The repository whose git directory this is; the variables that point git elsewhere have no say."""

    git_dir: str

    def ask(self, *arguments: str, given: bytes = b"", **variables: str) -> bytes:
        """What git prints; a failure is a `Fault` that carries none of its words."""
        done = self.tried(*arguments, given=given, **variables)
        if done.returncode != 0:
            raise git_failed(arguments[0])
        return done.stdout

    def tried(self, *arguments: str, given: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self._command(arguments), input=given, capture_output=True, check=False, env=environment(**variables)
        )

    @contextmanager
    def streaming(self, *arguments: str) -> Iterator[Stream]:
        """The running program; it is ended when the block is left before its end."""
        stream = Stream(
            self._command(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        try:
            yield stream
        finally:
            stream.kill()
            stream.wait()
            stream.stdout.close()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", f"--git-dir={self.git_dir}", *arguments]


def environment(**extra: str) -> dict[str, str]:
    """No question to a terminal, no fetch of objects that a partial clone lacks, no lock for a mere look."""
    inherited = child_environment(GIT_TERMINAL_PROMPT="0", GIT_NO_LAZY_FETCH="1", GIT_OPTIONAL_LOCKS="0", **extra)
    return {name: value for name, value in inherited.items() if name not in _ELSEWHERE}
