"""What a read of the runtime's metrics file comes to, in lines (runbook 002, "Metrics & Monitoring")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.rules.contracts.metrics import METRICS_CHECK, METRICS_GROWTH, METRICS_PROBLEM, METRICS_QUANTILES
from tasks.rules.guard.growth import Expectation, Growth, Remembered, judge_growth, staleness
from tasks.rules.guard.textfile import Fault, Textfile, buckets_of, faults_of, quantile_text
from tasks.rules.outcome import Outcome, Status

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found about one read, compared with the last one that was remembered."""

    file: Textfile
    faults: tuple[Fault, ...]
    growths: tuple[Growth, ...]
    reasons: tuple[str, ...]
    age_s: int
    unchanged_s: int

    @property
    def may_be_remembered(self) -> bool:
        """Only what is believed is compared with later."""
        return not self.faults and bool(self.file.samples)


def judge_metrics(
    file: Textfile, last: Remembered | None, expected: Sequence[Expectation], now: float, stale_after_s: float
) -> Verdict:
    faults = faults_of(file)
    stale = staleness(file.written_at, file.digest, last, now, stale_after_s)
    gauges = {one.name for one in file.types if one.type == "gauge"}
    growths = judge_growth(expected, last.values, file.values, gauges) if last and not faults else ()
    verdicts = {growth.verdict for growth in growths}
    reasons = {
        "invalid_metrics": bool(faults),
        "no_samples": not (file.samples or faults),
        str(stale): stale is not None,
        "expectation_failed": bool(verdicts & {"too_little", "too_much", "not_a_counter"}),
        "no_snapshot": bool(expected) and last is None,
        "too_coarse": "too_coarse" in verdicts,
    }
    same_since = last.since if last and last.digest == file.digest else now
    return Verdict(
        file,
        faults,
        growths,
        tuple(reason for reason, holds in reasons.items() if holds),
        max(0, int(now - file.written_at)),
        max(0, int(now - same_since)),
    )


def metrics_lines(verdict: Verdict) -> Iterator[Outcome]:
    for fault in verdict.faults:
        yield METRICS_PROBLEM.says(Status.FAIL, code=fault.code, line=fault.line, metric=shown(fault.name or "", 80))
    for growth in verdict.growths:
        yield METRICS_GROWTH.says(
            _STATUS.get(growth.verdict, Status.FAIL),
            series=shown(growth.expectation.series.text),
            verdict=growth.verdict,
            increase=f"{growth.increase:g}",
            reset=growth.reset,
        )
    if not verdict.faults:
        yield from _quantiles(verdict.file)


_STATUS = {"ok": Status.OK, "too_coarse": Status.INSUFFICIENT_DATA}


def _quantiles(file: Textfile) -> Iterator[Outcome]:
    for one in file.types:
        if one.type == "histogram":
            for series, buckets in buckets_of(file.samples, one.name).items():
                shares = {f"p{share}": quantile_text(buckets, share / 100) for share in (50, 95, 99)}
                yield METRICS_QUANTILES.says(
                    Status.OK, series=shown(series.text), count=f"{buckets[-1][1]:g}", **shares
                )


def metrics_said(verdict: Verdict) -> Outcome:
    return METRICS_CHECK.says(
        _status(verdict),
        verdict.reasons[0] if verdict.reasons else None,
        families=len(verdict.file.types),
        samples=len(verdict.file.samples),
        problems=len(verdict.faults),
        age_s=verdict.age_s,
        unchanged_s=verdict.unchanged_s,
        expected=len(verdict.growths) or None,
        failed=sum(growth.verdict != "ok" for growth in verdict.growths) if verdict.growths else None,
        resets=sum(growth.reset for growth in verdict.growths) if verdict.growths else None,
        reasons=verdict.reasons or None,
    )


def _status(verdict: Verdict) -> Status:
    """No data is not green, and not red either."""
    if not verdict.reasons:
        return Status.OK
    unknown = {"no_samples", "no_snapshot", "too_coarse"}
    return Status.INSUFFICIENT_DATA if set(verdict.reasons) <= unknown else Status.FAIL


def shown(text: str, most: int = _SHOWN) -> str | None:
    """A text of the file as it may stand in a line: printable ASCII, cut to size; None if nothing is left."""
    return text.encode("ascii", "backslashreplace").decode()[:most] or None
