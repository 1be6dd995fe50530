"""What trading earned and lost (runbook 004)."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.edge import (
    IMPACT,
    KEEP,
    NO_DATA,
    THROTTLE,
    TILT,
    Edge,
    Measured,
    advice_for,
    bucket_named,
    mean_of,
    quote_of,
    report_of,
    sentinel_of,
    sum_of,
    trade_of,
)
from tasks.rules.edge_verdict import why_no_measures, why_no_report
from tasks.rules.outcome import Status
from tasks.rules.ranks import median, percentile

TRADE: dict[str, object] = {
    "symbol": "BTCUSDT",
    "ts_ms": 1_700_000_000_000,
    "side": "B",
    "price": 100.0,
    "qty": 2,
    "mid_before": 99.0,
    "mid_after_1s": 99.5,
    "fee_bps": 0.5,
}
NOTHING = Measured({}, {}, None, None, 0, None, None)


def edge(gross=10.0, fees=1.0, adverse=2.0, slippage=0.5, inventory=0.25, fills=2, turnover=100.0):
    return Edge(gross, fees, adverse, slippage, inventory, fills, turnover)


def measured(**more: Any) -> Measured:
    latency = {"p50": 1.0, "p95": 2.0, "p99": 3.0}
    return Measured(
        {"A": edge()}, {("A", "x"): edge()}, more.get("latency", latency), more.get("taker", 0.1), 0, 0, 9
    )


def test_net_is_gross_less_every_cost():
    assert edge().net_bps == 6.25


def test_the_total_is_the_plain_mean_of_the_symbols_with_summed_trades():
    total = mean_of([edge(gross=10, fills=1, turnover=5.0), edge(gross=20, fills=9, turnover=6.0)])
    assert (total.gross_bps, total.fills, total.turnover_usd) == (15, 10, 11.0)


def test_a_trade_may_leave_out_only_its_age_and_its_liquidity():
    assert trade_of(TRADE)[-2:] == (None, None)
    assert trade_of(TRADE | {"order_age_ms": 0, "taker": False})[-2:] == (0.0, False)
    for key in TRADE:
        with pytest.raises(ValueError, match=r"."):
            trade_of({name: value for name, value in TRADE.items() if name != key})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("side", "buy"),
        ("price", 0),
        ("price", -1),
        ("price", float("nan")),
        ("price", float("inf")),
        ("price", "100"),
        ("price", True),
        ("qty", 0),
        ("qty", 1e300),
        ("mid_before", 0),
        ("fee_bps", None),
        ("ts_ms", 1.5),
        ("ts_ms", True),
        ("ts_ms", 10**18),
        ("symbol", "BTC|USDT"),
        ("symbol", "\u0391BC"),
        ("symbol", ""),
        ("order_age_ms", -1),
        ("taker", 1),
    ],
)
def test_a_trade_that_cannot_be_is_refused(key, value):
    with pytest.raises(ValueError, match=key):
        trade_of(TRADE | {key: value})


def test_a_quote_needs_both_sides():
    assert quote_of({"symbol": "A", "ts_ms": 1, "best_bid": 1, "best_ask": 2}) == ("A", 1, 1.0, 2.0)
    with pytest.raises(ValueError, match="best_ask"):
        quote_of({"symbol": "A", "ts_ms": 1, "best_bid": 1})


@pytest.mark.parametrize(
    ("ts_ms", "bucket"),
    [
        (0, "1970-01-01T00:00Z"),
        (899_999, "1970-01-01T00:00Z"),
        (900_000, "1970-01-01T00:15Z"),
        (1_700_000_000_000, "2023-11-14T22:00Z"),
    ],
)
def test_a_bucket_is_the_quarter_of_an_hour_that_begins_at_or_before(ts_ms, bucket):
    assert bucket_named(ts_ms) == bucket


@given(st.lists(st.tuples(st.floats(-100, 100), st.integers(1, 50)), min_size=1, max_size=10))
def test_the_sums_of_the_buckets_count_each_trade_once(buckets):
    whole = sum_of(edge(gross=gross, fills=fills) for gross, fills in buckets)
    assert whole.fills == sum(fills for _, fills in buckets)
    assert math.isclose(whole.gross_bps, sum(gross * fills for gross, fills in buckets), abs_tol=1e-6)


@pytest.mark.parametrize(
    ("sums", "advice"),
    [
        (edge(), (THROTTLE, IMPACT)),
        (edge(slippage=0.0, adverse=0.0), (KEEP,)),
        (edge(slippage=0.0, adverse=0.1), (IMPACT,)),
        (edge(slippage=0.0, adverse=0.0, fees=3.0), (KEEP,)),
        (edge(slippage=0.0, adverse=0.0, fees=3.01), (TILT,)),
        (edge(gross=0.0, slippage=0.0, adverse=0.0), (KEEP,)),
        (edge(slippage=-1.0, adverse=-2.0), (KEEP,)),
    ],
)
def test_the_advice_follows_the_three_rules(sums, advice):
    assert advice_for([sums]) == advice


def test_the_sentinel_names_the_worst_first_and_ties_by_name():
    names = "GFEDCBA"
    buckets = {(name, "2025-01-01T00:00Z"): edge(gross=0.0 if name == "C" else 5.0) for name in names}
    document: Any = sentinel_of(Measured({name: edge() for name in names}, buckets, None, None, 0, 0, 0))
    assert [one["symbol"] for one in document["top"]["top_symbols_by_net_drop"]] == ["C", "A", "B", "D", "E"]
    assert document["top"]["contributors_by_component"]["gross_bps"] == ["C", "A", "B", "D", "E"]
    assert document["top"]["contributors_by_component"]["fees_eff_bps"] == ["A", "B", "C", "D", "E"]
    assert document["advice"] == f"{THROTTLE}; {IMPACT}"


def test_without_a_trade_no_number_is_made_up():
    report: Any = report_of(NOTHING)
    assert report["total"] == {"fills": 0, "net_bps": None, "turnover_usd": 0.0}
    assert (report["net_bps"], report["latency"], report["taker_ratio"]) == (None, None, None)
    assert sentinel_of(NOTHING)["advice"] == NO_DATA


def test_old_trades_and_trades_to_come_are_no_report():
    assert why_no_report(measured(), now=100, max_age_s=None) is None
    assert why_no_report(measured(), now=100, max_age_s=99) == (Status.INSUFFICIENT_DATA, "trades_stale")
    assert why_no_report(measured(), now=100, max_age_s=100) is None
    assert why_no_report(measured(), now=-61, max_age_s=None) == (Status.FAIL, "trades_from_the_future")


def test_what_the_gates_need_must_be_in_the_trades():
    assert why_no_measures(measured()) is None
    assert why_no_measures(measured(latency=None)) == (Status.FAIL, "latency_missing")
    assert why_no_measures(measured(taker=None)) == (Status.FAIL, "taker_missing")
    assert why_no_measures(NOTHING) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(values, percent):
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_the_median_of_an_even_number_is_the_lower_middle():
    assert median([4, 1, 3, 2]) == 2
    with pytest.raises(ValueError, match="no values"):
        median([])
