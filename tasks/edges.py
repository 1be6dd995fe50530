"""Trades and quotes, read line by line and measured with pandas (runbook 004)."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tasks.rules.edge import BUCKET_MS, Edge, Measured, Quote, Trade, bucket_named, quote_of, trade_of
from tasks.rules.faults import Fault, Refused
from tasks.rules.ranks import percentile
from tasks.step import step

if TYPE_CHECKING:
    from pandas import DataFrame, Series

LARGEST = 1 << 30
_LONGEST_LINE = 1 << 16
_TRADE = ("symbol", "ts_ms", "side", "price", "qty", "mid_before", "mid_after_1s", "fee_bps", "order_age_ms", "taker")
_QUOTE = ("symbol", "ts_ms", "best_bid", "best_ask")
Row = TypeVar("Row", Trade, Quote)


@step
def measure_edges(trades: Path, quotes: Path) -> Measured:
    """Everything that both reports need; the order of the lines in the trades changes nothing."""
    import pandas as pd

    made_rows: list[Trade] = sorted(_rows(trades, trade_of), key=_by_time)
    seen_rows: list[Quote] = sorted(_rows(quotes, quote_of), key=lambda quote: quote[1])
    made, seen = pd.DataFrame(made_rows, columns=_TRADE), pd.DataFrame(seen_rows, columns=_QUOTE)
    if made.empty:
        return Measured({}, {}, None, None, 0, None, None)
    parts = _parts(made, seen)
    return Measured(
        symbols={str(symbol): _edge(group) for symbol, group in parts.groupby("symbol")},
        buckets=_edges_by_bucket(parts),
        latency_ms=_latency(made["order_age_ms"]),
        taker_ratio=_taker_ratio(made["taker"], parts["notional"]),
        unquoted=int(parts["quote"].isna().sum()),
        first_ms=int(made["ts_ms"].iloc[0]),
        last_ms=int(made["ts_ms"].iloc[-1]),
    )


def _by_time(trade: Trade) -> tuple[object, ...]:
    """A total order, so that sums are made the same way each time."""
    known = tuple((value is not None, value or 0) for value in trade[8:])
    return (trade[1], trade[0], *trade[2:8], *known)


def _parts(made: "DataFrame", seen: "DataFrame") -> "DataFrame":
    """The components of each trade, in basis points."""
    import pandas as pd

    types = {"symbol": made["symbol"].dtype, "ts_ms": "int64", "best_bid": "float64", "best_ask": "float64"}
    found = pd.merge_asof(made, seen.astype(types), on="ts_ms", by="symbol", direction="backward")
    sign, price, mid = found["side"], found["price"], found["mid_before"]
    quote = found["best_ask"].where(sign > 0, found["best_bid"])
    return pd.DataFrame(
        {
            "symbol": found["symbol"],
            "bucket": found["ts_ms"] // BUCKET_MS * BUCKET_MS,
            "gross": sign * (price - mid) / mid * 1e4,
            "fees": found["fee_bps"],
            "adverse": sign * (found["mid_after_1s"] - mid) / mid * 1e4,
            "slippage": (sign * (price - quote) / quote * 1e4).fillna(0.0),
            "quote": quote,
            "qty": found["qty"],
            "notional": price * found["qty"],
        }
    )


def _edges_by_bucket(parts: "DataFrame") -> dict[tuple[str, str], Edge]:
    groups = parts.groupby(["symbol", "bucket"])
    return {(str(symbol), bucket_named(int(str(start)))): _edge(group) for (symbol, start), group in groups}


def _edge(trades: "DataFrame") -> Edge:
    return Edge(
        gross_bps=float(trades["gross"].mean()),
        fees_eff_bps=float(trades["fees"].mean()),
        adverse_bps=float(trades["adverse"].mean()),
        slippage_bps=float(trades["slippage"].mean()),
        inventory_bps=float(trades["qty"].mean() / trades["notional"].mean()),
        fills=len(trades),
        turnover_usd=float(trades["notional"].sum()),
    )


def _latency(ages_ms: "Series[float]") -> Mapping[str, float] | None:
    """Percentiles of the orders' ages; None if a trade does not tell its own."""
    if ages_ms.isna().any():
        return None
    values = [float(age) for age in ages_ms]
    return {f"p{percent}": percentile(values, percent) for percent in (50, 95, 99)}


def _taker_ratio(taker: "Series[bool]", notional: "Series[float]") -> float | None:
    """The taker's share of the notional, 0 to 1; None if a trade does not tell."""
    if taker.isna().any():
        return None
    return min(1.0, float(notional[taker.astype(bool)].sum() / notional.sum()))


def _rows(path: Path, row_of: Callable[[Mapping[str, object]], Row]) -> Iterator[Row]:
    try:
        if path.stat().st_size > LARGEST:
            raise Refused(
                "input_too_large", f"give {path.name} in pieces of at most {LARGEST >> 20} MiB", file=path.name
            )
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
                yield _row(line, row_of, path.name, number)
    except FileNotFoundError:
        raise Refused("input_missing", f"there is no {path.name} where the parameter says", file=path.name) from None
    except OSError as error:
        raise Fault(
            "input_unreadable", f"{path.name} cannot be read ({type(error).__name__})", file=path.name
        ) from None


def _row(line: bytes, row_of: Callable[[Mapping[str, object]], Row], name: str, number: int) -> Row:
    why = "no JSON object"
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(line)
        if isinstance(document, dict):
            try:
                return row_of(document)
            except ValueError as wrong:
                why = str(wrong)
    raise Refused("input_invalid", f"correct line {number} of {name}: {why}", file=name, line=number)
