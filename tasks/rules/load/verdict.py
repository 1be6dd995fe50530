"""What a phase and a whole validation are worth: every limit that is broken, and whether the figures can be believed.

Pure. A percentile that the samples are too few for is judged by the maximum: if even that keeps the limit, so would
the percentile; if it does not, nothing can be said. A generator that was late itself has measured itself: whatever it
says about latency is not accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.rules.load.comparison import Before, slower
from tasks.rules.load.figures import Figures, Spread
from tasks.rules.load.plan import Name
from tasks.rules.outcome import Status

UNSURE = ("generator_saturated", "samples_too_few")
WORSE = ("slower_than_last",)


@dataclass(frozen=True, slots=True)
class Limits:
    """What still is good; shares in percent, times in milliseconds."""

    error_rate_percent_max: float = 1.0
    rate_limited_percent_max: float = 0.0
    p95_ms_max: float = 500.0
    p99_ms_max: float = 1000.0
    lag_ms_max: float = 50.0  # a tenth of the p95 limit: more would be more than a tenth of what is judged
    noise_percent: float = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A phase or a run, judged: its status and every reason for it, the gravest first."""

    status: Status
    reasons: tuple[str, ...] = ()
    slower: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        return self.reasons[0] if self.reasons else None


def judge_phase(figures: Figures, limits: Limits, before: Before | None) -> Verdict:
    """Hold one phase against its limits and against the last accepted run."""
    reasons = []
    if figures.stopped:
        reasons.append("target_unreachable")
    if figures.other_error_percent > limits.error_rate_percent_max:
        reasons.append("error_rate_high")
    if figures.rate_limited_percent > limits.rate_limited_percent_max:
        reasons.append("rate_limited")
    worse: tuple[str, ...] = ()
    if (figures.lag.at(99) or 0.0) > limits.lag_ms_max:
        reasons.append("generator_saturated")
    else:
        worse = slower(figures, before, limits.noise_percent)
        reasons += _latency_reasons(figures.latency, limits)
        reasons += ["slower_than_last"] if worse else []
    return _verdict(reasons, worse)


def _latency_reasons(latency: Spread, limits: Limits) -> list[str]:
    found = []
    for percent, limit in ((95, limits.p95_ms_max), (99, limits.p99_ms_max)):
        value = latency.at(percent)
        if value is not None and value > limit:
            found.append(f"p{percent}_high")
        elif value is None and (latency.most is None or latency.most > limit):
            found.append("samples_too_few")
    return list(dict.fromkeys(found))


def _verdict(reasons: Sequence[str], worse: tuple[str, ...] = ()) -> Verdict:
    """A broken limit fails; a doubt is no answer; slower within its limits is a warning."""
    ordered = tuple(sorted(dict.fromkeys(reasons), key=lambda reason: (reason in WORSE, reason in UNSURE)))
    if not ordered:
        return Verdict(Status.OK)
    gravest = Status.FAIL
    if ordered[0] in UNSURE:
        gravest = Status.INSUFFICIENT_DATA
    elif ordered[0] in WORSE:
        gravest = Status.WARN
    return Verdict(gravest, ordered, worse)


def judge_run(verdicts: Sequence[Verdict], left_out: tuple[Name, ...]) -> Verdict:
    """All phases together. A phase that was left out is not a phase that was passed."""
    if not verdicts:
        return Verdict(Status.INSUFFICIENT_DATA, ("nothing_asked",))
    whole = _verdict([reason for verdict in verdicts for reason in verdict.reasons])
    if whole.status is Status.OK and left_out:
        return Verdict(Status.PARTIAL, ("phase_left_out",))
    return whole
