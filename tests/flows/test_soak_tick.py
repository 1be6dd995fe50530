"""Runbook 004, Soak orchestration: one tick, by hand, with good input and bad."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from flows.daily.artifacts_snapshot import artifacts_snapshot
from flows.daily.daily_digest import daily_digest
from flows.soak.journal_verify import journal_verify
from flows.soak.soak_replay import soak_replay
from flows.soak.soak_tick import soak_tick
from tasks import soak_actions
from tasks.journal_reading import verify
from tasks.step import without_server
from tests.hook_server import running_control
from tests.journals import chained, put
from tests.journals import tick as record_of_before
from tests.soaks import GOOD, IDLE, POOR, SLOW, epoch, of, plain, put_inputs, records, said

pytestmark = pytest.mark.usefixtures("by_hand")
NOW = "2026-11-21T03:05:00Z"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch, operations_database):
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    put_inputs(tmp_path, epoch(NOW))
    return tmp_path


@pytest.fixture
def asked(capsys, folder, monkeypatch):
    """Judge an hour by the files that are there; returns the pairs of its last line."""

    def judge(now=NOW, **options):
        monkeypatch.setenv("WATCHKEEPER_NOW", now)
        given = {"phase": "canary", "region": "eu-west-1", **files_of(folder)} | options
        soak_tick.fn(**given)
        return said(plain(capsys.readouterr().out)[-1])

    return judge


@pytest.fixture
def tick(folder, asked):
    """The same with files that were made just now."""

    def judge(now=NOW, edge=GOOD, **options):
        put_inputs(folder, epoch(now), edge=edge)
        return asked(now, **options)

    return judge


def files_of(folder):
    return {
        "kpi_gate": str(folder / "KPI_GATE.json"),
        "edge_report": str(folder / "EDGE_REPORT.json"),
        "journal": str(folder / "SOAK_JOURNAL.jsonl"),
    }


def at(hour):
    return f"2026-11-21T{hour:02}:05:00Z"


@pytest.mark.row("P004-300", "P004-308")
def test_a_good_hour_goes_on_and_is_judged_once(capsys, folder):
    line = (
        "event=soak_tick phase=canary status=CONTINUE action=NONE reason_code=OK reason=ok caps_share=0.050000"
        f" caps_capital=500 recommendation= now={epoch(NOW)} region=eu-west-1 slot=2026-11-21T03:00:00Z soak=by-hand"
        " seq=1 rung=0 clock=frozen"
    )
    soak_tick.fn(phase="canary", region="eu-west-1", **files_of(folder))
    soak_tick.fn(phase="canary", region="eu-west-1", **files_of(folder))
    again = f"event=soak_tick status=SKIPPED reason=slot_judged now={epoch(NOW)} region=eu-west-1 soak=by-hand"
    assert plain(capsys.readouterr().out) == [line, again]
    (record,) = records(folder / "SOAK_JOURNAL.jsonl")
    assert set(record["sources"]) == {"KPI_GATE.json", "EDGE_REPORT.json"}
    assert all(len(source["sha256"]) == 64 and source["age_s"] == 0 for source in record["sources"].values())


@pytest.mark.row("P004-301", "W004-304")
@pytest.mark.parametrize(
    ("edge", "status", "reason", "action"),
    [
        (SLOW, "FAIL", "p95_gt_350ms", "ROLLBACK_STEP"),
        (POOR, "WARN", "net_bps_in_[2.0,2.5)", "TUNE_DRY"),
        (IDLE, "INCONCLUSIVE", "no_traffic", "NONE"),
    ],
)
def test_each_verdict_has_its_line_and_its_action(tick, edge, status, reason, action):
    line = tick(edge=edge)
    assert (line["status"], line["reason"], line["action"]) == (status, reason, action)


@pytest.mark.row("P004-301", "W004-306")
def test_every_limit_that_was_broken_is_told_and_the_first_decides(tick, folder):
    worst = {"latency": {"p95": 400, "p99": 900}, "net_bps": 1.0, "taker_ratio": 0.2}
    line = tick(edge=worst)
    assert line["reason"] == "taker_ratio_gt_0.15" or line["reason"] == "phase_taker_ceiling_exceeded"
    expected = "taker_ratio_gt_0.15;p95_gt_350ms;p99_gt_1.5x_p95;net_bps_below_2.0;phase_taker_ceiling_exceeded"
    assert line["violations"] == expected
    (record, _) = records(folder / "SOAK_JOURNAL.jsonl")
    assert ";".join(record["violations"]) == expected


@pytest.mark.row("P004-302", "W004-300")
def test_the_ladder_survives_a_warning_a_torn_journal_and_a_restart(tick, folder):
    assert tick(at(3), SLOW)["action"] == "ROLLBACK_STEP"
    assert tick(at(4), POOR)["action"] == "TUNE_DRY"
    with (folder / "SOAK_JOURNAL.jsonl").open("ab") as file:
        file.write(b'{"action":"NONE","caps":{"cap')
    line = tick(at(5), SLOW)
    assert (line["action"], line["rung"]) == ("DISABLE_STRAT", "2")
    assert tick(at(6), SLOW)["action"] == "REGION_STEP_DOWN"
    assert tick(at(7))["rung"] == "0"
    assert tick(at(8), SLOW)["action"] == "ROLLBACK_STEP"
    statuses = [record["status"] for record in records(folder / "SOAK_JOURNAL.jsonl")]
    assert statuses.count("REPAIR") == 1
    assert verify(folder / "SOAK_JOURNAL.jsonl", []).damage is None


@pytest.mark.row("P004-302")
def test_phases_and_regions_have_ladders_of_their_own(tick):
    assert tick(edge=SLOW)["rung"] == "1"
    assert tick(edge=SLOW, region="us-east-1")["rung"] == "1"
    assert tick(edge=SLOW, phase="shadow")["rung"] == "1"
    assert tick(at(4), SLOW)["rung"] == "2"


@pytest.mark.row("P004-303", "W004-303")
def test_a_rung_calls_its_hook_once_and_its_result_stands_in_the_journal(tick, folder):
    with running_control() as control:
        hooks = folder / "hooks.toml"
        hooks.write_text(f'[ROLLBACK_STEP]\ndo = "http"\nurl = "{control.url}"\n')
        line = tick(edge=SLOW, hooks=str(hooks))
        tick(edge=SLOW, hooks=str(hooks))
        assert line["hook"] == "http:done"
        assert control.keys == ["soak-tick/by-hand/canary/eu-west-1/2026-11-21T03:00:00Z"]
    _, action = records(folder / "SOAK_JOURNAL.jsonl")
    assert of([action], "status", "action", "hook", "result", "reason", "key") == [
        ("ACTION", "ROLLBACK_STEP", "http", "done", "called", control.keys[0])
    ]


@pytest.mark.row("P004-303", "P004-306")
def test_a_result_that_a_dead_caller_left_in_the_journal_is_booked_and_not_called_for_again(
    tick, folder, operations_database
):
    """The books as they were when it died: the action planned, its line in the journal, the line's head unknown."""
    with running_control() as control:
        hooks = folder / "hooks.toml"
        hooks.write_text(f'[ROLLBACK_STEP]\ndo = "http"\nurl = "{control.url}"\n')
        tick(edge=SLOW, hooks=str(hooks))
        with psycopg.connect(operations_database, autocommit=True) as connection:
            connection.execute("UPDATE soak_actions SET state = 'planned', hook = NULL, result = NULL")
            connection.execute("DELETE FROM journal_heads WHERE count = 2")
            tick(edge=SLOW, hooks=str(hooks))
            booked = connection.execute("SELECT state, hook, result FROM soak_actions").fetchall()
        assert booked == [("done", "http", "called")]
        late = soak_actions._finished(folder / "SOAK_JOURNAL.jsonl", control.keys[0], str(hooks), datetime.now(UTC))
        assert late is None  # who has seen it planned and comes when it is done
        assert len(control.calls) == 1
    assert len(records(folder / "SOAK_JOURNAL.jsonl")) == 2


@pytest.mark.row("P004-303")
def test_every_reader_of_the_journal_understands_what_became_of_an_action(tick, folder, capsys):
    journal = str(folder / "SOAK_JOURNAL.jsonl")
    tick(at(3), SLOW)
    tick(at(4), POOR)
    tick(at(5))
    journal_verify.fn(journal=journal)
    soak_replay.fn(journal=journal)
    daily_digest.fn(journal=journal, artifacts_dir=str(folder), out=str(folder / "DIGEST.md"))
    artifacts_snapshot.fn(journal=journal)
    lines = [said(line) for line in plain(capsys.readouterr().out)]
    verified, replayed = lines[0], lines[1]
    (digest,) = (line for line in lines if "cont" in line)
    assert (verified["status"], verified["lines"]) == ("ok", "5")
    assert (replayed["status"], replayed["ticks"], replayed["same"]) == ("ok", "3", "3")
    assert [digest[name] for name in ("cont", "warn", "fail", "actions", "chain")] == ["1", "1", "1", "2", "ok"]
    assert lines[-1]["reason"] == "last_tick_good"


@pytest.mark.row("P004-303")
def test_a_hook_that_fails_is_in_the_line_and_hides_nothing_of_the_tick(tick, folder):
    hooks = folder / "hooks.toml"
    hooks.write_text('[ROLLBACK_STEP]\ndo = "http"\nurl = "http://127.0.0.1:9/"\n')
    line = tick(edge=SLOW, hooks=str(hooks))
    assert (line["reason"], line["action"], line["hook"]) == ("p95_gt_350ms", "ROLLBACK_STEP", "http:failed")
    assert tick(at(4), hooks=str(hooks))["status"] == "CONTINUE"


@pytest.mark.row("P004-301", "W004-304", "W004-305", "D004-300", "D004-301")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "missing"),
        (b'{"net_bps": NaN, "taker_ratio": 0.1, "latency": {"p95": 300, "p99": 400}}', "not_finite"),
        (b'{"net_bps": 1e999, "taker_ratio": 0.1, "latency": {"p95": 300, "p99": 400}}', "not_finite"),
        (b'{"net_bps": "3.0", "taker_ratio": 0.1, "latency": {"p95": 300, "p99": 400}}', "wrong_type"),
        (b'{"net_bps": true, "taker_ratio": 0.1, "latency": {"p95": 300, "p99": 400}}', "wrong_type"),
        (b'{"net_bps": 3.0, "taker_ratio": 0.1, "latency": [300, 400]}', "no_latency"),
        (b"\xff\xfe{}", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[]", "time_invalid"),
        (b'{"total": [], "fills": 3}', "wrong_type"),
    ],
)
def test_input_that_cannot_be_used_is_a_failed_tick_that_says_why(asked, folder, content, problem):
    path = folder / "EDGE_REPORT.json"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
        os.utime(path, (epoch(NOW), epoch(NOW)))
    line = asked()
    assert (line["status"], line["reason"], line["reason_code"]) == (
        "FAIL",
        "input_missing:EDGE_REPORT.json",
        "GEN_FAIL",
    )
    assert records(folder / "SOAK_JOURNAL.jsonl")[0]["problems"] == {"EDGE_REPORT.json": problem}


@pytest.mark.row("P004-301")
def test_a_stale_input_and_both_at_once_are_missing(asked, folder):
    put_inputs(folder, epoch(NOW) - 86_401)
    line = asked()
    assert line["reason"] == "input_missing:EDGE_REPORT.json"
    assert line["violations"] == "input_missing:EDGE_REPORT.json;input_missing:KPI_GATE.json"


@pytest.mark.row("D004-300")
def test_names_that_are_not_ascii_do_no_harm(tick, folder):
    report = GOOD | {"note": "ставка € \u0000", "symbols": {"Ä": {}}}
    assert tick(edge=report)["status"] == "CONTINUE"
    assert (folder / "SOAK_JOURNAL.jsonl").read_bytes().isascii()


@pytest.mark.row("D004-302", "W004-307")
def test_a_clock_that_went_back_judges_nothing_and_makes_no_gap(tick, folder):
    tick(at(5))
    before = (folder / "SOAK_JOURNAL.jsonl").read_bytes()
    line = tick(at(3))
    assert (line["status"], line["reason"]) == ("FAIL", "clock_went_back")
    assert tick(at(5))["reason"] == "slot_judged"
    assert (folder / "SOAK_JOURNAL.jsonl").read_bytes() == before


@pytest.mark.row("P004-308", "W004-309")
def test_a_damaged_journal_is_refused_and_left_as_it_is(tick, folder):
    journal = folder / "SOAK_JOURNAL.jsonl"
    tick(at(3))
    tick(at(4), SLOW)
    journal.write_bytes(journal.read_bytes().replace(b"nobody_to_tell", b"somebody_told_"))
    before = journal.read_bytes()
    line = tick(at(5))
    assert (line["status"], line["reason"]) == ("FAIL", "journal_damaged")
    assert journal.read_bytes() == before
    journal.unlink()
    assert tick(at(5))["damage"] == "truncated"


@pytest.mark.row("P004-308")
def test_a_journal_of_the_program_before_goes_on_and_its_ticks_stay_its_own(tick, folder, operations_database):
    put(folder / "SOAK_JOURNAL.jsonl", chained(record_of_before() for _ in range(30)))
    assert tick()["seq"] == "31"
    with psycopg.connect(operations_database) as connection:
        assert connection.execute("SELECT count(*) FROM soak_ticks").fetchone() == (1,)


@pytest.mark.row("W004-308")
def test_eight_at_once_judge_the_hour_once(folder, operations_database, capsys):
    def judge():
        with without_server():
            soak_tick.fn(phase="canary", region="eu-west-1", **files_of(folder))

    threads = [threading.Thread(target=judge) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    words = sorted(said(line)["status"] for line in plain(capsys.readouterr().out))
    assert words == ["CONTINUE", *["SKIPPED"] * 7]
    assert len(records(folder / "SOAK_JOURNAL.jsonl")) == 1


def test_a_failed_tick_keeps_the_artifacts_of_its_moment(tick, folder):
    tick(edge=SLOW)
    kept = [place.name for place in (folder / "failures").iterdir() if place.is_dir()]
    assert kept == ["2026-11-21_030500-soak-tick"]


_FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.tasks.soak_killer import judge
case, hour, room = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
size = (case / "JOURNAL.jsonl").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, size + room))
judge(case, hour)
"""


@pytest.mark.row("D004-304")
def test_a_full_disk_leaves_the_hour_unjudged_and_the_next_start_judges_it(tick, folder):
    journal = str(folder / "JOURNAL.jsonl")
    (folder / "soak.toml").write_text("")
    tick(at(3), journal=journal, region=folder.name)
    put_inputs(folder, epoch(at(4)))
    before = (folder / "JOURNAL.jsonl").read_bytes()
    command = [sys.executable, "-c", _FULL_DISK, str(folder), at(4), "100"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    line = said(plain(done.stdout)[-1])
    assert (line["status"], line["reason"]) == ("FAIL", "journal_not_written")
    assert (folder / "JOURNAL.jsonl").read_bytes() == before
    again = tick(at(4), journal=journal, region=folder.name)
    assert (again["status"], again["seq"]) == ("CONTINUE", "2")
