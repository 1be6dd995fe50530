"""Whether what was observed is what the golden documents say: value by value, and close only where that is declared.

Runbook 002, "Smoke & Acceptance"; spec 002, 10. Pure: documents in, cases out. A case without a golden document has
failed: nothing is skipped.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from fnmatch import fnmatchcase

from tasks.rules.artifacts import Json, canonical_json

Scalar = str | int | float | bool | None
_DIFF_LINES = 400


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the numbers of a field may be from their golden value; `field` is a path, `*` stands for any part."""

    field: str
    absolute: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True, slots=True)
class Tolerances:
    """`volatile` fields may hold anything, but must be there."""

    volatile: tuple[str, ...] = ()
    close: tuple[Tolerance, ...] = ()

    def allow(self, path: str, golden: Scalar, observed: Scalar) -> bool:
        if any(fnmatchcase(path, field) for field in self.volatile):
            return True
        if not (_is_number(golden) and _is_number(observed)):
            return type(golden) is type(observed) and golden == observed
        return golden == observed or any(
            math.isclose(float(golden or 0), float(observed or 0), rel_tol=one.relative, abs_tol=one.absolute)
            for one in self.close
            if fnmatchcase(path, one.field)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A golden document beside what was observed; `verdict` is same, differs, golden_missing or observed_missing."""

    name: str
    verdict: str
    fields: tuple[str, ...] = ()
    old_hash: str | None = None
    new_hash: str | None = None
    diff: tuple[str, ...] = ()


def tolerances_of(document: Mapping[str, object]) -> Tolerances:
    """What golden.toml declares; ValueError says in words of ours what is wrong."""
    volatile, rows = document.get("volatile", []), document.get("tolerance", [])
    if not set(document) <= {"volatile", "tolerance"} or not isinstance(volatile, list) or not isinstance(rows, list):
        raise ValueError("the file has volatile, a list of fields, and [[tolerance]]")
    if not all(isinstance(field, str) and field.strip("*.") for field in volatile):
        raise ValueError("a volatile field is a path that names something")
    return Tolerances(tuple(volatile), tuple(_tolerance(row) for row in rows))


def _tolerance(row: object) -> Tolerance:
    if not isinstance(row, Mapping) or not set(row) <= {"field", "absolute", "relative"} or len(row) < 2:
        raise ValueError("a tolerance has a field and absolute or relative")
    field, bounds = row.get("field"), [row.get("absolute", 0.0), row.get("relative", 0.0)]
    if not isinstance(field, str) or not field.strip("*."):
        raise ValueError("a tolerance names its field")
    if not all(type(bound) in (int, float) and 0 <= bound < math.inf for bound in bounds):
        raise ValueError("absolute and relative are numbers from 0 on")
    return Tolerance(field, float(bounds[0] or 0), float(bounds[1] or 0))


def compare(golden: Mapping[str, Json], observed: Mapping[str, Json], tolerances: Tolerances) -> tuple[Case, ...]:
    """Every case that either side knows, in the order of the names."""
    return tuple(
        _case(name, golden.get(name), observed.get(name), tolerances, name in golden, name in observed)
        for name in sorted({*golden, *observed})
    )


def _case(
    name: str, golden: Json, observed: Json, tolerances: Tolerances, has_golden: bool, is_observed: bool
) -> Case:
    # A document may be `null`, so whether it is there is said beside it.
    old, new = (hash_of(golden) if has_golden else None), (hash_of(observed) if is_observed else None)
    if not is_observed:
        return Case(name, "observed_missing", old_hash=old)
    fields = _different(golden, observed, tolerances) if has_golden else ()
    if has_golden and not fields:
        return Case(name, "same", old_hash=old, new_hash=new)
    verdict = "differs" if has_golden else "golden_missing"
    return Case(name, verdict, fields, old, new, _diff(name, golden if has_golden else None, observed))


def _different(golden: Json, observed: Json, tolerances: Tolerances) -> tuple[str, ...]:
    before, now = dict(_scalars(golden)), dict(_scalars(observed))
    gone = before.keys() ^ now.keys()
    changed = {path for path in before.keys() & now.keys() if not tolerances.allow(path, before[path], now[path])}
    return tuple(sorted(gone | changed))


def _scalars(document: Json, path: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every value with its path (`metrics.0.value`); what is empty counts as a value."""
    if isinstance(document, Mapping) and document:
        for key in sorted(document):
            yield from _scalars(document[key], f"{path}.{key}" if path else str(key))
    elif isinstance(document, list) and document:
        for number, item in enumerate(document):
            yield from _scalars(item, f"{path}.{number}" if path else str(number))
    else:
        yield path, document if document is None or isinstance(document, (str, int, float, bool)) else str(document)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _diff(name: str, golden: Json, observed: Json) -> tuple[str, ...]:
    before, now = (json.dumps(one, indent=1, sort_keys=True).splitlines() for one in (golden, observed))
    return tuple(unified_diff(before, now, f"golden/{name}", f"observed/{name}", lineterm=""))[:_DIFF_LINES]


def hash_of(document: Json) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()


def to_change(cases: Sequence[Case], chosen: Sequence[str]) -> tuple[Case, ...]:
    """The cases an update would write: those that differ or have no golden document, of those that were chosen."""
    return tuple(case for case in cases if case.verdict in ("differs", "golden_missing") and _in(case.name, chosen))


def _in(name: str, chosen: Sequence[str]) -> bool:
    return not chosen or name in chosen


def update_plan(cases: Sequence[Case], why: str) -> Json:
    """What two people sign: which document gives way to which, and the reason that is recorded."""
    moves: dict[str, Json] = {case.name: {"old": case.old_hash, "new": case.new_hash} for case in cases}
    return {"golden": moves, "why": hashlib.sha256(why.encode()).hexdigest()}
