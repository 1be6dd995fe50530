"""The evidence of a load validation as a document; the keys of the earlier harness stand where they stood.

Pure. Times are milliseconds with three decimals, shares are percent with four.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from tasks.rules.artifacts import Json
from tasks.rules.load.comparison import Before
from tasks.rules.load.figures import METHOD, PERCENTS, Figures, Spread, needed
from tasks.rules.load.run import Run
from tasks.rules.load.verdict import Limits, Verdict

FILE_END = "_phase5_load.json"


def file_name(at: datetime) -> str:
    """`2026-11-21T083000Z_phase5_load.json`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}{FILE_END}"


def document_of(run: Run, histograms: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """The evidence; `histograms` has the HdrHistogram of each phase."""
    return {
        "timestamp_utc": run.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "config": run.asked.config | {"limits": asdict(run.asked.limits)},
        "results": {
            figures.name: _result(figures, verdict) | {"histogram": histograms[figures.name]}
            for figures, verdict in zip(run.figures, run.verdicts, strict=True)
        },
        "verdict": {
            "status": run.whole.status.value,
            "reasons": list(run.whole.reasons),
            "accepted": run.is_accepted,
            "left_out": [name.value for name in run.left_out],
        },
        "method": {
            "model": "open",
            "latency": "from the moment a request was due to the end of its answer; good answers only",
            "percentiles": METHOD,
            "samples_needed": {f"p{percent}": needed(percent) for percent in PERCENTS},
        },
        "comparison": _comparison(run.before, run.asked.limits),
    }


def _result(figures: Figures, verdict: Verdict) -> dict[str, Json]:
    return {
        "samples": figures.latency.samples,
        "failures": figures.failures,
        **_percentiles(figures.latency),
        "error_rate_percent": round(figures.error_rate_percent, 4),
        "mean_ms": _ms(figures.latency.mean),
        "max_ms": _ms(figures.latency.most),
        "insufficient_data": [f"p{p}" for p in PERCENTS if figures.latency.at(p) is None],
        "bounds_95_ms": {
            f"p{percent}": [round(low, 3), round(high, 3)] for percent, (low, high) in figures.latency.bounds.items()
        },
        "asked": figures.asked,
        "attempts": figures.attempts,
        "answers": dict(figures.answers),
        "rate_asked_per_s": _ms(figures.rate_asked),
        "rate_offered_per_s": _ms(figures.rate_offered),
        "answered_per_s": _ms(figures.answered_per_s),
        "seconds": _ms(figures.seconds),
        "rate_limited_percent": round(figures.rate_limited_percent, 4),
        "retry_after_s": figures.retry_after_s,
        "stopped": figures.stopped,
        "failed_latency": _spread(figures.failed),
        "generator_lag": _spread(figures.lag),
        "connection_wait": _spread(figures.wait),
        "status": verdict.status.value,
        "reasons": list(verdict.reasons),
        "slower": list(verdict.slower),
    }


def _spread(spread: Spread) -> dict[str, Json]:
    return {
        "samples": spread.samples,
        **_percentiles(spread),
        "mean_ms": _ms(spread.mean),
        "max_ms": _ms(spread.most),
    }


def _percentiles(spread: Spread) -> dict[str, Json]:
    return {f"p{percent}_ms": _ms(spread.at(percent)) for percent in PERCENTS}


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _comparison(before: Before | None, limits: Limits) -> dict[str, Json] | None:
    if before is None:
        return None
    return {
        "with": before.file,
        "of": before.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "noise_percent": limits.noise_percent,
        "upper_bounds_ms": {name: dict(values) for name, values in before.percentiles.items()},
    }
