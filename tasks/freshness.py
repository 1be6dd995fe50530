"""How old artifacts are: by the time inside them and by the file's own."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from tasks.files import replace_file
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.freshness import Seen, time_inside
from tasks.rules.outcome import Outcome
from tasks.step import step

LARGEST = 64 << 20


@step
def look_at_ages(folder: Path, names: Collection[str]) -> dict[str, Seen | None]:
    """What `<name>.json` shows of its age, for each name; None where there is no such file."""
    return {name: _seen(folder / f"{name}.json") for name in names}


def _seen(path: Path) -> Seen | None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return Seen(0, problem="unreadable")
    modified = int(status.st_mtime)
    try:
        return Seen(modified, time_inside(_document(path, status.st_size)))
    except OSError:
        problem = "unreadable"
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        problem = "bad_json"
    except (ValueError, OverflowError):
        problem = "time_invalid"
    return Seen(modified, problem=problem)


def _document(path: Path, size: int) -> object:
    if not path.is_file() or size > LARGEST:
        raise OSError("no file that is read here")
    return json.loads(path.read_bytes())


@step
def keep_checks(folder: Path, checks: Sequence[Outcome], now: int) -> None:
    """Leave the checks beside the artifacts they are about, as CRON_SENTINEL.json."""
    document: Json = {"checks": [json.loads(check.json) for check in checks], "ts": now}
    replace_file(folder / "CRON_SENTINEL.json", canonical_json(document))
