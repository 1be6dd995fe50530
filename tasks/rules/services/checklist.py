"""Is the release ready? Four items, each with its evidence, the evidence's own time, and every reason against it.

Pure. Runbook 003, Release Checklist. What was skipped has not passed, and a file is not believed for being there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from tasks.rules.acceptance import Reading
from tasks.rules.contracts.checklist import RELEASE_CHECKLIST, RELEASE_CHECKLIST_ITEM
from tasks.rules.load.archive import CLOCKS_DIFFER, Archived, moment_of, why_unbelievable
from tasks.rules.outcome import Outcome, Status

QUALITY, SMOKE = "FULL_STACK_VALIDATION.json", "RELEASE_SMOKE.json"
# Webhooks are signed ones or those of the test route.
PHASES = ({"webhook", "webhook_signed"}, {"api_heartbeat"}, {"parallel_epic_trigger"}, {"websocket_connect"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """How old evidence may be, and what a load may have come to; percent of all attempts, milliseconds."""

    max_age: timedelta = timedelta(hours=24)
    load_max_age: timedelta = timedelta(days=7)
    error_rate_percent_max: float = 1.0
    p95_ms_max: float = 500.0
    p99_ms_max: float = 1000.0


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist; without reasons against it, it has passed."""

    name: str
    reasons: tuple[str, ...]
    evidence: str | None = None
    at: datetime | None = None
    ignored: int = 0


def quality_item(reading: Reading, now: datetime, bounds: Bounds) -> Item:
    """The whole validation, not only its fast part."""
    document = reading.document or {}
    reasons = list(_against(reading, now, bounds.max_age))
    if not reading.problems:
        reasons += ["not_passed"] if document.get("status") != "OK" else []
        reasons += ["fast_only"] if document.get("mode") == "FAST" else []
    return _item("quality", reasons, QUALITY, reading)


def smoke_item(name: str, step: str, reading: Reading, now: datetime, bounds: Bounds) -> Item:
    """One step of the release smoke."""
    reasons = list(_against(reading, now, bounds.max_age))
    if not reading.problems:
        steps = cast("Sequence[Mapping[str, Any]]", (reading.document or {}).get("steps", ()))
        said = {one["status"] for one in steps if one["name"] == step} or {"skipped"}
        reasons += ["step_skipped"] if "skipped" in said else ["not_passed"] if said != {"pass"} else []
    return _item(name, reasons, SMOKE, reading)


def load_item(files: Sequence[Archived], notes: str | None, now: datetime, bounds: Bounds) -> Item:
    """The newest load evidence that can be believed, by its own time; the release notes must name it."""
    good = [file for file in files if why_unbelievable(file, now) is None]
    ignored = len(files) - len(good)
    if not good:
        return Item("load", ("evidence_invalid" if files else "evidence_missing",), ignored=ignored)
    newest = max(good, key=lambda file: (moment_of(file) or now, file.name))
    at = moment_of(newest) or now
    reasons = ["evidence_old"] if now - at > bounds.load_max_age else []
    reasons += _against_load(newest.document, bounds)
    reasons += ["notes_missing"] if notes is None else [] if is_named(newest.name, notes) else ["not_in_notes"]
    return Item("load", tuple(reasons), newest.name, at, ignored)


def is_named(file: str, notes: str) -> bool:
    """Whether the notes name exactly this file, with or without a path before it."""
    return re.search(rf"(?<![A-Za-z0-9_.-]){re.escape(file)}(?![A-Za-z0-9_-])", notes) is not None


def _against_load(document: Mapping[str, Any], bounds: Bounds) -> Iterator[str]:
    results: Mapping[str, Mapping[str, Any]] = document["results"]
    verdict = document.get("verdict")
    if document.get("frozen_now"):
        yield "frozen_clock"
    if verdict is not None and not verdict["accepted"]:
        yield "not_accepted"
    if not all(phase & set(results) for phase in PHASES):
        yield "phases_missing"
    if any(_error_rate(one) > bounds.error_rate_percent_max for one in results.values()):
        yield "error_rate_high"
    if any(not one["samples"] for one in results.values()):
        yield "samples_too_few"
    for name, most in (("p95", bounds.p95_ms_max), ("p99", bounds.p99_ms_max)):
        if any(_at(one, name) > most for one in results.values()):
            yield f"{name}_high"


def _error_rate(result: Mapping[str, Any]) -> float:
    """Failures of all attempts in percent, counted again; what the file says itself if that is worse."""
    attempts = result.get("attempts") or result["samples"] + result["failures"]
    counted = 100.0 * result["failures"] / attempts if attempts else 100.0
    return max(counted, float(result["error_rate_percent"]))


def _at(result: Mapping[str, Any], percentile: str) -> float:
    """The percentile, or the maximum where the samples are too few for it: if even that is good, so is the other."""
    value = result[f"{percentile}_ms"]
    return float((result.get("max_ms") or 0.0) if value is None else value)


def _against(reading: Reading, now: datetime, max_age: timedelta) -> Iterator[str]:
    """What stands against a document whatever it says: its structure and its time."""
    if reading.problems or reading.document is None:
        yield "evidence_missing" if reading.problems == ("missing",) else "evidence_invalid"
        return
    at = _moment(reading)
    runtime = reading.document.get("runtime")
    if isinstance(runtime, Mapping) and runtime.get("frozen_now"):
        yield "frozen_clock"
    if at is None:
        yield "evidence_invalid"
    elif at > now + CLOCKS_DIFFER:
        yield "from_the_future"
    elif now - at > max_age:
        yield "evidence_old"


def _moment(reading: Reading) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(cast("float", (reading.document or {})["ts"])), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _item(name: str, reasons: Sequence[str], file: str, reading: Reading) -> Item:
    is_there = reading.problems != ("missing",)
    return Item(name, tuple(reasons), file if is_there else None, None if reading.problems else _moment(reading))


def item_said(item: Item, now: datetime) -> Outcome:
    age_hours = None if item.at is None else max(0.0, round((now - item.at).total_seconds() / 3600, 2))
    return RELEASE_CHECKLIST_ITEM.says(
        Status.FAIL if item.reasons else Status.OK,
        item.reasons[0] if item.reasons else None,
        item=item.name,
        reasons=item.reasons if len(item.reasons) > 1 else None,
        evidence=item.evidence,
        age_hours=age_hours,
        ignored=item.ignored or None,
    )


def checklist_said(items: Sequence[Item]) -> Outcome:
    failed = tuple(item.name for item in items if item.reasons)
    if failed or not items:
        return RELEASE_CHECKLIST.says(
            Status.FAIL, "items_failed", passed=len(items) - len(failed), failed=failed or None
        )
    return RELEASE_CHECKLIST.says(Status.OK, passed=len(items))
