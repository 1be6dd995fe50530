"""What artifacts hold and how old they are: by the time inside them and by the file's own."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tasks.files import replace_file
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.freshness import Seen, input_of, time_inside
from tasks.rules.outcome import Outcome
from tasks.rules.soak_inputs import Input
from tasks.step import step

LARGEST = 64 << 20


@step
def look_at_ages(folder: Path, names: Collection[str]) -> dict[str, Seen | None]:
    """What `<name>.json` shows of its age, for each name; None where there is no such file."""
    return {name: _found(folder / f"{name}.json")[0] for name in names}


@step
def read_inputs(folder: Path, names: Collection[str], now: int) -> dict[str, Input]:
    """What stands in each file and how old it is; what cannot be used says why."""
    return {name: _input(folder / name, now) for name in names}


@step
def read_files(files: Mapping[str, Path], now: int) -> dict[str, Input]:
    """The same for files that stand anywhere, under the names they are known by."""
    return {name: _input(path, now) for name, path in files.items()}


def _input(path: Path, now: int) -> Input:
    seen, document, digest = _found(path)
    return replace(input_of(seen, document, now), sha256=digest)


def _found(path: Path) -> tuple[Seen | None, object, str | None]:
    digest = None
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None, None, None
    except (OSError, ValueError):  # ValueError: a name that cannot be one, with a NUL in it
        return Seen(0, problem="unreadable"), None, None
    modified = int(status.st_mtime)
    try:
        content = _content(path, status.st_size)
        digest = hashlib.sha256(content).hexdigest()
        document = json.loads(content)
        return Seen(modified, time_inside(document)), document, digest
    except OSError:
        problem = "unreadable"
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        problem = "bad_json"
    except (ValueError, OverflowError):
        problem = "time_invalid"
    return Seen(modified, problem=problem), None, digest


def _content(path: Path, size: int) -> bytes:
    if not path.is_file() or size > LARGEST:
        raise OSError("no file that is read here")
    return path.read_bytes()


@step
def keep_checks(folder: Path, checks: Sequence[Outcome], now: int) -> None:
    """Leave the checks beside the artifacts they are about, as CRON_SENTINEL.json."""
    document: Json = {"checks": [json.loads(check.json) for check in checks], "ts": now}
    replace_file(folder / "CRON_SENTINEL.json", canonical_json(document))
