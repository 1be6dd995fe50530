"""What is said of a load validation: a line for each phase, and one for all of it. Pure."""

from tasks.rules.contracts.services import LOAD_PHASE, LOAD_VALIDATION
from tasks.rules.load.figures import Figures
from tasks.rules.load.run import Run
from tasks.rules.load.verdict import Verdict
from tasks.rules.outcome import Outcome, Status

_MOST = 8  # as many as a line can hold


def phase_line(figures: Figures, verdict: Verdict) -> Outcome:
    return LOAD_PHASE.says(
        verdict.status,
        verdict.reason,
        phase=figures.name,
        samples=figures.latency.samples,
        failures=figures.failures,
        p50_ms=figures.latency.at(50),
        p95_ms=figures.latency.at(95),
        p99_ms=figures.latency.at(99),
        max_ms=figures.latency.most,
        error_rate_percent=figures.error_rate_percent,
        rate_asked=figures.rate_asked,
        rate_offered=figures.rate_offered,
        lag_p99_ms=figures.lag.at(99),
        answers=tuple(f"{answer}:{count}" for answer, count in figures.answers.items()) or None,
        retry_after_s=figures.retry_after_s,
        slower=verdict.slower or None,
        reasons=verdict.reasons if len(verdict.reasons) > 1 else None,
    )


def run_line(run: Run, refused: tuple[str, ...], file: str) -> Outcome:
    """`refused` is the evidence beside it that could not be believed."""
    return LOAD_VALIDATION.says(
        run.whole.status,
        run.whole.reason,
        reasons=run.whole.reasons if len(run.whole.reasons) > 1 else None,
        phases=len(run.figures),
        failed=sum(verdict.status is not Status.OK for verdict in run.verdicts),
        requests=sum(one.attempts for one in run.figures),
        failures=sum(one.failures for one in run.figures),
        left_out=run.left_out or None,
        compared=run.before.file if run.before else "none",
        refused=refused[:_MOST] or None,
        accepted=run.is_accepted,
        file=file,
    )
