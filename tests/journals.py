"""Journals for tests: what a tick of the upstream program wrote, and ways to damage a file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.rules.journal import GENESIS, Head, sealed

CHECKED_HASH = "15c529f7536558a01eb62cfe8f99541c3494e79d69caf7dd836e7701507d9379"


def tick(**changed: Any) -> dict[str, Any]:
    """The content of the checked example of runbook 004's journal."""
    return {
        "action": "NONE",
        "caps": {"capital_usd": 500, "share": 0.05, "taker_ceiling": 0.15},
        "phase": "canary",
        "reason": "ok",
        "reason_code": "OK",
        "recommendation": "",
        "region": "eu-west-1",
        "status": "CONTINUE",
        "ts": "2026-11-21T01:44:47Z",
    } | changed


def chained(contents: Iterable[dict[str, Any]], link: str = GENESIS) -> list[bytes]:
    """The lines of a whole journal."""
    lines = []
    for content in contents:
        line, link = sealed(content, link)
        lines.append(line)
    return lines


def journal_of(count: int, **changed: Any) -> list[bytes]:
    return chained(
        tick(seq=number, ts=f"2026-11-{1 + number // 24 % 28:02}T{number % 24:02}:00:00Z", **changed)
        for number in range(1, count + 1)
    )


def hash_of(line: bytes) -> str:
    return str(json.loads(line)["hash"])


def respaced(line: bytes) -> bytes:
    return json.dumps(json.loads(line), sort_keys=True).encode() + b"\n"


def put(path: Path, lines: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def head_of(lines: list[bytes]) -> Head:
    return Head(len(lines), hash_of(lines[-1]))
