"""One schema for every JSON that a gate reads: its producer is held to it when it writes, its readers when they read.

The models accept the smallest files that are good (spec 004, section 11) and everything our producers add. What is
not in a model is left alone; NaN and infinity, truth values in place of numbers, a key twice and letters outside
ASCII are refused wherever they stand. `docs/schemas` has the same as JSON Schema.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.rules.artifacts import Json

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Ratio = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Percent = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=0)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Document(BaseModel):
    """A JSON object whose known keys have one meaning; `words` says what a wrong key is called in a line."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, populate_by_name=True)
    words: ClassVar[Mapping[str, str]] = {}

    def contradictions(self) -> Iterator[str]:
        """The keys whose value does not fit the rest of the document."""
        yield from ()


class Runtime(Document):
    """Who made it and when; `frozen_now` is there only if the clock stood still."""

    utc: str
    version: str
    frozen_now: str | None = None


class KpiCheck(Document):
    """One number against its limit."""

    name: str
    value: Number | bool | None
    limit: Number | bool
    op: Literal[">=", "<=", "=="]
    ok: bool


class KpiGate(Document):
    """KPI_GATE.json: is the week good enough, and how ready are we? Readiness in percent unless `scale` is ratio."""

    words = {"timestamp": "timestamp_type", "readiness": "readiness_type", "checks": "checks_type"}
    timestamp: Positive
    readiness: Percent
    checks: list[KpiCheck | dict[str, Any] | str] | dict[str, Any]
    scale: Literal["percent", "ratio"] = "percent"
    verdict: Literal["PASS", "WARN", "FAIL"] | None = None
    reasons: list[str] | None = None
    runtime: Runtime | None = None

    def contradictions(self) -> Iterator[str]:
        if self.scale == "ratio" and self.readiness > 1:
            yield "readiness"


class Section(Document):
    """One check of a validation: `details` is a word like `exit_0` or `timed_out`, never the check's own text."""

    name: str
    status: Literal["OK", "FAIL"]
    ok: bool
    details: str
    seconds: Positive | None = None


class FullStackValidation(Document):
    """FULL_STACK_VALIDATION.json: which checks ran and whether all of them were good."""

    words = {"status": "status_value", "components": "components_type", "ts": "ts_type"}
    status: Literal["OK", "FAIL"]
    components: Annotated[list[Any], Field(min_length=1)]
    ts: Positive
    result: Literal["OK", "FAIL"] | None = None
    mode: Literal["FULL", "FAST"] | None = None
    sections: list[Section] | None = None
    runtime: Runtime | None = None

    def contradictions(self) -> Iterator[str]:
        said = [self.status, self.result or self.status]
        failed = any(not section.ok or section.status == "FAIL" for section in self.sections or [])
        if len(set(said)) > 1 or (failed and self.status == "OK"):
            yield "status"


class Edge(Document):
    """What was earned and lost, in basis points; the numbers are null where nothing was traded."""

    gross_bps: Number | None = None
    fees_eff_bps: Number | None = None
    adverse_bps: Number | None = None
    slippage_bps: Number | None = None
    inventory_bps: Number | None = None
    net_bps: Number | None = None
    fills: Count | None = None
    turnover_usd: Positive | None = None


class Latency(Document):
    """Age of the orders when they were filled, in milliseconds."""

    p50: Positive
    p95: Positive
    p99: Positive


class EdgeReport(Document):
    """EDGE_REPORT.json: per symbol and in total. The three measures are null only if `total.fills` is 0."""

    words = {"net_bps": "net_bps_type", "latency": "latency_type", "taker_ratio": "taker_ratio_type"}
    net_bps: Number | None
    latency: Latency | None
    taker_ratio: Ratio | None
    total: Edge | None = None
    symbols: dict[str, Edge] | None = None
    ts: Positive | None = None
    runtime: Runtime | None = None

    @property
    def has_no_trades(self) -> bool:
        return self.total is not None and self.total.fills == 0

    def contradictions(self) -> Iterator[str]:
        if not self.has_no_trades:
            yield from (name for name in ("net_bps", "latency", "taker_ratio") if getattr(self, name) is None)


class Bucket(Document):
    """A quarter of an hour of one symbol."""

    bucket: str
    net_bps: Number
    symbol: str | None = None


class EdgeSentinel(Document):
    """EDGE_SENTINEL.json: where the edge was lost, and one sentence of advice (`advice_items` has it in pieces)."""

    words = {"buckets": "buckets_type", "advice": "advice_type", "ts": "ts_type"}
    buckets: list[Bucket] | dict[str, Any]
    advice: str
    ts: Positive
    advice_items: list[str] | None = None
    summary: dict[str, Any] | None = None
    top: dict[str, Any] | None = None
    runtime: Runtime | None = None


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


class ReleaseStamp(Document):
    """RELEASE_STAMP.json: which bundle is in force; `evidence` is an in-toto statement about it."""

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,40}$")]
    git_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
    bundle_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    ts: Count
    bundle: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,118}\.zip$")]
    dirty: bool = False
    evidence: dict[str, Any] | None = None
    frozen_now: str | None = None


SCHEMAS: dict[str, type[Document]] = {
    "KPI_GATE.json": KpiGate,
    "FULL_STACK_VALIDATION.json": FullStackValidation,
    "EDGE_REPORT.json": EdgeReport,
    "EDGE_SENTINEL.json": EdgeSentinel,
    "WEEKLY_ROLLUP.json": WeeklyRollup,
    "READINESS_SCORE.json": ReadinessScore,
    "REPORT_SOAK.json": ReportSoak,
    "RELEASE_STAMP.json": ReleaseStamp,
}


def schema_named(name: str) -> type[Document]:
    """The schema of a file; every REPORT_SOAK_<YYYYMMDD>.json has the same."""
    return SCHEMAS["REPORT_SOAK.json" if name.startswith("REPORT_SOAK_") else name]


def published_schema(name: str) -> Json:
    """The JSON Schema of a file, for programs that are not ours."""
    schema: Json = schema_named(name).model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}  # type: ignore[dict-item]
