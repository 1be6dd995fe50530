"""What a release is made of and what its stamp says (runbook 004, Release bundle).

- the bundle is a function of its contents: no clock, no order of a disk, no compression that a library may change;
- READY means one thing: the gate passed, every required input is there, and the validation in it is good and full;
- the stamp names the bundle by its SHA-256 and carries its evidence as an in-toto statement about that digest.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.freshness import SKEW_S
from tasks.rules.manifests import Packed, differences

NAME = "watchkeeper"
STAMP_FILE, MANIFEST_FILE = "RELEASE_STAMP.json", "RELEASE_BUNDLE_manifest.json"
VALIDATION_FILE = "FULL_STACK_VALIDATION.json"
REQUIRED = (VALIDATION_FILE, "KPI_GATE.json", "READINESS_SCORE.json", "WEEKLY_ROLLUP.json")
WELCOME = (
    "EDGE_REPORT.json",
    "EDGE_SENTINEL.json",
    "FULL_STACK_VALIDATION.md",
    "KPI_GATE.md",
    "PRE_LIVE_PACK.json",
    "PRE_LIVE_PACK.md",
    "READINESS_SCORE.md",
    "WEEKLY_ROLLUP.md",
)
FROM_COMMIT = (
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "VERSION",
    "docs/*.md",
    "monitoring/*",
    "prefect.yaml",
    "requirements.lock",
)
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:watchkeeper:release-evidence:v1"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_HASH = re.compile(r"[0-9a-f]{7,64}")
_BUNDLE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,118}\.zip")


@dataclass(frozen=True, slots=True)
class Source:
    """The commit that is released; `dirty` if the tree held changes that no commit has."""

    version: str
    git_hash: str
    dirty: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a valid stamp says: the runbook's four fields, and where the bundle is."""

    version: str
    git_hash: str
    bundle_sha256: str
    ts: int
    bundle: str
    dirty: bool
    subject_sha256: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a bundle, sorted by path."""

    source: Source
    files: tuple[Packed, ...]


def is_version(text: str) -> bool:
    return bool(_VERSION.fullmatch(text))


def is_released(path: str) -> bool:
    """Whether a file of the commit belongs to the bundle; `*` goes through folders too."""
    return any(fnmatchcase(path, pattern) for pattern in FROM_COMMIT)


def bundle_blockers(evidence: Mapping[str, bytes | None]) -> dict[str, tuple[str, ...]]:
    """Everything in the required inputs that stands against a bundle, as reason and names."""
    missing = tuple(name for name in REQUIRED if evidence.get(name) is None)
    blockers = {"inputs_missing": missing} if missing else {}
    validation = evidence.get(VALIDATION_FILE)
    if validation is not None and (reason := _against(validation)):
        blockers[reason] = (VALIDATION_FILE,)
    return blockers


def _against(validation: bytes) -> str | None:
    """Why a release may not rest on it: some word it has for its result is not OK, or it ran only the fast checks.

    One that does not say its mode is another program's; only `FAST` is known to be less than a full one.
    """
    try:
        document = json.loads(validation)
    except (ValueError, RecursionError):
        return "validation_failed"
    said = [document[key] for key in ("status", "result") if key in document] if isinstance(document, dict) else []
    if not said or any(word != "OK" for word in said):
        return "validation_failed"
    return "validation_fast" if document.get("mode", "FULL") != "FULL" else None


def manifest_of(source: Source, contents: Mapping[str, bytes]) -> Manifest:
    files = [Packed(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in contents.items()]
    return Manifest(source, tuple(sorted(files, key=lambda file: file.path.encode())))


def written_manifest(manifest: Manifest) -> bytes:
    document: Json = {
        "schema_version": 1,
        "bundle": {"name": NAME, **asdict(manifest.source)},
        "files": [file.document for file in manifest.files],
    }
    return canonical_json(document)


def read_manifest(content: bytes) -> Manifest:
    """The manifest of a bundle; ValueError if it is none."""
    try:
        document = json.loads(content)
        about = document["bundle"]
        source = Source(str(about["version"]), str(about["git_hash"]), about["dirty"] is True)
        return Manifest(source, tuple(Packed(**file) for file in document["files"]))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not a manifest") from error


def bundle_name(version: str, sha256: str) -> str:
    """A name that no other contents can have, so that building never touches the bundle that is in use."""
    return f"{NAME}-{version}-{sha256[:12]}.zip"


def statement_of(bundle: str, sha256: str, evidence: Mapping[str, Json]) -> Json:
    """What is claimed about exactly these bytes, in the form that supply-chain tools read."""
    return {
        "_type": _STATEMENT,
        "subject": [{"name": bundle, "digest": {"sha256": sha256}}],
        "predicateType": _PREDICATE,
        "predicate": evidence,
    }


def stamp_of(
    source: Source, bundle: str, sha256: str, *, ts: int, frozen_now: str | None, evidence: Mapping[str, Json]
) -> bytes:
    """The stamp's bytes: the runbook's four fields first in meaning, then the bundle's name and the evidence."""
    document: dict[str, Json] = {
        "version": source.version,
        "git_hash": source.git_hash,
        "bundle_sha256": sha256,
        "ts": ts,
        "bundle": bundle,
        "dirty": source.dirty,
        "evidence": statement_of(bundle, sha256, evidence),
    }
    return canonical_json(document | ({"frozen_now": frozen_now} if frozen_now else {}))


def read_stamp(content: bytes) -> Stamp:
    """The stamp; ValueError if a field is missing or is not what it must be."""
    try:
        document = json.loads(content)
        stamp = Stamp(
            version=document["version"],
            git_hash=document["git_hash"],
            bundle_sha256=document["bundle_sha256"],
            ts=document["ts"],
            bundle=document["bundle"],
            dirty=document.get("dirty") is True,
            subject_sha256=_subject(document.get("evidence")),
        )
        sound = (
            is_version(stamp.version)
            and _GIT_HASH.fullmatch(stamp.git_hash)
            and _SHA256.fullmatch(stamp.bundle_sha256)
            and _BUNDLE.fullmatch(stamp.bundle)
            and type(stamp.ts) is int
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a stamp") from error
    if not sound:
        raise ValueError("not a stamp")
    return stamp


def _subject(statement: Any) -> str | None:
    """The digest that the evidence is about; None if it is about something else."""
    try:
        (subject,) = statement["subject"]
        return str(subject["digest"]["sha256"])
    except (KeyError, TypeError, ValueError):
        return None


def is_from_the_future(stamp: Stamp, now: int) -> bool:
    return stamp.ts > now + SKEW_S


def stamp_mismatches(stamp: Stamp, sha256: str, manifest: Manifest) -> tuple[str, ...]:
    """The fields of the stamp that are not what the bundle on disk is."""
    pairs = {
        "bundle_sha256": (stamp.bundle_sha256, sha256),
        "evidence": (stamp.subject_sha256, sha256),
        "version": (stamp.version, manifest.source.version),
        "git_hash": (stamp.git_hash, manifest.source.git_hash),
        "dirty": (stamp.dirty, manifest.source.dirty),
    }
    return tuple(field for field, (stamped, found) in pairs.items() if stamped != found)


def changed_inputs(built: Manifest, now: Manifest, *, evidence_counts: bool) -> tuple[str, ...]:
    """What a bundle built now would hold differently; without `evidence_counts` only what comes from the commit."""

    def relevant(files: Sequence[Packed]) -> list[Packed]:
        return [file for file in files if evidence_counts or not file.path.startswith("artifacts/")]

    old, new = built.source, now.source
    cleaner = old.dirty and not new.dirty
    moved = (old.version, old.git_hash) != (new.version, new.git_hash) or cleaner
    source = ("source",) if moved else ()
    return (*source, *differences(relevant(built.files), relevant(now.files)))
