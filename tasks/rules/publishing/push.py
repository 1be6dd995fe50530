"""What a webhook of Gitea says: whether it is signed, and whether it is a push that concerns what is published.

Runbook 003, Push Automation; the facts are those of a real server.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

MOST_BYTES = 1_048_576
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_DELIVERY = re.compile(r"[0-9A-Za-z-]{8,64}")
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FORM = "application/x-www-form-urlencoded"
_HEADS = "refs/heads/"


class Concern(StrEnum):
    """Why a push starts a publish, or why not."""

    TOUCHES = "touches"
    OTHER_EVENT = "other_event"
    OTHER_REPOSITORY = "other_repository"
    OTHER_BRANCH = "other_branch"
    BRANCH_DELETED = "branch_deleted"
    OTHER_FOLDER = "other_folder"


class NotAPush(ValueError):
    """The payload is signed and yet no push as Gitea sends it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The one branch and folder whose pushes are published; `repository` (owner/name) only if others sign as well."""

    branch: str
    folder: str
    repository: str | None = None


def signature_in(values: Sequence[str]) -> str | None:
    """The one signature header, if it has the shape of one: Gitea sends 64 hex digits without a prefix.

    A hook without a secret sends the header empty; that, two headers and anything else count as none.
    """
    return values[0] if len(values) == 1 and _SIGNATURE.fullmatch(values[0]) else None


def delivery_in(values: Sequence[str]) -> str | None:
    """The number of the delivery, which Gitea makes for each attempt."""
    return values[0] if len(values) == 1 and _DELIVERY.fullmatch(values[0]) else None


def signed_payload(body: bytes, content_type: str, secret: str, signature: str) -> bytes | None:
    """The JSON that was signed, None if the signature is not the secret's; compared in constant time.

    Gitea signs the JSON: that is the body itself, or the field `payload` of a form after decoding.
    """
    payload = _form_field(body) if content_type.partition(";")[0].strip().lower() == _FORM else body
    if payload is None:
        return None
    right = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return payload if hmac.compare_digest(right.encode(), signature.encode()) else None


def _form_field(body: bytes) -> bytes | None:
    try:
        fields = parse_qs(body.decode("ascii"), errors="surrogateescape", max_num_fields=4)
        (payload,) = fields["payload"]
        return payload.encode(errors="surrogateescape")
    except (UnicodeError, ValueError, KeyError):
        return None


def concern_of(event: str, payload: bytes, watched: Watched) -> Concern:
    """Whether the push is for the branch and touches the folder; `NotAPush` for a payload that is none.

    Whatever cannot be told from the payload counts as touching: Gitea lists five commits at most, none for a new
    branch, and does not mark a forced push. Published once too often nothing changes, once too seldom a mirror is
    old.
    """
    if event != "push":
        return Concern.OTHER_EVENT
    push = _object_in(payload)
    if watched.repository and _repository(push) != watched.repository.lower():
        return Concern.OTHER_REPOSITORY
    if _text(push, "ref") != _HEADS + watched.branch:
        return Concern.OTHER_BRANCH
    if _is_zero(_id(push, "after")):
        return Concern.BRANCH_DELETED
    return Concern.TOUCHES if _may_touch(push, watched.folder) else Concern.OTHER_FOLDER


def _may_touch(push: dict[str, object], folder: str) -> bool:
    commits = push.get("commits")
    if commits is None:
        commits = []
    total = push.get("total_commits", len(commits) if isinstance(commits, list) else 0)
    if not isinstance(commits, list) or not isinstance(total, int):
        raise NotAPush
    if _is_zero(_id(push, "before")) or not commits or total > len(commits):
        return True
    return any(is_inside(path, folder) for commit in commits for path in _paths(commit))


def is_inside(path: str, folder: str) -> bool:
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    return path.split("/")[: len(parts)] == parts


def _paths(commit: object) -> list[str]:
    if not isinstance(commit, dict):
        raise NotAPush
    lists = [commit.get(kind) or [] for kind in ("added", "removed", "modified")]
    if not all(isinstance(paths, list) and all(isinstance(path, str) for path in paths) for paths in lists):
        raise NotAPush
    return [path for paths in lists for path in paths]


def _object_in(payload: bytes) -> dict[str, object]:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        raise NotAPush from None
    if not isinstance(found, dict):
        raise NotAPush
    return found


def _repository(push: dict[str, object]) -> str:
    repository = push.get("repository")
    if not isinstance(repository, dict):
        raise NotAPush
    return _text(repository, "full_name").lower()


def _text(found: dict[str, object], key: str) -> str:
    text = found.get(key)
    if not isinstance(text, str):
        raise NotAPush
    return text


def _id(push: dict[str, object], key: str) -> str:
    text = _text(push, key)
    if not _OBJECT.fullmatch(text):
        raise NotAPush
    return text


def _is_zero(object_id: str) -> bool:
    return not object_id.strip("0")


def fingerprint_of(payload: bytes) -> str:
    """What a replay has in common with what it repeats: the headers are not signed, the payload is."""
    return hashlib.sha256(payload).hexdigest()
