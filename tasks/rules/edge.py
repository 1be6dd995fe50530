"""What trading earned and lost in basis points, by symbol and by quarter of an hour (runbook 004).

With s = +1 for a buy and -1 for a sell, a trade has
- gross = s (price - mid_before) / mid_before, adverse = s (mid_after_1s - mid_before) / mid_before;
- slippage = s (price - quote) / quote against the last quote at or before it (ask for buys, bid for sells); a trade
  without a quote has none, and is counted;
- a group has the means of its trades, and inventory = mean |qty| / mean notional;
- net = gross - fees - adverse - slippage - inventory: the definition that the runbook's operators know (its era's).

The total is the plain mean over the symbols. Sums for the sentinel count each trade once.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.rules.artifacts import Json

COSTS = ("fees_eff_bps", "adverse_bps", "slippage_bps", "inventory_bps")
COMPONENTS = ("gross_bps", *COSTS)
BUCKET_MS = 15 * 60_000
THROTTLE = "tune throttle: raise min_interval_ms"
IMPACT = "lower micro impact_cap_ratio"
TILT = "increase vip tilt cap mildly"
KEEP = "keep"
NO_DATA = "no data"
_FEES_SHARE = 0.3
_MOST_NAMED = 5
_LARGEST = 1e12
_LAST_MS = 253_402_300_799_000  # the end of the year 9999
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,39}")

Trade = tuple[str, int, int, float, float, float, float, float, float | None, bool | None]
Quote = tuple[str, int, float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """The components of a group of trades in basis points, how many trades, and their notional."""

    gross_bps: float
    fees_eff_bps: float
    adverse_bps: float
    slippage_bps: float
    inventory_bps: float
    fills: int
    turnover_usd: float

    @property
    def net_bps(self) -> float:
        return self.gross_bps - self.fees_eff_bps - self.adverse_bps - self.slippage_bps - self.inventory_bps

    def as_data(self) -> dict[str, Json]:
        """Six digits, as the runbook's readers know them."""
        parts: dict[str, Json] = {name: rounded(getattr(self, name)) for name in (*COMPONENTS, "net_bps")}
        return {**parts, "fills": self.fills, "turnover_usd": rounded(self.turnover_usd)}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found in trades and quotes; `latency_ms` and `taker_ratio` are None where trades do not tell them."""

    symbols: Mapping[str, Edge]
    buckets: Mapping[tuple[str, str], Edge]
    latency_ms: Mapping[str, float] | None
    taker_ratio: float | None
    unquoted: int
    first_ms: int | None
    last_ms: int | None

    @property
    def fills(self) -> int:
        return sum(edge.fills for edge in self.symbols.values())


def rounded(value: float) -> float:
    return round(value, 6) + 0.0  # and no minus zero


def trade_of(row: Mapping[str, object]) -> Trade:
    """One line of the trades; ValueError if it is none. `order_age_ms` and `taker` may be left out."""
    side = {"B": 1, "S": -1}.get(str(row.get("side")))
    if side is None:
        raise ValueError("side is B or S")
    price, qty, before, after = (_size(row, name) for name in ("price", "qty", "mid_before", "mid_after_1s"))
    age, taker = row.get("order_age_ms"), row.get("taker")
    if taker is not None and not isinstance(taker, bool):
        raise ValueError("taker is true or false")
    age_ms = None if age is None else _number(row, "order_age_ms", 0)
    return _symbol(row), _time(row), side, price, qty, before, after, _number(row, "fee_bps"), age_ms, taker


def quote_of(row: Mapping[str, object]) -> Quote:
    """One line of the quotes; ValueError if it is none."""
    return _symbol(row), _time(row), _size(row, "best_bid"), _size(row, "best_ask")


def _symbol(row: Mapping[str, object]) -> str:
    symbol = row.get("symbol")
    if not isinstance(symbol, str) or not _SYMBOL.fullmatch(symbol):
        raise ValueError("symbol is a short name of ASCII letters")
    return symbol


def _time(row: Mapping[str, object]) -> int:
    time = row.get("ts_ms")
    if type(time) is not int or not 0 <= time <= _LAST_MS:
        raise ValueError("ts_ms is whole milliseconds since 1970")
    return time


def _size(row: Mapping[str, object], name: str) -> float:
    value = _number(row, name, 0)
    if value == 0:
        raise ValueError(f"{name} is above zero")
    return value


def _number(row: Mapping[str, object], name: str, least: float = -_LARGEST) -> float:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= _LARGEST:
        raise ValueError(f"{name} is a number")
    return float(value)


def bucket_named(ts_ms: int) -> str:
    """The quarter of an hour that the moment lies in, by its beginning."""
    moment = datetime.fromtimestamp(ts_ms // BUCKET_MS * BUCKET_MS // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%MZ")


def mean_of(edges: Sequence[Edge]) -> Edge:
    """The plain mean of each component; trades and notional are sums."""
    means = {name: math.fsum(getattr(edge, name) for edge in edges) / len(edges) for name in COMPONENTS}
    return Edge(**means, fills=sum(e.fills for e in edges), turnover_usd=math.fsum(e.turnover_usd for e in edges))


def sum_of(edges: Iterable[Edge]) -> Edge:
    """The components of all trades together: a bucket's mean stands for each of its trades, once."""
    parts = list(edges)
    sums = {name: math.fsum(getattr(edge, name) * edge.fills for edge in parts) for name in COMPONENTS}
    return Edge(**sums, fills=sum(e.fills for e in parts), turnover_usd=math.fsum(e.turnover_usd for e in parts))


def report_of(measured: Measured) -> dict[str, Json]:
    """EDGE_REPORT.json; without a trade its measures are null and its total says why."""
    symbols = [measured.symbols[name] for name in sorted(measured.symbols)]
    total = mean_of(symbols).as_data() if symbols else {"fills": 0, "net_bps": None, "turnover_usd": 0.0}
    return {
        "symbols": {name: edge.as_data() for name, edge in measured.symbols.items()},
        "total": total,
        "net_bps": total["net_bps"],
        "latency": dict(measured.latency_ms) if measured.latency_ms else None,
        "taker_ratio": None if measured.taker_ratio is None else rounded(measured.taker_ratio),
        "unquoted": measured.unquoted,
        "period": {"from_ms": measured.first_ms, "to_ms": measured.last_ms},
    }


def sentinel_of(measured: Measured) -> dict[str, Json]:
    """EDGE_SENTINEL.json: buckets, sums by symbol, who lost most, and what to do about it."""
    named = sorted(measured.buckets.items(), key=lambda item: (item[0][1], item[0][0]))
    buckets: list[Json] = [{"symbol": symbol, "bucket": at, **edge.as_data()} for (symbol, at), edge in named]
    sums = {name: sum_of(edge for (symbol, _), edge in named if symbol == name) for name in sorted(measured.symbols)}
    advice = advice_for(sums.values()) if sums else (NO_DATA,)
    return {
        "advice": "; ".join(advice),
        "advice_items": advice,
        "buckets": buckets,
        "summary": {"buckets": buckets, "symbols": {name: edge.as_data() for name, edge in sums.items()}},
        "top": {
            "contributors_by_component": {name: _heaviest(sums, name) for name in COMPONENTS},
            "top_buckets_by_net_drop": [
                {"symbol": symbol, "bucket": at, "net_bps": rounded(edge.net_bps)}
                for (symbol, at), edge in sorted(named, key=lambda item: (item[1].net_bps, item[0]))[:_MOST_NAMED]
            ],
            "top_symbols_by_net_drop": [
                {"symbol": name, "net_bps": rounded(edge.net_bps)}
                for name, edge in sorted(sums.items(), key=lambda item: (item[1].net_bps, item[0]))[:_MOST_NAMED]
            ],
        },
    }


def _heaviest(sums: Mapping[str, Edge], component: str) -> list[Json]:
    """The symbols that weigh most on the net through this component: the highest cost, or the lowest gross."""
    direction = 1 if component == "gross_bps" else -1
    ranked = sorted(sums, key=lambda name: (direction * getattr(sums[name], component), name))
    return list(ranked[:_MOST_NAMED])


def advice_for(sums: Iterable[Edge]) -> tuple[str, ...]:
    """What the sums by symbol advise."""
    edges = list(sums)
    whole = {name: math.fsum(getattr(edge, name) for edge in edges) for name in COMPONENTS}
    rules = {
        THROTTLE: any(edge.slippage_bps > 0 for edge in edges),
        IMPACT: whole["adverse_bps"] > whole["slippage_bps"],
        TILT: whole["gross_bps"] > 0 and whole["fees_eff_bps"] / whole["gross_bps"] > _FEES_SHARE,
    }
    return tuple(advice for advice, holds in rules.items() if holds) or (KEEP,)


def page_of(measured: Measured) -> list[str]:
    """EDGE_REPORT.md: a row for each symbol, the total last."""
    names = (*COMPONENTS, "net_bps", "fills", "turnover_usd")
    rows = [(name, edge) for name, edge in sorted(measured.symbols.items())]
    rows += [("TOTAL", mean_of([edge for _, edge in rows]))] if rows else []
    table = [
        f"| {label} | " + " | ".join(f"{float(getattr(edge, name)):.6f}" for name in names) + " |"
        for label, edge in rows
    ]
    return ["EDGE REPORT", "", f"| symbol | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|", *table]
