"""A load validation as a short page for people: figures, what was asked, and the command that asks for it again."""

from collections.abc import Iterator

from tasks.rules.load.figures import Figures
from tasks.rules.load.run import Run
from tasks.rules.load.verdict import Verdict

_HEAD = "| phase | good | failures | p50 ms | p95 ms | p99 ms | max ms | errors % | lag p99 ms | verdict |"


def page_of(run: Run) -> list[str]:
    """Markdown: one row a phase; a percentile that the samples are too few for is a dash."""
    return [
        f"# Load validation {run.at:%Y-%m-%d %H:%M} UTC: {run.whole.status.value}",
        "",
        *_reasons(run),
        _HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_row(figures, verdict) for figures, verdict in zip(run.figures, run.verdicts, strict=True)),
        "",
        "Latency counts from the moment a request was due. Percentiles: nearest rank over the good answers.",
        "",
        "```",
        command_of(run),
        "```",
    ]


def command_of(run: Run) -> str:
    """The command that makes the same load again."""
    asked = run.asked.config
    return " ".join(["watchkeeper load-validation", *(f"--{name.replace('_', '-')} {asked[name]}" for name in asked)])


def _reasons(run: Run) -> Iterator[str]:
    if run.whole.reasons:
        yield f"Reasons: {', '.join(run.whole.reasons)}."
    if run.left_out:
        yield f"Left out: {', '.join(run.left_out)}."
    if run.before:
        yield f"Compared with {run.before.file}, noise band {run.asked.limits.noise_percent:g} %."
    if run.whole.reasons or run.left_out or run.before:
        yield ""


def _row(figures: Figures, verdict: Verdict) -> str:
    times = [figures.latency.at(50), figures.latency.at(95), figures.latency.at(99), figures.latency.most]
    cells = [
        figures.name,
        str(figures.latency.samples),
        str(figures.failures),
        *(_ms(time) for time in times),
        f"{figures.error_rate_percent:.2f}",
        _ms(figures.lag.at(99)),
        " ".join([verdict.status.value, *verdict.reasons]),
    ]
    return f"| {' | '.join(cells)} |"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
