"""The days and the week made of them: reports, rollup, readiness."""

from typing import Annotated, Any, Literal

from pydantic import Field

from tasks.schemas.document import Count, Day, Document, Number, Percent, Positive, Ratio, Runtime


class Period(Document):
    """The first and the last day, both included."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]


class WeekOfEdge(Document):
    median: Number
    p25: Number
    p75: Number
    trend_vs_prev_week_bps: Number | None


class WeekOfLatency(Document):
    median: Positive
    p90: Positive
    trend_vs_prev_week_ms: Number | None


class WeekOfTaker(Document):
    median: Percent
    p90: Percent
    trend_vs_prev_week_pct: Number | None


class Ledger(Document):
    """Sums over the period; null where LEDGER_DAILY.json says nothing about it."""

    equity_change_eur: Number | None
    fees_eur: Number | None
    rebates_eur: Number | None


class RegressGuard(Document):
    edge_ok: bool
    latency_ok: bool
    taker_ok: bool
    trend_ok: bool


class WeeklyRollup(Document):
    """WEEKLY_ROLLUP.json: seven days of REPORT_SOAK in one; `days` is how many of them there were."""

    edge_net_bps: WeekOfEdge
    order_age_p95_ms: WeekOfLatency
    taker_share_pct: WeekOfTaker
    ledger: Ledger
    period: Period
    regress_guard: RegressGuard
    verdict: Literal["GO", "WARN", "NO-GO"]
    ts: Positive | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=7)] | None = None
    runtime: Runtime | None = None


class ScoreSections(Document):
    """Points: 30 for the edge, 25 latency, 15 taker, 10 each for guards, chaos and tests."""

    chaos: Annotated[Number, Field(ge=0, le=10)]
    edge: Annotated[Number, Field(ge=0, le=30)]
    guards: Annotated[Number, Field(ge=0, le=10)]
    latency: Annotated[Number, Field(ge=0, le=25)]
    taker: Annotated[Number, Field(ge=0, le=15)]
    tests: Annotated[Number, Field(ge=0, le=10)]


class ReadinessScore(Document):
    """READINESS_SCORE.json: how ready for a release, 0 to 100."""

    score: Percent
    sections: ScoreSections
    verdict: Literal["GO", "WARN", "NO-GO"]
    ts: Positive | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=7)] | None = None
    runtime: Runtime | None = None


class RegGuard(Document):
    """Whether the day is worse than the week before it; `reason` is NONE, EDGE_REG, LAT_REG or TAKER_REG."""

    reason: str
    baseline: dict[str, Any] | None = None


class ReportSoak(Document):
    """REPORT_SOAK_<YYYYMMDD>.json: one day."""

    edge_net_bps: Number
    order_age_p95_ms: Positive
    taker_share_pct: Percent
    verdict: Literal["OK", "WARN", "FAIL"]
    reg_guard: RegGuard | None = None
    alerts: dict[str, Any] | None = None
    caps_breach_count: Count | None = None
    fill_rate: Ratio | None = None
    pos_skew_abs_p95: Positive | None = None
    chaos_result: str | None = None
    bug_bash: str | None = None
    ts: Positive | None = None
    runtime: Runtime | None = None
