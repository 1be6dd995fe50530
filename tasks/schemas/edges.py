"""What trading earned and lost: the edge report and its sentinel."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from tasks.schemas.document import Count, Document, Number, Positive, Ratio, Runtime


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

    words: ClassVar[Mapping[str, str]] = {
        "net_bps": "net_bps_type",
        "latency": "latency_type",
        "taker_ratio": "taker_ratio_type",
    }
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

    words: ClassVar[Mapping[str, str]] = {"buckets": "buckets_type", "advice": "advice_type", "ts": "ts_type"}
    buckets: list[Bucket] | dict[str, Any]
    advice: str
    ts: Positive
    advice_items: list[str] | None = None
    summary: dict[str, Any] | None = None
    top: dict[str, Any] | None = None
    runtime: Runtime | None = None
