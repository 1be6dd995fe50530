"""Secrets that `make up` makes where the operator has none: once, for the stack of this folder.

The webhook's secret and the key of the operators' secrets are needed before either can be tried out. What the
operator's own environment holds goes first and is never written down here.
"""

import base64
import os
import secrets
from pathlib import Path

from dotenv import dotenv_values

from tasks.settings.approvals import APPROVAL_KEY
from tasks.settings.receiver import WEBHOOK_SECRET

_NAMES = (WEBHOOK_SECRET, APPROVAL_KEY)


def made_secrets(home: Path) -> dict[str, str]:
    """The secrets that the environment leaves open, from `.watchkeeper/secrets`, which is made if it is not there."""
    path = home / "secrets"
    kept = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    if missing := {name: _made() for name in _NAMES if name not in kept}:
        kept |= missing
        write_private(path, "".join(f"{name}={value}\n" for name, value in kept.items()))
    # A shell that has read `.watchkeeper/env` holds the same values: they are still ours.
    return {name: kept[name] for name in _NAMES if os.environ.get(name, "").strip() in ("", kept[name])}


def _made() -> str:
    """256 random bits as url-safe base64: what a key has to be, and good as a secret."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, also while it is being written."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
