"""Who is dead and who only looks it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.janitor import Patience, Phase, Verdict, Watched, confirmed, judge_run, lost, unanswered

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PATIENCE = Patience(missed_heartbeats=3, pending_grace_s=300)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def running(since_s: float = 3600, last_sign_s: float | None = 10, heartbeat_s: int | None = 30) -> Watched:
    last_sign = None if last_sign_s is None else ago(last_sign_s)
    return Watched("a", "ops-daily", Phase.RUNNING, ago(since_s), last_sign, heartbeat_s)


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (running(last_sign_s=90), Verdict.HEALTHY),
        (running(last_sign_s=91), Verdict.SILENT),
        (running(last_sign_s=None), Verdict.SILENT),
        (running(since_s=80, last_sign_s=None), Verdict.HEALTHY),
        (running(since_s=80, last_sign_s=4000), Verdict.HEALTHY),
        (running(last_sign_s=500, heartbeat_s=180), Verdict.HEALTHY),
        (running(last_sign_s=90_000, heartbeat_s=None), Verdict.HEALTHY),
        (running(since_s=-50, last_sign_s=None), Verdict.HEALTHY),
        (replace(running(since_s=300, last_sign_s=None), phase=Phase.PENDING), Verdict.HEALTHY),
        (replace(running(since_s=301, last_sign_s=None), phase=Phase.PENDING), Verdict.STUCK),
        (replace(running(since_s=301, last_sign_s=None, heartbeat_s=None), phase=Phase.PENDING), Verdict.HEALTHY),
    ],
)
def test_silence_is_measured_in_heartbeats_and_waiting_in_seconds(run, verdict):
    assert judge_run(run, NOW, PATIENCE) is verdict


@pytest.mark.row("D001-24")
@given(since=st.floats(0, 1e7), sign=st.one_of(st.none(), st.floats(0, 1e7)), beat=st.sampled_from([None, 30, 180]))
def test_a_run_that_waits_for_a_person_is_never_given_up(since, sign, beat):
    run = replace(running(since, sign, beat), phase=Phase.PAUSED)
    assert judge_run(run, NOW, PATIENCE) is Verdict.WAITING
    assert lost([run], NOW, PATIENCE) == {}


@pytest.mark.row("D002-185")
@given(over=st.floats(-1e7, 1e7), grace=st.integers(0, 43_200))
def test_only_a_form_whose_time_and_grace_are_over_is_unanswered(over, grace):
    form = replace(running(), phase=Phase.PAUSED, answer_until=ago(over))
    offered = replace(form, run_id="b", answer_until=None)
    assert unanswered([form, offered], NOW, grace) == (["a"] if (NOW - ago(over)).total_seconds() > grace else [])
    assert lost([form], NOW, PATIENCE) == {}


@pytest.mark.row("D001-24")
@given(sign=st.floats(0, 90))
def test_a_run_that_was_heard_of_within_its_heartbeats_is_never_given_up(sign):
    assert lost([running(last_sign_s=sign)], NOW, PATIENCE) == {}


@pytest.mark.row("D001-24")
def test_only_what_both_looks_found_is_given_up():
    first = {"a": Verdict.SILENT, "b": Verdict.SILENT, "c": Verdict.STUCK}
    second = {"b": Verdict.SILENT, "c": Verdict.SILENT, "d": Verdict.STUCK}
    assert confirmed(first, second) == {"b": Verdict.SILENT}
