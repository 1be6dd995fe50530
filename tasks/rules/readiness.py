"""How ready for a release: points for what was shown, none for what nobody looked at (runbook 004).

Edge 30, latency 25, taker 15 from the medians of the week; guards 10 by the share of its seven days that were clean;
chaos and tests 10 each, if somebody reported on them in the week and every report was OK.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from tasks.rules.artifacts import Json
from tasks.rules.contracts.validation import READINESS_SCORE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.ranks import median
from tasks.rules.weekly import (
    DAYS,
    EDGE_LEAST_BPS,
    LATENCY_MOST_MS,
    TAKER_MOST_PCT,
    Week,
    age_of,
    edge_of,
    taker_of,
)

GO, WARN = 90, 70


def score_of(week: Week) -> dict[str, Json]:
    """READINESS_SCORE.json of the week."""
    points = {
        "edge": 30 * min(1.0, max(0.0, median(week.values(edge_of)) / EDGE_LEAST_BPS)),
        "latency": _under(25, median(week.values(age_of)), LATENCY_MOST_MS),
        "taker": _under(15, median(week.values(taker_of)), TAKER_MOST_PCT),
        "guards": 10 * sum(day.clean for day in week.days) / DAYS,
        "chaos": _reported(day.chaos for day in week.days),
        "tests": _reported(day.tests for day in week.days),
    }
    score = round(sum(points.values()), 6)
    return {
        "score": score,
        "sections": {name: round(value, 6) for name, value in points.items()},
        "verdict": "GO" if score >= GO else "WARN" if score >= WARN else "NO-GO",
        "days": len(week.days),
        "period": {"from": week.first.isoformat(), "to": week.last.isoformat()},
    }


def _under(most: float, value: float, limit: float) -> float:
    return most if value <= limit else most * limit / value


def _reported(words: Iterable[str | None]) -> float:
    said = [word for word in words if word is not None]
    return 10.0 if said and all(word == "OK" for word in said) else 0.0


def score_said(score: Mapping[str, Json], invalid: tuple[str, ...]) -> Outcome:
    return READINESS_SCORE.says(
        Status.OK,
        verdict=str(score["verdict"]),
        score=cast("float", score["score"]),
        days=cast("int", score["days"]),
        invalid=invalid or None,
    )


def score_page(score: Mapping[str, Json]) -> list[str]:
    """READINESS_SCORE.md: the points by section, the score last."""
    sections = cast("Mapping[str, float]", score["sections"])
    rows = [f"| {name} | {sections[name]:.6f} |" for name in sorted(sections)]
    total = f"| TOTAL | {cast('float', score['score']):.6f} |"
    return [
        "READINESS SCORE",
        "",
        "| section | points |",
        "|---|---|",
        *rows,
        total,
        "",
        f"READINESS {score['verdict']}",
    ]
