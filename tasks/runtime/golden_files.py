"""Golden documents on the disk: read, and replaced in a repository that is clean."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from git import GitError, Repo

from tasks.files import replace_file
from tasks.folders import disk_faults
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.golden import Case, Tolerances, hash_of, tolerances_of
from tasks.settings import is_set
from tasks.step import step

TOLERANCES = "golden.toml"
_LARGEST = 4 << 20
_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITEA_ACTIONS", "BUILD_NUMBER")


@dataclass(frozen=True, slots=True)
class Documents:
    """Both sides by name, and what is allowed between them."""

    golden: Mapping[str, Json]
    observed: Mapping[str, Json]
    tolerances: Tolerances


@step
def read_documents_of(golden: Path, observed: Path) -> Documents:
    """Every `<case>.json` of both folders, and golden.toml if it is there; no golden document at all is refused."""
    there = _documents(golden)
    if not there and not (observed.is_dir() and any(observed.glob("*.json"))):
        raise Refused("golden_missing", "there is no golden document in --golden, and nothing observed to become one")
    return Documents(there, _documents(observed), _tolerances(golden / TOLERANCES))


def _documents(folder: Path) -> dict[str, Json]:
    try:
        return {path.stem: _document(path) for path in sorted(folder.glob("*.json"))}
    except OSError as error:
        raise Fault("golden_unreadable", f"the folder cannot be read ({type(error).__name__})") from None


def _document(path: Path) -> Json:
    try:
        if path.stat().st_size > _LARGEST:
            raise Refused("golden_unreadable", "a document is larger than 4 MiB")
        document: Json = json.loads(path.read_bytes(), parse_constant=_no_number)
    except (OSError, ValueError) as error:
        raise Fault(
            "golden_unreadable", f"a document is no JSON of numbers and texts ({type(error).__name__})"
        ) from None
    return document


def _no_number(_text: str) -> None:
    raise ValueError("NaN is no number to compare")


def _tolerances(path: Path) -> Tolerances:
    try:
        return tolerances_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Tolerances()
    except OSError as error:
        raise Fault("golden_unreadable", f"golden.toml cannot be read ({type(error).__name__})") from None
    except ValueError as wrong:
        why = "no TOML" if isinstance(wrong, (tomllib.TOMLDecodeError, UnicodeDecodeError)) else str(wrong)
        raise Refused("tolerances_invalid", f"correct golden.toml: {why}") from None


@step
def refuse_unless_clean(folder: Path) -> None:
    """Refused in CI, outside of a repository, and while the working tree differs from its last commit."""
    if any(is_set(name) for name in _CI):
        raise Refused("in_ci", "a golden document is updated by a person, not by a build")
    try:
        repository = Repo(folder, search_parent_directories=True)
        dirty = repository.is_dirty(untracked_files=False)
    except (GitError, OSError, ValueError):
        raise Refused(
            "no_repository", "golden documents live in a git repository, or nobody sees the change"
        ) from None
    if dirty:
        raise Refused("dirty_tree", "commit or take back what is changed, so that the update stands alone")


@step(retries=0)  # each file is checked against the plan before the first one is written
def write_golden(folder: Path, cases: Iterable[Case], observed: Mapping[str, Json]) -> None:
    """Replace the golden documents of the cases by what was observed; refused if one is not what was approved."""
    cases = list(cases)
    for case in cases:
        path = folder / f"{case.name}.json"
        old = hash_of(_document(path)) if path.exists() else None
        if old != case.old_hash or hash_of(observed[case.name]) != case.new_hash:
            raise Refused("golden_moved", "it changed since it was approved: start again")
    with disk_faults("artifact_not_written"):
        for case in cases:
            replace_file(folder / f"{case.name}.json", canonical_json(observed[case.name]))
