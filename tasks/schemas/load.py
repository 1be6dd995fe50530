"""The schema of the evidence of a load validation: what earlier harnesses wrote, and what ours adds to it.

`docs/schemas/PHASE5_LOAD.json` is the same as JSON Schema. The archived evidence of 2026-02-11 keeps to it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from tasks.schemas.document import Count, Document, Percent, Positive


class Spread(Document):
    """Times in milliseconds; a percentile that the samples are too few for is null."""

    samples: Count
    p50_ms: Positive | None
    p95_ms: Positive | None
    p99_ms: Positive | None
    mean_ms: Positive | None = None
    max_ms: Positive | None = None


class Histogram(Document):
    """The latencies as an HdrHistogram (V2, compressed, base64), to be merged and read by its own tools."""

    unit: Literal["us"]
    significant_figures: Count
    encoded: str


class PhaseResult(Document):
    """One phase. `samples` are the good answers, so failures / (samples + failures) is the error rate."""

    samples: Count
    failures: Count
    p50_ms: Positive | None
    p95_ms: Positive | None
    p99_ms: Positive | None
    error_rate_percent: Percent
    asked: Count | None = None
    attempts: Count | None = None
    answers: dict[str, Count] | None = None
    mean_ms: Positive | None = None
    max_ms: Positive | None = None
    rate_asked_per_s: Positive | None = None
    rate_offered_per_s: Positive | None = None
    answered_per_s: Positive | None = None
    seconds: Positive | None = None
    rate_limited_percent: Percent | None = None
    retry_after_s: Count | None = None
    stopped: str | None = None
    insufficient_data: list[str] | None = None
    bounds_95_ms: dict[str, Annotated[list[Positive], Field(min_length=2, max_length=2)]] | None = None
    failed_latency: Spread | None = None
    generator_lag: Spread | None = None
    connection_wait: Spread | None = None
    histogram: Histogram | None = None
    status: Literal["ok", "warn", "insufficient_data", "fail"] | None = None
    reasons: list[str] | None = None
    slower: list[str] | None = None


class RunVerdict(Document):
    """What the run is worth; `accepted` is what a release may rest on."""

    status: Literal["ok", "partial", "warn", "insufficient_data", "fail"]
    reasons: list[str]
    accepted: bool
    left_out: list[str]


class LoadEvidence(Document):
    """<timestamp>_phase5_load.json: the evidence of one load validation (runbook 003)."""

    timestamp_utc: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")]
    config: dict[str, Any]
    results: dict[str, PhaseResult]
    verdict: RunVerdict | None = None
    method: dict[str, Any] | None = None
    comparison: dict[str, Any] | None = None
    frozen_now: str | None = None
