"""What a manifest promises of an archive, and whether it is kept (runbook 004, "Artifacts (snapshot & archive)").

It is data without a clock: what went in with its SHA-256, and what stayed out. Equal inputs, equal bytes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tasks.rules.archiving import Caps, Skipped, path_bytes
from tasks.rules.artifacts import Json
from tasks.rules.contracts.artifacts import ARCHIVE_VERIFY
from tasks.rules.outcome import Outcome, Status

ARCHIVE_FILE, MANIFEST_FILE = "artifacts.tar.zst", "MANIFEST.json"


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of an archive, as it was read."""

    path: str
    bytes: int
    sha256: str

    @property
    def document(self) -> Json:
        return {"path": self.path, "bytes": self.bytes, "sha256": self.sha256}


def manifest_of(
    archive: Packed,
    files: Sequence[Packed],
    skipped: Sequence[Skipped],
    caps: Caps,
    beside: Sequence[Packed] = (),
) -> Json:
    """The archive as data: its own checksum, every file's, and what was left out with the reason.

    `beside` are files that lie next to the archive in its folder, say the tail of a journal.
    """
    return {
        "schema_version": 1,
        "archive": archive.document,
        "beside": [file.document for file in beside],
        "caps": asdict(caps),
        "files": [file.document for file in files],
        "skipped": [{"path": _shown(cut.path), "reason": cut.reason.value} for cut in skipped],
        "totals": {"bytes": sum(file.bytes for file in files), "files": len(files), "skipped": len(skipped)},
    }


@dataclass(frozen=True, slots=True)
class Promises:
    """What a manifest promises: the files of the folder, the archive first, and the files inside the archive."""

    folder: tuple[Packed, ...]
    files: tuple[Packed, ...]


def promises_of(manifest: bytes) -> Promises:
    """Read a manifest; ValueError if it is not one of ours."""
    try:
        document = json.loads(manifest)
        folder = (document["archive"], *document["beside"])
        return Promises(tuple(Packed(**file) for file in folder), tuple(Packed(**file) for file in document["files"]))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not a manifest") from error


def _shown(path: str) -> str:
    return path_bytes(path).decode("utf-8", "backslashreplace")


def differences(promised: Iterable[Packed], found: Iterable[Packed]) -> tuple[str, ...]:
    """Every file that is not what the manifest says, as `missing:path`, `extra:path`, `bytes:path`, `sha256:path`."""
    wanted = {file.path: file for file in promised}
    there: dict[str, Packed] = {}
    problems: list[str] = []
    for file in found:
        if file.path in there:
            problems.append(f"twice:{file.path}")
        there[file.path] = file
    for path in sorted({*wanted, *there}):
        if path not in there:
            problems.append(f"missing:{path}")
        elif path not in wanted:
            problems.append(f"extra:{path}")
        elif wanted[path].bytes != there[path].bytes:
            problems.append(f"bytes:{path}")
        elif wanted[path].sha256 != there[path].sha256:
            problems.append(f"sha256:{path}")
    return tuple(problems)


def archive_judged(files: int, problems: Sequence[str]) -> Outcome:
    """The line of a check: the first difference is named, all are counted."""
    if problems:
        first = problems[0] if problems[0].isascii() else problems[0].partition(":")[0]
        return ARCHIVE_VERIFY.says(Status.FAIL, "archive_damaged", files=files, wrong=len(problems), first=first)
    return ARCHIVE_VERIFY.says(Status.OK, files=files, wrong=0)
