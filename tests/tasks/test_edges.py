"""Trades and quotes measured with pandas, against the formulas trade by trade (runbook 004)."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.edges import measure_edges
from tasks.rules.faults import Refused

T = 1_700_000_000_000


def trade(symbol="A", ts=0, side="B", price=101.0, **more):
    whole = {"qty": 2.0, "mid_before": 100.0, "mid_after_1s": 100.5, "fee_bps": 0.1, "order_age_ms": 10.0}
    return {"symbol": symbol, "ts_ms": T + ts, "side": side, "price": price, **whole, "taker": False, **more}


def quote(symbol="A", ts=0, bid=99.0, ask=100.0):
    return {"symbol": symbol, "ts_ms": T + ts, "best_bid": bid, "best_ask": ask}


def measure(folder, trades, quotes):
    paths = []
    for name, rows in (("trades.jsonl", trades), ("quotes.jsonl", quotes)):
        paths.append(folder / name)
        paths[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return measure_edges.fn(*paths)


def test_each_component_of_a_buy_and_of_a_sell(tmp_path):
    found = measure(tmp_path, [trade(), trade("B", side="S", price=98.0)], [quote(), quote("B")])
    buy, sell = found.symbols["A"], found.symbols["B"]
    assert math.isclose(buy.gross_bps, 100)
    assert math.isclose(buy.adverse_bps, 50)
    assert math.isclose(buy.slippage_bps, 100)
    assert math.isclose(buy.inventory_bps, 2 / 202)
    assert buy.turnover_usd == 202
    assert math.isclose(sell.gross_bps, 200)
    assert math.isclose(sell.adverse_bps, -50)
    assert math.isclose(sell.slippage_bps, 1e4 / 99)
    assert math.isclose(buy.net_bps, 100 - 0.1 - 50 - 100 - 2 / 202)


@pytest.mark.parametrize(
    ("quotes", "slippage", "unquoted"),
    [
        ([quote(ts=-1, ask=101.0), quote(ts=1, ask=50.0)], 0, 0),
        ([quote(ts=-5, ask=50.0), quote(ts=0, ask=101.0)], 0, 0),
        ([quote(ts=0, ask=50.0), quote(ts=0, ask=101.0)], 0, 0),
        ([quote(ts=1, ask=50.0)], 0, 1),
        ([quote("B", ts=-1, ask=50.0)], 0, 1),
        ([], 0, 1),
        ([quote(ts=-1, ask=100.0)], 100, 0),
    ],
)
def test_the_last_quote_at_or_before_the_trade_counts(tmp_path, quotes, slippage, unquoted):
    found = measure(tmp_path, [trade()], quotes)
    assert math.isclose(found.symbols["A"].slippage_bps, slippage, abs_tol=1e-9)
    assert found.unquoted == unquoted


_prices = st.floats(50, 150)
_trades = st.builds(
    trade,
    symbol=st.sampled_from("AB"),
    ts=st.integers(0, 5_000_000),
    side=st.sampled_from("BS"),
    price=_prices,
    qty=st.floats(0.1, 10),
    mid_before=_prices,
    mid_after_1s=_prices,
    fee_bps=st.floats(-1, 1),
    order_age_ms=st.floats(0, 500),
    taker=st.booleans(),
)
_quotes = st.builds(quote, symbol=st.sampled_from("AB"), ts=st.integers(-100, 5_000_000), bid=_prices, ask=_prices)


@pytest.mark.row("W004-532")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_trades, min_size=1, max_size=12), st.lists(_quotes, max_size=8), st.randoms())
def test_pandas_says_what_the_formulas_say_whatever_the_order_of_the_trades(tmp_path, trades, quotes, random):
    found = measure(tmp_path, trades, quotes)
    for symbol, edge in found.symbols.items():
        own = [one for one in trades if one["symbol"] == symbol]
        parts = [_by_hand(one, quotes) for one in own]
        means = [math.fsum(values) / len(values) for values in zip(*parts, strict=True)]
        notional = math.fsum(one["price"] * one["qty"] for one in own)
        inventory = math.fsum(one["qty"] for one in own) / notional
        assert edge.fills == len(own)
        for name, value in zip(("gross_bps", "adverse_bps", "slippage_bps"), means, strict=True):
            assert math.isclose(getattr(edge, name), value, rel_tol=1e-9, abs_tol=1e-6)
        assert math.isclose(edge.inventory_bps, inventory, rel_tol=1e-9)
    assert sum(edge.fills for edge in found.buckets.values()) == len(trades)
    shuffled = list(trades)
    random.shuffle(shuffled)
    assert measure(tmp_path, shuffled, quotes) == found


def _by_hand(one, quotes):
    sign = 1 if one["side"] == "B" else -1
    before = [q for q in quotes if q["symbol"] == one["symbol"] and q["ts_ms"] <= one["ts_ms"]]
    last = max(enumerate(before), key=lambda item: (item[1]["ts_ms"], item[0]))[1] if before else None
    against = last and last["best_ask" if sign > 0 else "best_bid"]
    return (
        sign * (one["price"] - one["mid_before"]) / one["mid_before"] * 1e4,
        sign * (one["mid_after_1s"] - one["mid_before"]) / one["mid_before"] * 1e4,
        sign * (one["price"] - against) / against * 1e4 if against else 0.0,
    )


def test_the_ages_and_the_takers_share_of_the_notional_are_measured(tmp_path):
    trades = [trade(ts=n, order_age_ms=float(n), taker=n == 100, price=100.0, qty=1.0) for n in range(1, 101)]
    found = measure(tmp_path, trades, [])
    assert found.latency_ms == {"p50": 50, "p95": 95, "p99": 99}
    assert found.taker_ratio == 0.01


def test_one_trade_that_does_not_tell_leaves_the_measure_unknown(tmp_path):
    found = measure(tmp_path, [trade(), trade() | {"order_age_ms": None, "taker": None}], [])
    assert found.latency_ms is None
    assert found.taker_ratio is None


@pytest.mark.parametrize(
    "line", ["{", "[]", "{}", "\u00ff", "[" * 5000, json.dumps(trade(price=float("nan"))), "x" * 70_000]
)
def test_the_first_bad_line_is_named(tmp_path, line):
    (tmp_path / "trades.jsonl").write_text(json.dumps(trade()) + "\n" + line + "\n")
    (tmp_path / "quotes.jsonl").write_text("")
    with pytest.raises(Refused) as refused:
        measure_edges.fn(tmp_path / "trades.jsonl", tmp_path / "quotes.jsonl")
    assert (refused.value.reason, refused.value.fields) == ("input_invalid", {"file": "trades.jsonl", "line": 2})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Refused, match="input_missing"):
        measure_edges.fn(tmp_path / "trades.jsonl", tmp_path / "quotes.jsonl")


def test_no_trades_are_no_measures(tmp_path):
    assert measure(tmp_path, [], [quote()]).fills == 0
