"""The files of variables that a runtime starts with: a sample written, a file read and looked at.

python-dotenv reads them; here nothing is filled in from the environment, and no value is kept anywhere.
"""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path

from dotenv.parser import parse_stream

from tasks.clock import utc_now
from tasks.files import sync_folder
from tasks.folders import disk_faults
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.environment import Assignment, Given, store_keys
from tasks.rules.guard.profiles import Profile, profile_of
from tasks.rules.guard.secrets_store import store_problems
from tasks.rules.guard.variable import Holds
from tasks.rules.guard.variables import KNOWN, is_name
from tasks.step import step

LARGEST = 1 << 20


@step(retries=0)  # what is there already is not overwritten by a second try
def write_private(path: Path, text: str, *, overwrite: bool) -> None:
    """Put the text there in one move, for its owner alone; a file that is there stays unless told otherwise."""
    with disk_faults("artifact_not_written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if overwrite:
                temporary.replace(path)
            else:
                os.link(temporary, path)
        except FileExistsError:
            raise Refused("file_exists", "give another --out, or --overwrite if nothing in it is needed") from None
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


@step
def read_environment(path: Path, profile: Profile, folder: Path | None = None, other: Path | None = None) -> Given:
    """The file as it will be given to the runtime that starts in `folder` (else beside the file).

    `other` is the file of another profile; of it and of both secrets stores only the keys are taken.
    """
    assignments, bad_lines = _lines_of(path)
    at = folder or path.absolute().parent
    store, exposed = _store_of(assignments, at)
    if _holds_secrets(assignments) and _is_exposed(path):
        exposed = (*exposed, "file")
    return Given(
        assignments,
        stored=store_keys(profile, store or {}),
        other=_keys_of(other, at) if other else (),
        bad_lines=bad_lines,
        unwritable=tuple(
            one.name for one in assignments if _is_path(one) and not _is_writable(at / one.value.strip())
        ),
        exposed=exposed,
        in_store=store_problems(profile, store, _tokens(assignments), utc_now()) if _names_store(assignments) else (),
    )


@step
def environment_digest(path: Path) -> str:
    """The SHA-256 of the file, by which a check of it and the plan of a promotion speak of the same one."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("env_file_missing", "there is no such file; watchkeeper env-sample makes one") from None
    except OSError as error:
        raise Fault("env_file_unreadable", f"it cannot be read ({type(error).__name__})") from None


def _lines_of(path: Path) -> tuple[tuple[Assignment, ...], tuple[int, ...]]:
    try:
        if path.stat().st_size > LARGEST:
            raise Refused("env_file_unreadable", "this is too large for a file of variables")
        with path.open(encoding="utf-8") as file:
            bindings = [one for one in parse_stream(file) if one.key is not None or one.error]
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("env_file_missing", "there is no such file; watchkeeper env-sample makes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Fault("env_file_unreadable", f"the file of variables cannot be read ({type(error).__name__})") from None
    good = [one for one in bindings if one.key and is_name(one.key) and one.value is not None]
    bad = tuple(one.original.line for one in bindings if one not in good)
    return tuple(Assignment(str(one.key), str(one.value), one.original.line) for one in good), bad


def _store_of(assignments: tuple[Assignment, ...], at: Path) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """The store that the file names, None if it is not there, and whether others may read it."""
    named = _names_store(assignments)
    if not named or not (at / named).is_file():
        return None, ()
    path = at / named
    try:
        store = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Fault("store_unreadable", f"the secrets store cannot be read ({type(error).__name__})") from None
    if not isinstance(store, dict):
        raise Fault("store_unreadable", "the secrets store is one JSON object")
    return store, ("SECRETS_STORE_PATH",) if _is_exposed(path) else ()


def _names_store(assignments: tuple[Assignment, ...]) -> str:
    named = [one.value.strip() for one in assignments if one.name == "SECRETS_STORE_PATH" and one.value.strip()]
    return named[-1] if named else ""


def _tokens(assignments: tuple[Assignment, ...]) -> tuple[str, ...]:
    """The tokens of the environment itself, to be compared with those of its operators."""
    tokens = (one.value.strip() for one in assignments if one.name in ("API_TOKEN", "APPROVE_TOKEN"))
    return tuple(token for token in tokens if token)


def _keys_of(path: Path, at: Path) -> tuple[Assignment, ...]:
    assignments, _ = _lines_of(path)
    said = [profile_of(one.value) for one in assignments if one.name == "EXEC_PROFILE"]
    store, _ = _store_of(assignments, at)
    stored = store_keys((said and said[-1]) or Profile.PAPER, store or {})
    return (*(one for one in assignments if "TOKEN" not in one.name), *stored)


def _holds_secrets(assignments: tuple[Assignment, ...]) -> bool:
    secret = (one for one in assignments if one.name in KNOWN and KNOWN[one.name].holds is Holds.SECRET)
    return any(one.value.strip() for one in secret)


def _is_exposed(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _is_path(one: Assignment) -> bool:
    return bool(one.value.strip()) and one.name in KNOWN and KNOWN[one.name].holds is Holds.PATH


def _is_writable(path: Path) -> bool:
    """Whether the file, or the folders down to it, could be written; nothing is made to find out."""
    with contextlib.suppress(OSError):
        if path.exists():
            return path.is_file() and os.access(path, os.W_OK)
        there = next(parent for parent in path.parents if parent.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return False
