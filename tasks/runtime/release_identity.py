"""What a release is on this machine, in keyed digests: its folder, the file of variables, the packages beside it.

Only read: nothing below a release, and no data, is ever touched. What Python and git write by themselves does not
count (runbook 002, Rollback & Release; spec 002, W23).
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.release_identity import Identity
from tasks.runtime.environment_files import write_private
from tasks.runtime.release_link import LINK, RELEASES, started_at
from tasks.services.commands import Place
from tasks.services.declared import env_file_of, environment_of
from tasks.step import step

_NOT_OF_IT = frozenset(("__pycache__", ".git"))
_CLOCK_SLACK_S = 1.0


@step
def identify(place: Place, name: str) -> Identity:
    """The release as it lies there now, with the variables and the packages that it would be started with."""
    key, env_file = _key_of(place), env_file_of(place.service, place.folder)
    with _read_faults():
        return Identity(
            key=_digest(key, [b"key"])[:16],
            content=_digest(key, contents_of(place.folder / RELEASES / name)),
            environment=_digest(key, [env_file.read_bytes()] if env_file else []),
            interpreter=_digest(key, _packages(place)),
        )


@step
def check_as_started(place: Place, name: str) -> None:
    """Refuse to speak for files or variables that were written after the process was started which runs."""
    env_file = env_file_of(place.service, place.folder)
    with _read_faults():
        files = [path for _, path in _files(place.folder / RELEASES / name)]
        written_at = max(path.lstat().st_mtime for path in (*files, *([env_file] if env_file else [])))
    if written_at > started_at(place.service.port) + _CLOCK_SLACK_S:
        raise Refused("changed_since_start", "what runs is not what lies there now: watchkeeper service-restart")


def contents_of(release: Path) -> list[bytes]:
    """A line for each file and link below the folder: its name, whether it is run, what is in it."""
    return [_line_of(named) for named in _files(release)]


def _key_of(place: Place) -> bytes:
    """This machine's key for this service, made when it is first needed, for its owner alone."""
    path = place.own / "release.key"
    if not path.exists():
        with contextlib.suppress(Refused):  # another run has just made it
            write_private.fn(path, secrets.token_hex(32), overwrite=False)
    with _read_faults():
        return bytes.fromhex(path.read_text(encoding="ascii"))


def _digest(key: bytes, chunks: Iterable[bytes]) -> str:
    return hmac.new(key, b"".join(chunks), hashlib.sha256).hexdigest()


def _files(release: Path) -> Iterator[tuple[str, Path]]:
    """Every file and link below it with its name there, always in the same order; no link is followed."""
    for top, folders, files in os.walk(release, onerror=_raised):
        links = [name for name in folders if Path(top, name).is_symlink()]
        folders[:] = sorted(set(folders) - _NOT_OF_IT)
        for name in sorted((*files, *links)):
            if not name.endswith(".pyc"):
                yield os.path.relpath(Path(top, name), release), Path(top, name)


def _raised(error: OSError) -> None:
    raise error


def _line_of(named: tuple[str, Path]) -> bytes:
    """A file by its name, whether it is run, and its bytes; a link by where it leads."""
    name, path = named
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        what = f"link {os.fspath(path.readlink())}"
    elif stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        what = f"{'run' if status.st_mode & stat.S_IXUSR else 'file'} {content}"
    else:
        what = "neither"
    return os.fsencode(f"{name}\0{what}\0")


def _packages(place: Place) -> Iterator[bytes]:
    """What is installed where the start command's interpreter is, if that is an environment outside of a release."""
    program = place.service.start[0]
    found = shutil.which(
        place.folder / program if "/" in program else program,
        path=environment_of(place.service, place.folder).get("PATH"),
    )
    if found is None:
        return
    home = Path(os.path.abspath(found)).parent.parent  # noqa: PTH100  resolve() would follow the link `current`
    if not (home / "pyvenv.cfg").is_file() or place.folder.absolute() / LINK in (home, *home.parents):
        return
    for path in (home / "pyvenv.cfg", *sorted(home.glob("lib/*/site-packages/*.dist-info/RECORD"))):
        yield _line_of((os.path.relpath(path, home), path))


@contextlib.contextmanager
def _read_faults() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, psutil.Error) as error:
        raise Fault(
            "release_unreadable", f"the release, its env file or release.key cannot be read ({type(error).__name__})"
        ) from None
