"""Webhook requests as a real Gitea 1.21 sends them: body, all thirteen headers, signatures."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

SECRET = "wh-of-the-tests-0123456789"
ZEROS = "0" * 40


def commit(*modified: str, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> dict[str, Any]:
    person = {"name": "Dev", "email": "dev@example.org", "username": "dev"}
    return {
        "id": hashlib.sha1(repr((modified, added, removed)).encode()).hexdigest(),
        "message": "Ein größeres Gerät\n",
        "url": "http://gitea.example/o/mono/commit/1",
        "author": person,
        "committer": person,
        "verification": None,
        "timestamp": "2026-11-21T03:00:00Z",
        "added": list(added),
        "removed": list(removed),
        "modified": list(modified),
    }


def push(
    *commits: dict[str, Any], ref: str = "refs/heads/main", total: int | None = None, **other: Any
) -> dict[str, Any]:
    before, after = uuid4().hex + "0" * 8, uuid4().hex + "1" * 8
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "compare_url": f"http://gitea.example/o/mono/compare/{before}...{after}",
        "commits": list(commits),
        "total_commits": len(commits) if total is None else total,
        "head_commit": commits[0] if commits else None,
        "repository": {"id": 1, "name": "mono", "full_name": "o/mono", "private": True},
        "pusher": {"id": 1, "login": "dev"},
        "sender": {"id": 1, "login": "dev"},
        **other,
    }


def touching() -> dict[str, Any]:
    """A push that changes a file of a project."""
    return push(commit("product/price_watch/main.py"))


def body_of(payload: dict[str, Any]) -> bytes:
    """Gitea's JSON: indented by two, UTF-8, no final newline."""
    return json.dumps(payload, indent=2, ensure_ascii=False).encode()


def headers_of(body: bytes, event: str = "push", secret: str = SECRET, delivery: str | None = None) -> dict[str, str]:
    """All thirteen, signed over `body`; without a secret the signatures are there and empty."""
    number = delivery or str(uuid4())
    signed = {
        kind: hmac.new(secret.encode(), body, kind).hexdigest() if secret else "" for kind in ("sha1", "sha256")
    }
    families = ("Gitea", "Gogs", "GitHub")
    return {
        "User-Agent": "Go-http-client/1.1",
        "Accept-Encoding": "gzip",
        "Content-Type": "application/json",
        **{f"X-{family}-Delivery": number for family in families},
        **{f"X-{family}-Event": event for family in families},
        **{f"X-{family}-Event-Type": event for family in families},
        "X-Gitea-Signature": signed["sha256"],
        "X-Gogs-Signature": signed["sha256"],
        "X-Hub-Signature": f"sha1={signed['sha1']}",
        "X-Hub-Signature-256": f"sha256={signed['sha256']}",
    }


def as_form(body: bytes) -> bytes:
    return b"payload=" + quote_plus(body).encode()
