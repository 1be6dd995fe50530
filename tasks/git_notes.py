"""A note about a file in the git repository it lies in: outside of the file, and with a history of its own.

The note hangs on a blob that holds the file's name, so it needs no commit and stays while the branches move.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from git import GitError, Repo

log = logging.getLogger("prefect.watchkeeper")
_REF = "refs/notes/watchkeeper-journal"
_SIGNED = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "watchkeeper"), ("EMAIL", "watchkeeper"))
}


def put_note(file: Path, text: str) -> None:
    """Note the text about the file; outside of a repository, or where git refuses, only the log hears of it."""
    with _repository_of(file) as repository:
        if repository is not None:
            with repository.git.custom_environment(**_SIGNED):
                blob = _blob(repository, file)
                repository.git.notes("--ref", _REF, "add", "--force", "--message", text, blob)


def read_note(file: Path) -> str | None:
    """What was noted about the file; None if nothing was, or there is no repository."""
    with _repository_of(file) as repository:
        if repository is not None:
            blob = _blob(repository, file)
            if blob in repository.git.notes("--ref", _REF, "list").split():
                return str(repository.git.notes("--ref", _REF, "show", blob))
    return None


def _blob(repository: Repo, file: Path) -> str:
    name = file.resolve().relative_to(Path(repository.working_dir).resolve()).as_posix()
    with tempfile.TemporaryFile() as content:
        content.write(name.encode())
        content.seek(0)
        return str(repository.git.hash_object("-w", "--stdin", istream=content))


@contextmanager
def _repository_of(file: Path) -> Iterator[Repo | None]:
    """The repository around the file, or None; what git refuses inside the block is logged and leaves it."""
    try:
        repository = Repo(file.resolve().parent, search_parent_directories=True)
    except (GitError, OSError):
        repository = None
    try:
        yield repository
    except (GitError, OSError, ValueError) as error:
        log.warning("no note in the journal's repository (%s)", type(error).__name__)
    finally:
        if repository is not None:
            repository.close()
