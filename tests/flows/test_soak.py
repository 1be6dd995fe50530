"""Runbook 004, Soak orchestration and Long Soak: a soak from its start to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.soak.soak import soak
from flows.soak.soak_tick import soak_tick
from tests.soaks import GOOD, IDLE, SLOW, epoch, last_line, of, plain, put_inputs, records, run, said

pytestmark = pytest.mark.usefixtures("operations_database", "by_hand")
START = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "artifacts").mkdir()
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "artifacts"


@pytest.fixture
def hour(folder, monkeypatch):
    """Let it be that many hours after the start, with inputs just made."""

    def at(number, edge=GOOD):
        now = f"{START + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}"
        monkeypatch.setenv("WATCHKEEPER_NOW", now)
        put_inputs(folder, epoch(now), edge=edge)

    at(0)
    return at


def ticked(capsys, hour, number, edge=GOOD):
    hour(number, edge)
    return said(last_line(capsys, soak_tick))


SHORT = {"shadow_hours": 2, "canary_hours": 2, "live_hours": 1}


@pytest.mark.row("P004-307", "P004-309")
def test_a_soak_walks_through_its_phases_by_itself_and_ends_as_passed(prefect_server, capsys, hour, folder):
    assert last_line(capsys, soak, do="start", **SHORT) == (
        "soak status=ok do=start soak=eu-west-1-2026-11-21T03 region=eu-west-1 state=active phase=shadow rung=0"
        " ticks=0 gaps=0 fails=0 hours_left=5.000000 keeps=hours_left,no_conclusive_tick"
    )
    walked = [ticked(capsys, hour, number) for number in range(5)]
    assert [one["phase"] for one in walked] == ["shadow", "shadow", "canary", "canary", "live-econ"]
    assert [one.get("moved") for one in walked] == [None, "canary", None, "live-econ", "passed"]
    assert ticked(capsys, hour, 6)["reason"] == "no_active_soak"
    line = said(last_line(capsys, soak))
    assert (line["state"], line["ticks"], line["gaps"], line["lines"]) == ("passed", "5", "0", "5")


@pytest.mark.row("P004-308", "W004-307")
def test_a_missed_hour_is_a_gap_and_makes_the_phase_longer(capsys, hour, folder):
    last_line(capsys, soak, do="start", **SHORT)
    ticked(capsys, hour, 0)
    assert ticked(capsys, hour, 3)["gaps"] == "2"
    journal = records(folder / "SOAK_JOURNAL.jsonl")
    assert of(journal, "slot", "status") == [
        ("2026-11-21T03:00:00Z", "CONTINUE"),
        ("2026-11-21T04:00:00Z", "GAP"),
        ("2026-11-21T05:00:00Z", "GAP"),
        ("2026-11-21T06:00:00Z", "CONTINUE"),
    ]
    line = said(last_line(capsys, soak))
    assert (line["phase"], line["ticks"], line["gaps"], line["hours_left"]) == ("canary", "2", "2", "3.000000")


@pytest.mark.row("P004-309")
def test_an_hour_without_traffic_never_moves_a_phase_on(capsys, hour):
    last_line(capsys, soak, do="start", **SHORT)
    for number in range(4):
        assert ticked(capsys, hour, number, IDLE)["status"] == "INCONCLUSIVE"
    line = said(last_line(capsys, soak))
    assert (line["phase"], line["hours_left"]) == ("shadow", "5.000000")


@pytest.mark.row("P004-309")
def test_a_canary_that_failed_ends_the_soak_and_no_capital_follows(capsys, hour):
    last_line(capsys, soak, do="start", **SHORT)
    for number in range(2):
        ticked(capsys, hour, number)
    assert ticked(capsys, hour, 2, SLOW)["action"] == "ROLLBACK_STEP"
    assert ticked(capsys, hour, 3)["moved"] == "failed"
    line = said(last_line(capsys, soak))
    assert (line["state"], line["ended"], line["phase"]) == ("failed", "canary_failed", "canary")


@pytest.mark.row("P004-302", "W004-300")
def test_the_ladder_is_that_of_the_phase_and_a_tick_without_traffic_forgives_nothing(capsys, hour):
    last_line(capsys, soak, do="start", **SHORT)
    climbed = [ticked(capsys, hour, number, edge)["action"] for number, edge in enumerate([SLOW, IDLE, SLOW, SLOW])]
    assert climbed == ["ROLLBACK_STEP", "NONE", "DISABLE_STRAT", "REGION_STEP_DOWN"]
    line = said(last_line(capsys, soak))
    assert line["rung"] == "3"
    assert line["keeps"] == "ladder_raised"


@pytest.mark.row("P004-307", "W004-301")
def test_a_second_soak_of_the_region_is_refused_and_the_same_one_is_not_started_twice(capsys, hour):
    last_line(capsys, soak, do="start")
    again = last_line(capsys, soak, do="start")
    assert again.startswith("soak status=skipped reason=already_active do=start soak=eu-west-1-2026-11-21T03 ")
    other = said(last_line(capsys, soak, do="start", name="second"))
    assert (other["status"], other["reason"], other["soak"]) == ("fail", "soak_active", "eu-west-1-2026-11-21T03")
    elsewhere = said(last_line(capsys, soak, do="start", region="us-east-1"))
    assert (elsewhere["status"], elsewhere["hours_left"]) == ("ok", "336.000000")
    last_line(capsys, soak, do="stop", region="eu-west-1")
    taken = said(last_line(capsys, soak, do="start"))
    assert (taken["reason"], taken["state"]) == ("name_taken", "stopped")


def test_two_soaks_are_judged_in_one_run_and_the_worst_line_is_the_last(capsys, hour, folder):
    last_line(capsys, soak, do="start")
    poor = folder / "other.json"
    poor.write_text("{")
    last_line(capsys, soak, do="start", region="us-east-1", edge_report=str(poor))
    run(soak_tick)
    lines = [said(line) for line in plain(capsys.readouterr().out) if line.startswith("event=soak_tick")]
    assert [(line["region"], line["reason"]) for line in lines] == [
        ("eu-west-1", "ok"),
        ("us-east-1", "input_missing:EDGE_REPORT.json"),
    ]
    assert [line["seq"] for line in lines] == ["1", "2"]


@pytest.mark.row("P004-308")
def test_the_hour_that_ended_a_phase_is_not_judged_again_in_the_next_one(capsys, hour, folder):
    last_line(capsys, soak, do="start", **SHORT)
    assert [ticked(capsys, hour, number).get("moved") for number in (0, 1)] == [None, "canary"]
    assert ticked(capsys, hour, 1)["reason"] == "slot_judged"
    assert len(records(folder / "SOAK_JOURNAL.jsonl")) == 2


@pytest.mark.row("P004-310")
@pytest.mark.parametrize("hours", [1, 4])
def test_a_soak_is_stopped_in_every_phase_and_twice_is_once(capsys, hour, hours):
    last_line(capsys, soak, do="start", **SHORT)
    for number in range(hours):
        ticked(capsys, hour, number)
    line = said(last_line(capsys, soak, do="stop", why="incident-7"))
    assert (line["status"], line["state"], line["ended"]) == ("ok", "stopped", "incident-7")
    again = said(last_line(capsys, soak, do="stop", why="again"))
    assert (again["status"], again["reason"], again["ended"]) == ("skipped", "already_ended", "incident-7")
    assert ticked(capsys, hour, hours)["reason"] == "no_active_soak"


def test_only_the_shadow_may_be_cut_short_by_hand(capsys, hour):
    last_line(capsys, soak, do="start", **SHORT)
    assert said(last_line(capsys, soak, do="advance"))["keeps"] == "hours_left,no_conclusive_tick"
    ticked(capsys, hour, 0)
    assert said(last_line(capsys, soak, do="advance"))["phase"] == "canary"
    ticked(capsys, hour, 1)
    refused = said(last_line(capsys, soak, do="advance"))
    assert (refused["status"], refused["reason"], refused["keeps"]) == ("fail", "kept", "hours_left")


@pytest.mark.row("P004-309")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"canary_hours": 0}, "canary_required"),
        ({"shadow_hours": 0, "canary_hours": 0, "live_hours": 0}, "no_hours"),
        ({"at": "2026-11-21T03:00:00Z"}, "clock_not_scaled"),
        ({"every_s": 60}, "clock_not_scaled"),
        ({"clock": "scaled", "at": "2026-13-21T03:00:00Z"}, "invalid_time"),
    ],
)
def test_what_is_no_soak_is_refused(capsys, hour, options, reason):
    assert said(last_line(capsys, soak, do="start", **options))["reason"] == reason
    assert said(last_line(capsys, soak))["reason"] == "no_active_soak"


@pytest.mark.row("P004-310")
def test_without_a_soak_there_is_nothing_to_look_at_to_move_on_or_to_stop(capsys, hour):
    for do in ("status", "advance", "stop"):
        assert last_line(capsys, soak, do=do) == f"soak status=skipped reason=no_active_soak do={do}"


def test_a_soak_whose_hooks_cannot_be_read_is_not_started(capsys, hour, folder):
    hooks = folder / "soak.toml"
    hooks.write_text('[TUNE_DRY]\ndo = "explode"\n')
    assert said(last_line(capsys, soak, do="start", hooks=str(hooks)))["reason"] == "hooks_invalid"


@pytest.mark.row("P004-311")
def test_a_rehearsal_has_its_own_clock_and_a_real_soak_refuses_it(capsys, hour, monkeypatch):
    last_line(capsys, soak, do="start", **SHORT)
    moment = "2030-01-01T00:00:00Z"
    refused = said(last_line(capsys, soak_tick, at=moment))
    assert (refused["status"], refused["reason"]) == ("FAIL", "clock_not_scaled")
    assert said(last_line(capsys, soak_tick, at=moment, phase="canary"))["reason"] == "clock_not_scaled"
    started = last_line(capsys, soak, do="start", clock="scaled", at=moment, name="try", journal="try.jsonl", **SHORT)
    assert started.endswith(" clock=scaled")
    failing = said(last_line(capsys, soak_tick, at=moment, soak="try", edge_report="none.json"))
    assert (failing["reason"], failing["hook"], failing["clock"]) == (
        "input_missing:EDGE_REPORT.json",
        "announce:done",
        "scaled",
    )
    assert said(last_line(capsys, soak))["ticks"] == "0"
