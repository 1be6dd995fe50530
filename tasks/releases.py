"""Releases on disk: the commit and the evidence that go in, the bundle, its stamp, and whether they still agree.

Runbook 004, Release bundle. Files of the repository come from the commit, not from the working tree, so that the
bundle holds what its git hash says.
"""

import hashlib
import io
import logging
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from git import Commit, GitCommandError, InvalidGitRepositoryError, NoSuchPathError, Repo

from tasks.files import replace_file
from tasks.folders import alone_in, disk_faults
from tasks.rules.faults import Fault, Refused
from tasks.rules.manifests import Packed, differences
from tasks.rules.release import (
    MANIFEST_FILE,
    REQUIRED,
    WELCOME,
    Manifest,
    Source,
    Stamp,
    bundle_name,
    is_released,
    is_version,
    read_manifest,
    read_stamp,
    stamp_mismatches,
    written_manifest,
)
from tasks.step import step

LARGEST = 64 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can name
log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle: its name in the folder of bundles and its checksum."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """The last release as it is on disk; `mismatches` are `what:path`, `why_not` is set when there is no stamp."""

    stamp: Stamp | None = None
    why_not: str | None = None
    manifest: Manifest | None = None
    mismatches: tuple[str, ...] = ()


@step
def read_evidence(artifacts: Path) -> dict[str, bytes | None]:
    """The artifacts a release may rest on, by name; None for what is not there."""
    return {name: _content(artifacts / name) for name in (*REQUIRED, *WELCOME)}


@step
def read_file(path: Path) -> bytes | None:
    """What is in the file; None if it is not there."""
    return _content(path)


def _content(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise Refused("inputs_unreadable", f"{path.name} is no plain file")
        if path.is_file() and path.stat().st_size > LARGEST:
            raise Refused("inputs_unreadable", f"{path.name} has more than {LARGEST >> 20} MiB")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Fault("inputs_unreadable", f"{path.name} cannot be read ({type(error).__name__})") from None


@step
def read_source(repository: Path, version: str | None = None) -> Source:
    """The commit that would be released; its version is the one given, else its VERSION, else its pyproject.toml."""
    with _repository(repository) as repo:
        commit = _head(repo)
        found = version or _version_in(commit)
        if found is None:
            raise Refused("version_unknown", "give --version, or commit a file VERSION")
        if not is_version(found):
            raise Refused("version_invalid", "a version is up to 41 letters, digits, dots, plus and minus signs")
        return Source(found, commit.hexsha, repo.is_dirty(untracked_files=False))


@step
def read_commit(repository: Path, git_hash: str) -> dict[str, bytes]:
    """The files of that commit that belong to a release, by path."""
    with _repository(repository) as repo:
        found: dict[str, bytes] = {}
        for blob in repo.commit(git_hash).tree.traverse(predicate=lambda item, _: item.type == "blob"):  # type: ignore[union-attr]
            if is_released(str(blob.path)) and blob.mode != blob.link_mode:  # type: ignore[union-attr]
                found[str(blob.path)] = blob.data_stream.read()  # type: ignore[union-attr]
        return found


def _repository(path: Path) -> Repo:
    try:
        return Repo(path)
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise Refused("no_repository", "a release is made from a git repository; correct --repository") from None
    except GitCommandError as error:
        log.warning("git: %s", error)
        raise Refused("no_repository", "git refuses this repository; the log says why") from None


def _head(repo: Repo) -> Commit:
    try:
        return repo.head.commit
    except ValueError:
        raise Refused("no_commit", "the repository has no commit yet") from None


def _version_in(commit: Commit) -> str | None:
    names = {blob.name: blob for blob in commit.tree.blobs}
    if "VERSION" in names:
        return names["VERSION"].data_stream.read().decode("utf-8", "replace").strip()  # type: ignore[no-any-return]
    if "pyproject.toml" not in names:
        return None
    try:
        project = tomllib.loads(names["pyproject.toml"].data_stream.read().decode())["project"]
        return str(project["version"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None


@step(retries=0)  # safe to repeat: equal contents are the same file under the same name
def write_bundle(folder: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> Bundle:
    """Write the bundle beside the earlier ones; none of them is touched."""
    data = zip_of(manifest, contents)
    sha256 = hashlib.sha256(data).hexdigest()
    name = bundle_name(manifest.source.version, sha256)
    with disk_faults("bundle_not_written"):
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder):
            replace_file(folder / name, data)
    return Bundle(name, sha256)


def zip_of(manifest: Manifest, contents: Mapping[str, bytes]) -> bytes:
    """The same contents give the same bytes: stored, sorted, one date, one mode."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        _add(bundle, MANIFEST_FILE, written_manifest(manifest))
        for packed in manifest.files:
            _add(bundle, packed.path, contents[packed.path])
    return file.getvalue()


def _add(bundle: zipfile.ZipFile, path: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.create_system, entry.external_attr = 3, 0o100644 << 16
    bundle.writestr(entry, data)


@step(retries=0)  # the last act of a release: before it, the old stamp and the old bundle are in force
def write_stamp(path: Path, stamp: bytes) -> None:
    with disk_faults("bundle_not_written"):
        replace_file(path, stamp)


@step
def look_at_release(stamp: Path, folder: Path) -> Release:
    """What the stamp says, and everything in which the bundle on disk differs from it; needs no network, no git."""
    try:
        stamped = read_stamp(stamp.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Release(why_not="stamp_missing")
    except (ValueError, OSError):
        return Release(why_not="stamp_invalid")
    try:
        return _compared(stamped, folder / stamped.bundle)
    except FileNotFoundError:
        return Release(stamped, mismatches=(f"missing:{stamped.bundle}",))
    except (zipfile.BadZipFile, NotImplementedError, KeyError, ValueError, OSError, EOFError):
        return Release(stamped, mismatches=(f"unreadable:{stamped.bundle}",))


def _compared(stamp: Stamp, path: Path) -> Release:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with zipfile.ZipFile(file) as bundle:
            manifest = read_manifest(bundle.read(MANIFEST_FILE))
            found = [_packed(bundle, entry) for entry in bundle.infolist() if entry.filename != MANIFEST_FILE]
    fields = tuple(f"{field}:{stamp.bundle}" for field in stamp_mismatches(stamp, sha256, manifest))
    return Release(stamp, manifest=manifest, mismatches=(*fields, *differences(manifest.files, found)))


def _packed(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Packed:
    """What can be read of the entry; a checksum of its own that does not fit makes it an empty one."""
    try:
        with bundle.open(entry) as file:
            return Packed(entry.filename, entry.file_size, hashlib.file_digest(file, "sha256").hexdigest())  # type: ignore[arg-type]
    except zipfile.BadZipFile:
        return Packed(entry.filename, entry.file_size, "")
