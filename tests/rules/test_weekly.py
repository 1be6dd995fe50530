"""The week, its score and its KPIs (runbook 004)."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.acceptance import Reading
from tasks.rules.kpi import gate_of, gate_said, refused_inputs
from tasks.rules.outcome import Status
from tasks.rules.readiness import score_of
from tasks.rules.weekly import Week, ledger_of, ledger_sums, rollup_of, week_of

TODAY = date(2026, 11, 21)
NOW = 1_800_000_000


def report(edge=3.0, age=300.0, taker=10.0, guard="NONE", **more):
    document = {"edge_net_bps": edge, "order_age_p95_ms": age, "taker_share_pct": taker, "verdict": "OK"}
    return Reading(document | {"reg_guard": {"reason": guard}} | more)


def week(*reports, last=TODAY) -> Week:
    """A week whose last reports are these."""
    found = week_of({last - timedelta(days=back): one for back, one in enumerate(reversed(reports))}, last)
    assert isinstance(found, Week)
    return found


def rollup(*reports) -> Any:
    return rollup_of(week(*reports), [])


def score(*reports) -> Any:
    return score_of(week(*reports))


@pytest.mark.row("W004-104")
def test_without_reports_there_is_no_week_and_so_no_points():
    assert week_of({}, TODAY) == "no_reports"
    assert week_of({TODAY + timedelta(days=1): report()}, TODAY) == "no_reports"
    assert week_of({TODAY: Reading(problems=("bad_json",))}, TODAY) == "no_reports"


def test_a_week_ends_today_or_yesterday():
    assert week_of({TODAY - timedelta(days=2): report()}, TODAY) == "reports_stale"
    assert isinstance(week_of({TODAY - timedelta(days=1): report()}, TODAY), Week)


def test_a_broken_report_is_a_missing_day_with_its_name():
    found = week(report(), Reading(problems=("details_type",)), report())
    assert found.invalid == ("2026-11-20",)
    assert len(found.days) == 2


def test_seven_good_days_are_go_and_six_are_only_a_warning():
    assert rollup(*[report()] * 7)["verdict"] == "GO"
    assert rollup(*[report()] * 6)["verdict"] == "WARN"


@pytest.mark.parametrize(
    ("bad", "key"),
    [
        (report(edge=2.4999), "edge_ok"),
        (report(age=350.1), "latency_ok"),
        (report(taker=15.1), "taker_ok"),
    ],
)
def test_a_median_past_its_limit_is_no_go(bad, key):
    found = rollup(*[bad] * 7)
    assert found["verdict"] == "NO-GO"
    assert [name for name, ok in found["regress_guard"].items() if not ok] == [key]


def test_what_equals_its_limit_passes():
    assert rollup(*[report(2.5, 350.0, 15.0)] * 7)["verdict"] == "GO"


@pytest.mark.row("W004-105")
@pytest.mark.parametrize(
    ("before", "trend_ok"),
    [
        (report(edge=3.33), True),
        (report(edge=3.34), False),
        (report(age=272.8), True),
        (report(age=272.7), False),
        (report(taker=9.1), True),
        (report(taker=9.0), False),
    ],
)
def test_a_tenth_worse_than_the_week_before_is_a_worse_trend(before, trend_ok):
    found = rollup(*[before] * 7, *[report()] * 7)
    assert found["regress_guard"]["trend_ok"] is trend_ok
    assert found["verdict"] == ("GO" if trend_ok else "WARN")


def test_the_trend_is_the_difference_of_the_medians_and_null_without_a_week_before():
    assert rollup(*[report(edge=3.5)] * 3, *[report()] * 7)["edge_net_bps"]["trend_vs_prev_week_bps"] == -0.5
    assert rollup(*[report()] * 7)["edge_net_bps"]["trend_vs_prev_week_bps"] is None


def test_percentiles_are_values_that_occurred():
    found = rollup(*[report(edge=float(n)) for n in range(1, 8)])["edge_net_bps"]
    assert (found["p25"], found["median"], found["p75"]) == (2, 4, 6)


def test_the_ledger_sums_the_days_of_the_period():
    rows = [{"date": f"2026-11-{day}", "equity": day, "fees": 1, "rebates": 0.5} for day in (14, 15, 20, 21)]
    sums = ledger_sums(ledger_of(list(reversed(rows))), date(2026, 11, 15), TODAY)
    assert sums == {"equity_change_eur": 6, "fees_eur": 3, "rebates_eur": 1.5}
    assert set(ledger_sums([], TODAY, TODAY).values()) == {None}
    assert ledger_of({}) == []
    wrong_ones: list[Any] = [
        {"a": 1},
        [1],
        [{"date": "today"}],
        [{"date": "2026-11-21", "equity": "1", "fees": 1, "rebates": 1}],
        [{"date": "2026-11-21", "equity": float("inf"), "fees": 1, "rebates": 1}],
        [{"date": "2026-11-21", "equity": 1, "fees": 10**400, "rebates": 1}],
    ]
    for wrong in wrong_ones:
        with pytest.raises(ValueError, match=r"."):
            ledger_of(wrong)


SHOWN = {"chaos_result": "OK", "bug_bash": "OK"}


def test_a_perfect_week_has_a_hundred_points():
    found = score(*[report(**SHOWN)] * 7)
    assert (found["score"], found["verdict"]) == (100, "GO")


@pytest.mark.row("W004-104")
def test_what_nobody_looked_at_has_no_points():
    assert score(*[report()] * 7)["score"] == 80
    assert score(report(**SHOWN))["sections"]["guards"] == round(10 / 7, 6)
    assert score(*[report()] * 6, report(**SHOWN))["score"] == 100
    assert score(report(chaos_result="FAIL"), report(**SHOWN))["sections"]["chaos"] == 0


@pytest.mark.parametrize(
    ("day", "section", "points"),
    [
        (report(edge=1.25), "edge", 15),
        (report(edge=-1.0), "edge", 0),
        (report(age=700.0), "latency", 12.5),
        (report(taker=30.0), "taker", 7.5),
        (report(guard="EDGE_REG"), "guards", 0),
    ],
)
def test_each_section_is_cut_in_proportion(day, section, points):
    assert score(*[day] * 7)["sections"][section] == points


@pytest.mark.parametrize(
    ("edge", "verdict"), [(2.5, "GO"), (1.67, "GO"), (1.66, "WARN"), (0.0, "WARN"), (-9.0, "WARN")]
)
def test_the_verdict_is_go_from_ninety_and_warn_from_seventy(edge, verdict):
    assert score(*[report(edge=edge, **SHOWN)] * 7)["verdict"] == verdict


@given(
    st.lists(
        st.builds(
            report,
            st.floats(-1e6, 1e6),
            st.floats(0, 1e9),
            st.floats(0, 100),
            st.sampled_from(["NONE", "X"]),
            bug_bash=st.none() | st.text(max_size=3),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_score_is_always_between_nothing_and_a_hundred(reports):
    found = score(*reports)
    assert 0 <= found["score"] <= 100
    assert found["score"] == pytest.approx(sum(found["sections"].values()), abs=1e-5)


def gate(*reports) -> Any:
    return gate_of(Reading(rollup(*reports)), Reading({"score": 91.5}))


def test_the_gate_passes_a_good_week_with_the_readiness_of_the_score():
    found = gate(*[report()] * 7)
    assert (found["verdict"], found["readiness"], found["reasons"]) == ("PASS", 91.5, [])
    assert gate_said(found).line == "event=kpi_gate verdict=PASS readiness=91.500000"


def test_the_gate_names_every_check_that_does_not_hold():
    found = gate(*[report(edge=3.0)] * 7, *[report(1.0, 400.0, 20.0)] * 6)
    assert found["reasons"] == ["EDGE", "LAT", "TAKER", "TREND"]
    assert gate_said(found).line == (
        "event=kpi_gate verdict=FAIL reason=limits_broken reasons=EDGE,LAT,TAKER,TREND readiness=91.500000"
    )
    assert gate_said(found).exit_code == 1


def test_a_missing_day_alone_is_a_warning():
    said = gate_said(gate(*[report()] * 6))
    assert said.line.startswith("event=kpi_gate verdict=WARN reason=week_not_whole_or_worse reasons=DAYS")
    assert (said.status, said.exit_code) == (Status.PARTIAL, 0)


@pytest.mark.row("W004-106")
def test_old_inputs_are_not_made_young():
    def refused(rollup_age_s, score_age_s):
        readings = {
            "WEEKLY_ROLLUP.json": Reading({"ts": NOW - rollup_age_s}),
            "READINESS_SCORE.json": Reading({"ts": NOW - score_age_s}),
        }
        return refused_inputs(readings, NOW, 86_400)

    assert refused(8 * 86_400, 86_400) == ()
    assert refused(8 * 86_400 + 1, 86_401) == ("WEEKLY_ROLLUP.json:stale", "READINESS_SCORE.json:stale")
    assert refused_inputs({"READINESS_SCORE.json": Reading({})}, NOW, 1) == ("READINESS_SCORE.json:time_missing",)
    assert refused_inputs({"READINESS_SCORE.json": Reading(problems=("bad_json",))}, NOW, 1) == (
        "READINESS_SCORE.json:bad_json",
    )
