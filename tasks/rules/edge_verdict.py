"""What the two edge procedures say of what they found: no trade is no data, and old trades are not news."""

from tasks.rules.contracts.validation import EDGE_REPORT, EDGE_SENTINEL
from tasks.rules.edge import KEEP, Measured, advice_for, mean_of, sum_of
from tasks.rules.freshness import SKEW_S
from tasks.rules.outcome import Outcome, Status


def why_no_report(measured: Measured, now: int, max_age_s: int | None) -> tuple[Status, str] | None:
    """What stands against writing a report from these trades."""
    if measured.last_ms is not None and measured.last_ms > (now + SKEW_S) * 1000:
        return Status.FAIL, "trades_from_the_future"
    if measured.last_ms is not None and max_age_s is not None and now * 1000 - measured.last_ms > max_age_s * 1000:
        return Status.INSUFFICIENT_DATA, "trades_stale"
    return None


def why_no_measures(measured: Measured) -> tuple[Status, str] | None:
    """The gates need the age of the orders and the taker's share; a report without them would never be accepted."""
    if measured.fills and measured.latency_ms is None:
        return Status.FAIL, "latency_missing"
    if measured.fills and measured.taker_ratio is None:
        return Status.FAIL, "taker_missing"
    return None


def report_said(measured: Measured) -> Outcome:
    if not measured.fills:
        return EDGE_REPORT.says(Status.INSUFFICIENT_DATA, "no_trades", fills=0)
    return EDGE_REPORT.says(
        Status.OK,
        net_bps=mean_of(list(measured.symbols.values())).net_bps,
        fills=measured.fills,
        symbols=len(measured.symbols),
        unquoted=measured.unquoted,
    )


def sentinel_said(measured: Measured) -> Outcome:
    if not measured.fills:
        return EDGE_SENTINEL.says(Status.INSUFFICIENT_DATA, "no_trades", fills=0)
    sums = [
        sum_of(edge for (name, _), edge in measured.buckets.items() if name == symbol) for symbol in measured.symbols
    ]
    return EDGE_SENTINEL.says(
        Status.OK,
        advice=sum(piece != KEEP for piece in advice_for(sums)),
        buckets=len(measured.buckets),
        symbols=len(measured.symbols),
        fills=measured.fills,
    )
