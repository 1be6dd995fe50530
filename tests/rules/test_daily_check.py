"""Runbook 004, Daily routine step 1: the limits, and what is never green."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.daily_check import FILES, check_day, sum_up_checks
from tasks.rules.outcome import Status, checked
from tasks.rules.soak_inputs import Input

DAY = 86_400
KPI: dict[str, Any] = {"readiness": 92.5}
EDGE: dict[str, Any] = {"net_bps": 2.75, "taker_ratio": 0.12, "latency": {"p95": 310, "p99": 400}, "fills": 10}


def day(changed: dict[str, Any] | None = None, age_s: float = 60):
    """The checks of a day whose files are good but for what is said, by check (`file` of a freshness check)."""
    documents: dict[str, Any] = {FILES[0]: KPI, FILES[1]: {}, FILES[2]: EDGE, FILES[3]: {}} | (changed or {})
    found = {name: Input(document, age_s) for name, document in documents.items()}
    return by_name(found)


def by_name(found):
    lines = list(check_day(found, DAY))
    return {str(line.fields["check" if "limit" in line.fields else "file"]): line for line in lines}


def edge(**changed: object):
    return day({FILES[2]: EDGE | changed})


def test_a_good_day_has_eight_good_checks():
    checks = day()
    assert list(checks) == [*FILES, "net_bps", "order_age_p95_ms", "taker_ratio", "readiness_pct"]
    assert checks["net_bps"].line == (
        "event=daily_check check=net_bps file=EDGE_REPORT.json status=OK value=2.750000 limit=2.500000"
    )
    assert checks["KPI_GATE.json"].line == (
        "event=daily_check check=freshness file=KPI_GATE.json status=OK age_sec=60 max_age_sec=86400"
    )
    assert sum_up_checks(list(checks.values())).line == "RESULT=OK checked=8 failed=0"


@pytest.mark.row("P004-200")
@pytest.mark.parametrize(
    ("check", "document", "good", "bad", "reason"),
    [
        ("net_bps", lambda v: EDGE | {"net_bps": v}, 2.5, 2.4999, "too_low"),
        ("order_age_p95_ms", lambda v: EDGE | {"latency": {"p95": v}}, 350, 350.001, "too_high"),
        ("taker_ratio", lambda v: EDGE | {"taker_ratio": v}, 0.15, 0.1501, "too_high"),
    ],
)
def test_what_equals_its_limit_passes_and_what_is_past_it_fails(check, document, good, bad, reason):
    assert day({FILES[2]: document(good)})[check].status is Status.OK
    line = day({FILES[2]: document(bad)})[check]
    assert (line.status, line.reason) == (Status.FAIL, reason)


@pytest.mark.parametrize(("readiness", "good"), [(85, True), (84.999, False), (0.85, False), (150, False)])
def test_readiness_of_85_is_enough(readiness, good):
    assert (day({FILES[0]: {"readiness": readiness}})["readiness_pct"].status is Status.OK) is good


def test_one_failed_check_fails_the_day_and_no_check_at_all_is_no_good_day():
    lines = list(edge(net_bps=1).values())
    assert sum_up_checks(lines).line == "RESULT=FAIL checked=8 failed=1"
    assert sum_up_checks([]).status is Status.FAIL


@pytest.mark.row("W004-201")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"net_bps": float("nan")}, "not_finite"),
        ({"net_bps": "2.75"}, "wrong_type"),
        ({"net_bps": True}, "wrong_type"),
        ({"net_bps": None}, "no_net_bps"),
        ({"total": [1]}, "wrong_type"),
        ({"fills": 0}, "no_traffic"),
    ],
)
def test_what_is_no_number_is_a_failure_with_its_own_reason(changed, reason):
    line = edge(**changed)["net_bps"]
    assert (line.status, line.reason) == (Status.FAIL, reason)


def test_a_bad_value_fails_its_own_check_alone():
    bad = [name for name, line in edge(net_bps=float("nan")).items() if line.status is Status.FAIL]
    assert bad == ["net_bps"]


@pytest.mark.row("W004-201")
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Input(problem="missing"), "missing"),
        (Input(problem="bad_json"), "bad_json"),
        (Input([], 60), "wrong_type"),
        (Input(EDGE, DAY + 1), "stale"),
        (Input(EDGE, -3600), "from_the_future"),
    ],
)
def test_a_file_that_cannot_be_used_fails_its_age_and_every_number_in_it(found, reason):
    files = {name: Input(KPI if name == FILES[0] else {}, 60) for name in FILES} | {FILES[2]: found}
    bad = {name: line.reason for name, line in by_name(files).items() if line.status is Status.FAIL}
    assert bad == dict.fromkeys([FILES[2], "net_bps", "order_age_p95_ms", "taker_ratio"], reason)


def test_a_file_exactly_as_old_as_allowed_is_fine():
    assert all(line.status is Status.OK for line in day(age_s=DAY).values())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["total", "latency", "net_bps", "taker_ratio", "taker_share_pct", "fills", "p95", "p95_ms"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@pytest.mark.row("D004-502")
@given(_JSON, _JSON)
def test_whatever_the_files_hold_each_line_is_one_its_contract_knows(kpi, report):
    for line in day({FILES[0]: kpi, FILES[2]: report}).values():
        said = checked(line)
        assert said is line
        assert said.status in (Status.OK, Status.FAIL)
