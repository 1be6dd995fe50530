"""One step a day, in bounds, both ways (runbook 001)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.daily_health import DayCount, Window
from tasks.rules.outcome import Outcome
from tasks.rules.tuning import Bounds, Change, Facts, Tuning, judge, next_tuning

TODAY = date(2026, 11, 21)
START = Tuning(0, 2, -0.5, 0.5, allow_theme_relax_high=True)
BOUNDS = Bounds(START)
TUNINGS = st.builds(
    Tuning,
    st.just(0),
    st.integers(0, 2),
    st.integers(-7, 7).map(lambda tenths: tenths / 10),
    st.integers(-7, 7).map(lambda tenths: tenths / 10),
    st.booleans(),
)


def facts(delivered, positive, current=START, last_tuned=None):
    return Facts(Window(7, (DayCount(TODAY, delivered, positive),)), current, last_tuned)


def steps(tuning, ratios):
    for ratio in ratios:
        tuning = next_tuning(tuning, ratio, BOUNDS)
    return tuning


def test_a_bad_ratio_makes_matching_narrower():
    assert next_tuning(START, 0.19, BOUNDS) == Tuning(0, 1, -0.6, 0.5, allow_theme_relax_high=False)


def test_a_good_ratio_makes_matching_wider():
    low = Tuning(0, 1, -0.6, 0.5, allow_theme_relax_high=False)
    assert next_tuning(low, 0.61, BOUNDS) == Tuning(0, 2, -0.5, 0.6, allow_theme_relax_high=True)


@pytest.mark.parametrize("ratio", [0.2, 0.4, 0.6])
def test_the_band_itself_changes_nothing(ratio):
    assert next_tuning(START, ratio, BOUNDS) == START


def test_bad_weeks_end_at_the_bounds_in_whole_tenths():
    assert steps(START, [0.0] * 9) == Tuning(0, 0, -0.7, 0.5, allow_theme_relax_high=False)


@pytest.mark.row("W001-8")
def test_good_weeks_bring_back_what_bad_weeks_took():
    assert steps(START, [0.0] * 9 + [1.0] * 9) == Tuning(0, 2, -0.5, 0.7, allow_theme_relax_high=True)


def test_bad_weeks_bring_back_what_good_weeks_gave():
    after_good = steps(START, [1.0] * 9)
    assert after_good.pool_multiplier_high == 0.7
    assert steps(after_good, [0.0] * 9).pool_multiplier_high == 0.5


@given(TUNINGS, st.lists(st.sampled_from([0.0, 0.4, 1.0]), max_size=30))
def test_no_history_of_ratios_leaves_the_bounds(tuning, ratios):
    end = steps(tuning, ratios)
    assert 0 <= end.low_intensity_band <= end.high_intensity_band <= 2
    assert -0.7 <= end.pool_multiplier_low <= 0.7
    assert -0.7 <= end.pool_multiplier_high <= 0.7


@given(TUNINGS, st.lists(st.sampled_from([0.0, 1.0]), max_size=30))
def test_where_it_ends_up_after_many_good_weeks_does_not_depend_on_the_past(tuning, past):
    ends = steps(steps(START, past), [1.0] * 15)
    assert ends == steps(START, [1.0] * 15)


@given(TUNINGS, st.floats(0, 2))
def test_a_step_moves_no_pool_by_more_than_a_step(tuning, ratio):
    after = next_tuning(tuning, ratio, BOUNDS)
    assert abs(after.pool_multiplier_low - tuning.pool_multiplier_low) <= 0.1 + 1e-9
    assert abs(after.pool_multiplier_high - tuning.pool_multiplier_high) <= 0.1 + 1e-9
    assert abs(after.high_intensity_band - tuning.high_intensity_band) <= 1


def test_the_upper_band_never_sinks_below_the_lower_one():
    assert (
        next_tuning(replace(START, low_intensity_band=1, high_intensity_band=1), 0.0, BOUNDS).high_intensity_band == 1
    )


@pytest.mark.row("W001-8")
@pytest.mark.parametrize(("delivered", "moves"), [(49, False), (50, True)])
def test_below_fifty_deliveries_nothing_moves_and_no_count_is_shown(delivered, moves):
    plan = judge(facts(delivered, 0), TODAY, BOUNDS)
    assert isinstance(plan, Change) is moves
    if isinstance(plan, Outcome):
        assert plan.line == "matching_tuning status=insufficient_data reason=insufficient_volume day=2026-11-21"
        assert plan.exit_code == 0


def test_a_day_is_tuned_once():
    plan = judge(facts(100, 0, last_tuned=TODAY), TODAY, BOUNDS)
    assert isinstance(plan, Outcome)
    assert plan.line == "matching_tuning status=skipped reason=already_tuned_today day=2026-11-21"
    assert isinstance(judge(facts(100, 0, last_tuned=TODAY - timedelta(days=1)), TODAY, BOUNDS), Change)


def test_a_clock_behind_the_history_changes_nothing():
    plan = judge(facts(100, 0, last_tuned=TODAY + timedelta(days=1)), TODAY, BOUNDS)
    assert isinstance(plan, Outcome)
    assert (plan.reason, plan.exit_code) == ("clock_went_back", 1)


@pytest.mark.parametrize(("positive", "current", "reason"), [(40, START, "in_band"), (0, None, "at_bounds")])
def test_no_change_says_why(positive, current, reason):
    plan = judge(facts(100, positive, current or steps(START, [0.0] * 9)), TODAY, BOUNDS)
    assert isinstance(plan, Outcome)
    assert (plan.status.value, plan.reason) == ("ok", reason)


def test_the_comparison_is_unrounded():
    assert isinstance(judge(facts(1000, 199), TODAY, BOUNDS), Change)
    assert isinstance(judge(facts(1000, 200), TODAY, BOUNDS), Outcome)
