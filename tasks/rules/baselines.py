"""What a good day looked like, kept to compare later days with (runbook 001, Routine operations).

Only a day that is itself healthy, on enough traffic and in whole, finite numbers may become the measure of others.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.rules.artifacts import Json
from tasks.rules.contracts.health import METRICS_BASELINE
from tasks.rules.metrics_regression import MIN_N, Snapshot, judge_regression
from tasks.rules.outcome import Outcome, Scalar, Status

SCHEMA_VERSION = 1
LATEST = "regression_baseline_latest.json"
UNKNOWN = "unknown"
KNOWN_KEYS = frozenset({"ts_utc", *Snapshot.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The aggregates of one window, under a name that sorts by time within a commit."""

    source_commit: str
    created_at: datetime
    metrics: Mapping[str, Scalar | None]

    @property
    def id(self) -> str:
        return f"{self.source_commit}-{self.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    @property
    def filename(self) -> str:
        return f"regression_baseline_{self.id}.json"


def are_valid_metrics(metrics: Mapping[str, object]) -> bool:
    """Known keys only, each a finite number not below zero, or nothing where the day could not tell."""
    return bool(metrics) and all(key in KNOWN_KEYS and _is_measure(key, value) for key, value in metrics.items())


def _is_measure(key: str, value: object) -> bool:
    if key == "ts_utc":
        return isinstance(value, str)
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def refusal(snapshot: Snapshot, verdicts: Iterable[Outcome]) -> Outcome | None:
    """Why this day must not become the measure of others; None if it may."""
    if snapshot.delivered_total < MIN_N:
        return METRICS_BASELINE.says(Status.FAIL, "insufficient_volume")
    if not are_valid_metrics(snapshot.metrics):
        return METRICS_BASELINE.says(Status.FAIL, "invalid_baseline")
    bad = (Status.UNHEALTHY, Status.FAIL, Status.ERROR)
    if any(verdict.status in bad for verdict in (*verdicts, judge_regression(snapshot, None))):
        return METRICS_BASELINE.says(Status.FAIL, "unhealthy")
    return None


def document_of(baseline: Baseline, *, frozen: bool) -> Json:
    """The file of the baseline: exactly the six keys that its readers know.

    A baseline made under a frozen clock says so among the status tokens, because there is no seventh key.
    """
    tokens = ["metrics_regression_pending", *(["frozen_clock"] if frozen else [])]
    return {
        "schema_version": SCHEMA_VERSION,
        "baseline_id": baseline.id,
        "created_at": _iso(baseline.created_at),
        "source_commit": baseline.source_commit,
        "metrics": dict(baseline.metrics),
        "status_tokens": tokens,
    }


def pointer_to(baseline: Baseline) -> Json:
    """The file that names the newest baseline: exactly four keys."""
    return {
        "baseline_id": baseline.id,
        "baseline_filename": baseline.filename,
        "created_at": _iso(baseline.created_at),
        "schema_version": SCHEMA_VERSION,
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def taken(baseline: Baseline, snapshot: Snapshot, *, is_new: bool) -> Outcome:
    """The last line; a second start in the same second finds the baseline there and changes nothing."""
    return METRICS_BASELINE.says(
        Status.OK if is_new else Status.SKIPPED,
        None if is_new else "already_taken",
        baseline_id=baseline.id,
        file=baseline.filename,
        delivered_total=snapshot.delivered_total,
        h=snapshot.matching_health_h,
    )
