"""One schema for each JSON that a gate reads (runbook 004, Full-Accept)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.artifact_reading import read_document
from tasks.artifact_schemas import SCHEMAS, published_schema
from tasks.rules.contracts.validation import ACCEPT_ERROR
from tasks.rules.ready_gate import kpi_of
from tasks.rules.release import Source, read_stamp, stamp_of
from tasks.rules.soak_inputs import Unusable, latency_ms, net_bps, readiness_pct, taker_ratio

SMALLEST = {
    "KPI_GATE.json": {"checks": [], "readiness": 95.0, "timestamp": 1700000000},
    "FULL_STACK_VALIDATION.json": {"components": ["linters", "tests"], "status": "OK", "ts": 1700000000},
    "EDGE_REPORT.json": {"latency": {"p50": 200.0, "p95": 350.0, "p99": 500.0}, "net_bps": 2.5, "taker_ratio": 0.15},
    "EDGE_SENTINEL.json": {"advice": "keep", "buckets": [{"bucket": "00:00", "net_bps": 2.5}], "ts": 1700000000},
}


def problems(name, document):
    return read_document(name, json.dumps(document).encode()).problems


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_good_file_is_accepted(name):
    assert problems(name, SMALLEST[name]) == ()


@pytest.mark.parametrize("name", SMALLEST)
def test_keys_that_are_missing_are_missing_keys(name):
    assert problems(name, {}) == ("missing_keys",)
    for key in SMALLEST[name]:
        assert "missing_keys" in problems(name, {other: v for other, v in SMALLEST[name].items() if other != key})


@pytest.mark.parametrize(
    ("name", "key", "value", "reason"),
    [
        ("KPI_GATE.json", "timestamp", "1700000000", "timestamp_type"),
        ("KPI_GATE.json", "timestamp", True, "timestamp_type"),
        ("KPI_GATE.json", "timestamp", None, "timestamp_type"),
        ("KPI_GATE.json", "readiness", "95", "readiness_type"),
        ("KPI_GATE.json", "readiness", True, "readiness_type"),
        ("KPI_GATE.json", "readiness", float("nan"), "readiness_type"),
        ("KPI_GATE.json", "readiness", 10**400, "readiness_type"),
        ("KPI_GATE.json", "readiness", 150, "readiness_range"),
        ("KPI_GATE.json", "checks", "none", "checks_type"),
        ("KPI_GATE.json", "verdict", "MAYBE", "details_type"),
        ("FULL_STACK_VALIDATION.json", "status", "GREEN", "status_value"),
        ("FULL_STACK_VALIDATION.json", "result", "FAIL", "status_value"),
        ("FULL_STACK_VALIDATION.json", "components", [], "components_type"),
        ("FULL_STACK_VALIDATION.json", "components", {}, "components_type"),
        ("FULL_STACK_VALIDATION.json", "ts", [], "ts_type"),
        ("EDGE_REPORT.json", "net_bps", False, "net_bps_type"),
        ("EDGE_REPORT.json", "net_bps", None, "net_bps_type"),
        ("EDGE_REPORT.json", "net_bps", float("inf"), "net_bps_type"),
        ("EDGE_REPORT.json", "latency", 350, "latency_type"),
        ("EDGE_REPORT.json", "latency", None, "latency_type"),
        ("EDGE_REPORT.json", "latency", {"p50": 1, "p95": 2}, "latency_type"),
        ("EDGE_REPORT.json", "latency", {"p50": 1, "p95": True, "p99": 3}, "latency_type"),
        ("EDGE_REPORT.json", "taker_ratio", "0.15", "taker_ratio_type"),
        ("EDGE_REPORT.json", "taker_ratio", 1.01, "taker_ratio_range"),
        ("EDGE_REPORT.json", "taker_ratio", -0.01, "taker_ratio_range"),
        ("EDGE_SENTINEL.json", "buckets", "all", "buckets_type"),
        ("EDGE_SENTINEL.json", "buckets", [{"bucket": "00:00", "net_bps": float("nan")}], "buckets_type"),
        ("EDGE_SENTINEL.json", "advice", ["keep"], "advice_type"),
        ("EDGE_SENTINEL.json", "ts", "now", "ts_type"),
    ],
)
def test_what_a_key_must_not_be_has_its_reason(name, key, value, reason):
    assert problems(name, SMALLEST[name] | {key: value}) == (reason,)
    assert reason in ACCEPT_ERROR.reasons


def test_all_problems_of_a_file_are_named():
    assert problems("EDGE_REPORT.json", {"net_bps": "x", "taker_ratio": 7}) == (
        "net_bps_type",
        "missing_keys",
        "taker_ratio_range",
    )


def test_empty_lists_of_checks_and_buckets_and_objects_in_their_place_are_accepted():
    assert problems("KPI_GATE.json", SMALLEST["KPI_GATE.json"] | {"checks": {}}) == ()
    assert problems("EDGE_SENTINEL.json", SMALLEST["EDGE_SENTINEL.json"] | {"buckets": []}) == ()
    assert problems("EDGE_SENTINEL.json", SMALLEST["EDGE_SENTINEL.json"] | {"buckets": {}}) == ()


def test_no_measures_are_accepted_only_where_nothing_was_traded():
    nothing = {"net_bps": None, "latency": None, "taker_ratio": None}
    assert problems("EDGE_REPORT.json", nothing | {"total": {"fills": 0}}) == ()
    assert problems("EDGE_REPORT.json", nothing | {"total": {"fills": 1}}) == (
        "net_bps_type",
        "latency_type",
        "taker_ratio_type",
    )


def test_a_validation_that_says_ok_over_a_failed_section_is_refused():
    section = {"name": "tests", "status": "FAIL", "ok": False, "details": "exit_1"}
    document = SMALLEST["FULL_STACK_VALIDATION.json"] | {"sections": [section]}
    assert problems("FULL_STACK_VALIDATION.json", document) == ("status_value",)
    assert problems("FULL_STACK_VALIDATION.json", document | {"status": "FAIL"}) == ()


@pytest.mark.row("D004-501", "D004-502")
@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "missing"),
        (b"", "bad_json"),
        (b"\xff\xfe{}", "bad_json"),
        ('{"advice":"caf\u00e9"}'.encode(), "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"status":"FAIL","status":"OK"}', "bad_json"),
        (b"[]", "not_object"),
        (b"null", "not_object"),
        (b"3", "not_object"),
    ],
)
def test_what_is_no_json_object_of_ascii_is_refused(name, content, reason):
    assert read_document(name, content).problems == (reason,)


@pytest.mark.row("D004-501")
@pytest.mark.parametrize("name", SMALLEST)
def test_a_number_that_is_none_is_refused_wherever_it_stands(name):
    for bad in (b"NaN", b"-Infinity", b"1e999"):
        content = json.dumps(SMALLEST[name])[:-1].encode() + b',"more":{"deep":[' + bad + b"]}}"
        assert read_document(name, content).problems == ("bad_json",)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.row("D004-502")
@given(st.sampled_from(sorted(SMALLEST)), st.data())
def test_whatever_stands_in_a_file_it_is_read_and_its_reasons_are_declared(name, data):
    document = {key: data.draw(_anything | st.just(good)) for key, good in SMALLEST[name].items()}
    assert set(problems(name, document)) <= set(ACCEPT_ERROR.reasons)


@given(readiness=_anything | st.floats(0, 100), scale=st.sampled_from(["percent", "ratio", "stars"]))
def test_the_schema_and_the_ready_gate_agree_on_what_a_kpi_is(readiness, scale):
    document = SMALLEST["KPI_GATE.json"] | {"readiness": readiness, "scale": scale}
    assert (problems("KPI_GATE.json", document) == ()) == (kpi_of(json.dumps(document).encode()).wrong == ())


def test_a_stamp_that_bundle_writes_is_what_its_schema_and_its_reader_say():
    source = Source("1.2.3", "a" * 40, dirty=False)
    stamp = stamp_of(source, "watchkeeper-1.2.3-abc.zip", "b" * 64, ts=1, frozen_now=None, evidence={"gate": {}})
    assert read_document("RELEASE_STAMP.json", stamp).problems == ()
    assert read_stamp(stamp).ts == 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_one_and_accepts_what_we_accept(name):
    import jsonschema

    schema = published_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    if name in SMALLEST:
        jsonschema.validate(SMALLEST[name], schema)


@pytest.mark.row("W004-533")
@given(
    readiness=_anything | st.floats(0, 100),
    scale=st.sampled_from([{}, {"scale": "percent"}, {"scale": "ratio"}, {"scale": "stars"}]),
)
def test_the_schema_the_gate_and_the_soak_agree_on_what_a_kpi_is_and_means(readiness, scale):
    document: Any = SMALLEST["KPI_GATE.json"] | {"readiness": readiness} | scale
    if problems("KPI_GATE.json", document):
        with pytest.raises(Unusable):
            readiness_pct(document)
    else:
        assert readiness_pct(document) == kpi_of(json.dumps(document).encode()).readiness


@given(net=_anything | st.floats(), taker=_anything | st.floats(0, 1), p95=_anything | st.floats(0, 1e6))
def test_what_the_schema_accepts_the_soak_can_use(net, taker, p95):
    document = {"net_bps": net, "taker_ratio": taker, "latency": {"p50": 1, "p95": p95, "p99": 2}}
    if not problems("EDGE_REPORT.json", document):
        assert (net_bps(document), taker_ratio(document), latency_ms(document, "p95")) == (net, taker, p95)
