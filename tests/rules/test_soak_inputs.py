"""What a tick reads: one unit a number, and nothing bad that is taken for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.soak import CAPS, Facts, Phase, Thresholds, Verdict, evaluate
from tasks.rules.soak_inputs import Input, facts_of

KPI = {"readiness": 92}
EDGE = {"net_bps": 3.0, "taker_ratio": 0.12, "latency": {"p95": 300, "p99": 400}, "fills": 10}


def read(kpi: object = KPI, edge: object = EDGE, age_s: float = 60.0):
    return facts_of(Input(kpi, age_s), Input(edge, age_s))  # type: ignore[arg-type]


def test_good_files_give_facts_with_their_units():
    facts, problems = read()
    assert not problems
    assert facts == Facts(
        readiness_pct=92.0, net_bps=3.0, taker_ratio=0.12, p95_ms=300.0, p99_ms=400.0, fills=10.0, missing=()
    )


@pytest.mark.row("W004-533")
@pytest.mark.parametrize(
    ("kpi", "pct"),
    [
        ({"readiness": 85}, 85.0),
        ({"readiness": 0.85}, 0.85),
        ({"readiness": 1}, 1.0),
        ({"readiness": 1, "scale": "percent"}, 1.0),
        ({"readiness": 0.85, "scale": "ratio"}, 85.0),
        ({"readiness": 1, "scale": "ratio"}, 100.0),
    ],
)
def test_readiness_is_percent_unless_the_file_says_ratio(kpi, pct):
    assert read(kpi=kpi)[0].readiness_pct == pct


@pytest.mark.row("W004-531")
def test_a_taker_share_in_percent_is_no_ratio():
    edge = {key: value for key, value in EDGE.items() if key != "taker_ratio"} | {"taker_share_pct": 12.0}
    assert read(edge=edge)[0].taker_ratio == 0.12


@pytest.mark.row("W004-531")
def test_a_total_hides_neither_latency_nor_taker():
    edge = {"total": {"net_bps": 3.0, "fills": 5}, "taker_ratio": 0.9, "latency": {"p95_ms": 900, "p99_ms": 901}}
    facts, problems = read(edge=edge)
    assert not problems
    assert (facts.taker_ratio, facts.p95_ms) == (0.9, 900.0)


def test_no_fills_are_no_traffic_and_need_no_other_number():
    facts, problems = read(edge={"total": {"fills": 0, "net_bps": None}})
    assert not problems
    assert facts.has_no_traffic


@pytest.mark.row("W004-531")
@pytest.mark.parametrize(
    ("edge", "why"),
    [
        (EDGE | {"net_bps": float("nan")}, "not_finite"),
        (EDGE | {"net_bps": float("inf")}, "not_finite"),
        (EDGE | {"net_bps": 10**400}, "not_finite"),
        (EDGE | {"net_bps": "3.0"}, "wrong_type"),
        (EDGE | {"net_bps": True}, "wrong_type"),
        (EDGE | {"net_bps": None}, "no_net_bps"),
        (EDGE | {"taker_ratio": 12.0}, "out_of_range"),
        (EDGE | {"taker_ratio": 0.12, "taker_share_pct": 50}, "contradicts_itself"),
        (EDGE | {"latency": {"p95": 300}}, "no_p99"),
        (EDGE | {"latency": None}, "no_latency"),
        ({"total": 5}, "wrong_type"),
        ([], "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_an_edge_report_that_cannot_be_used_counts_as_missing_with_the_reason_why(edge, why):
    facts, problems = read(edge=edge)
    assert problems == {"EDGE_REPORT.json": why}
    decision = evaluate(facts, CAPS[Phase.CANARY], Thresholds())
    assert (decision.verdict, decision.reason) == (Verdict.FAIL, "input_missing:EDGE_REPORT.json")


@pytest.mark.row("W004-531")
@pytest.mark.parametrize("kpi", [{}, {"readiness": None}, {"readiness": 150}, {"readiness": float("nan")}, "GO", [1]])
def test_a_kpi_without_a_usable_readiness_is_never_a_hundred(kpi):
    facts, problems = read(kpi=kpi)
    assert list(problems) == ["KPI_GATE.json"]
    assert facts.readiness_pct is None


@pytest.mark.parametrize(
    ("age_s", "usable"), [(0, True), (86_400, True), (86_401, False), (-300, True), (-301, False)]
)
def test_a_file_that_is_too_old_or_from_the_future_counts_as_missing(age_s, usable):
    assert bool(read(age_s=age_s)[1]) is not usable


def test_both_files_missing_are_both_told():
    facts, _ = facts_of(Input(problem="absent"), Input(problem="not_json"))
    assert evaluate(facts, CAPS[Phase.SHADOW], Thresholds()).violations == (
        "input_missing:EDGE_REPORT.json",
        "input_missing:KPI_GATE.json",
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*EDGE, "total", "p95"]), inner),
    max_leaves=8,
)


@given(_JSON, _JSON)
def test_no_document_whatever_makes_a_tick_crash(kpi, edge):
    facts, problems = read(kpi, edge)
    decision = evaluate(facts, CAPS[Phase.CANARY], Thresholds())
    assert not problems or decision.verdict is Verdict.FAIL
