"""What an artifact may be called and how its JSON is written (design, rule 8: bytes are boring)."""

import json
import re
from collections.abc import Mapping, Sequence

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}")
_MOST_PARTS = 4


def is_artifact_name(name: str) -> bool:
    """Whether the name stays inside the artifacts: plain parts with `/` between, none of them hidden, `.` or `..`."""
    parts = name.split("/")
    return len(parts) <= _MOST_PARTS and all(_PART.fullmatch(part) for part in parts)


def canonical_json(document: Json) -> bytes:
    """The document as sorted, indented UTF-8 with one newline at its end; NaN and infinity are a ValueError."""
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
