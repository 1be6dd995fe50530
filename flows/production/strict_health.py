"""What the daily run and a verification have in common: the strict judgement of the service's health."""

from tasks.clock import stamp, utc_now
from tasks.daily_evidence import show_health_trend, show_metrics
from tasks.procedure import tell
from tasks.rules.daily_health import DailyFacts, judge_window, metrics_of, window_of
from tasks.rules.metrics_regression import Snapshot, line_of, snapshot_of, theme_line_of
from tasks.rules.outcome import Outcome
from tasks.rules.second_touch import HEALTH_WINDOW, SUMMARY_WINDOWS, SecondTouch, judge_second_touch, summary_of
from tasks.step import has_server


def tell_health(facts: DailyFacts, days: int, min_ratio: float) -> list[Outcome]:
    """Say the metrics, the second-touch summaries, the snapshot and the two verdicts, in the runbook's order."""
    shown = facts.one_theme or facts.everything
    metrics = [tell(line) for line in metrics_of(window_of(shown.rows, facts.today, days))]
    for window_days in SUMMARY_WINDOWS:
        tell(summary_of(SecondTouch(window_days, facts.counters[window_days])))
    tell(_snapshot_line(facts, days))
    watchdog = judge_window(window_of(facts.everything.rows, facts.today, days), min_ratio, facts.future_rows)
    second_touch = judge_second_touch(SecondTouch(HEALTH_WINDOW, facts.counters[HEALTH_WINDOW]))
    if has_server():
        show_metrics(metrics)
        show_health_trend(shown.rows, facts.today, min_ratio)
    return [tell(watchdog), tell(second_touch)]


def whole_snapshot(facts: DailyFacts, days: int) -> Snapshot:
    """The snapshot of the whole service: the one that is stored and compared."""
    window = window_of(facts.everything.rows, facts.today, days)
    return snapshot_of(window, facts.everything, SecondTouch(days, facts.counters[days]))


def _snapshot_line(facts: DailyFacts, days: int) -> Outcome:
    """Narrowed to the theme if one was asked for."""
    if facts.one_theme is None:
        return line_of(whole_snapshot(facts, days), stamp(utc_now()))
    return theme_line_of(window_of(facts.one_theme.rows, facts.today, days), facts.one_theme, stamp(utc_now()))
