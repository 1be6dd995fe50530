"""Reading an artifact: its document, and every reason why it is not what its schema says."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from tasks.artifact_schemas import schema_named
from tasks.rules.acceptance import Reading
from tasks.schemas.document import Document

_MISPLACED = ("greater_than_equal", "less_than_equal")


def read_document(name: str, content: bytes | None) -> Reading:
    """What the file holds, and every reason why it is not what it must be."""
    if content is None:
        return Reading(problems=("missing",))
    try:
        document = json.loads(content.decode("ascii"), object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        return Reading(problems=("bad_json",))
    if not isinstance(document, dict):
        return Reading(problems=("not_object",))
    problems = tuple(dict.fromkeys(_problems(schema_named(name), document)))
    if not problems and any(isinstance(value, float) and not math.isfinite(value) for value in _values(document)):
        problems = ("bad_json",)
    return Reading(document, problems)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _problems(schema: type[Document], document: Mapping[str, Any]) -> Iterator[str]:
    try:
        valid = schema.model_validate(document)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_context=False, include_input=False):
            key = str(error["loc"][0])
            if error["type"] == "missing" and len(error["loc"]) == 1:
                yield "missing_keys"
            elif error["type"] in _MISPLACED and len(error["loc"]) == 1 and key in ("readiness", "taker_ratio"):
                yield f"{key}_range"
            else:
                yield schema.words.get(key, "details_type")
    else:
        yield from (schema.words.get(key, "details_type") for key in valid.contradictions())


def _values(document: object) -> Iterator[object]:
    rest = [document]
    while rest:
        value = rest.pop()
        yield value
        if isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
