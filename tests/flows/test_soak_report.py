"""Runbook 004, Long Soak: the report of a soak, and the smoke that rehearses one."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

from flows.soak.soak import soak
from flows.soak.soak_replay import soak_replay
from flows.soak.soak_report import soak_report
from tests.journals import chained, put, tick
from tests.soaks import SLOW, last_line, put_inputs, records, said

pytestmark = pytest.mark.usefixtures("operations_database", "by_hand")
SMOKE = {"shadow_hours": 0.01, "canary_hours": 0.01, "live_hours": 0.02, "out": "artifacts/soak_reports/smoke.json"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "artifacts").mkdir()
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.chdir(tmp_path)
    put_inputs(tmp_path / "artifacts", int(datetime.now(UTC).timestamp()))
    return tmp_path / "artifacts"


def call(capsys, flow, **options):
    return said(last_line(capsys, flow, **options))


@pytest.mark.row("P004-305", "W004-301")
def test_the_smoke_ticks_through_every_phase_without_waiting_and_touches_no_real_soak(
    prefect_server, capsys, folder, operations_database
):
    call(capsys, soak, do="start")
    line = call(capsys, soak_report, clock="scaled", **SMOKE)
    assert (line["status"], line["canary_passed"], line["clock"], line["chain"]) == ("ok", "true", "scaled", "ok")
    assert (line["ticks"], line["gaps"], line["fails"]) == ("48", "0", "0")
    report = json.loads((folder / "soak_reports" / "smoke.json").read_text())
    assert report["phase_uptime"] == {"shadow": 36.0, "canary": 36.0, "live-econ": 72.0}
    assert (report["soak"], report["clock"], report["every_s"]) == (line["soak"], "scaled", 3.0)
    lines = records(folder / "soak_reports" / "smoke.jsonl")
    assert {record["clock"] for record in lines} == {"scaled"}
    assert not (folder / "SOAK_JOURNAL.jsonl").exists()
    assert call(capsys, soak)["ticks"] == "0"
    with psycopg.connect(operations_database) as connection:
        state = connection.execute("SELECT state FROM soaks WHERE soak = %s", (line["soak"],)).fetchone()
    assert state == ("passed",)


@pytest.mark.row("P004-305")
def test_a_smoke_whose_canary_fails_says_so_and_calls_nobody(capsys, folder, tmp_path):
    (tmp_path / "soak.toml").write_text('[ROLLBACK_STEP]\ndo = "http"\nurl = "http://127.0.0.1:9/"\n')
    put_inputs(folder, int(datetime.now(UTC).timestamp()), edge=SLOW)
    line = call(capsys, soak_report, clock="scaled", canary_hours=0.01, out="smoke.json")
    assert (line["status"], line["canary_passed"], line["rollback_steps"]) == ("ok", "false", "12")
    assert "mttr_s" not in line
    actions = [record for record in records(tmp_path / "smoke.jsonl") if record["status"] == "ACTION"]
    assert {record["reason"] for record in actions} == {"rehearsed"}
    assert call(capsys, soak_replay, journal="smoke.jsonl")["different"] == "0"


def test_a_second_smoke_goes_on_in_the_same_journal_and_reports_itself_alone(capsys, folder):
    first = call(capsys, soak_report, clock="scaled", **SMOKE)
    second = call(capsys, soak_report, clock="scaled", **SMOKE)
    assert first["soak"] != second["soak"]
    assert (second["ticks"], second["chain"]) == ("48", "ok")
    assert len(records(folder / "soak_reports" / "smoke.jsonl")) == 96


@pytest.mark.row("P004-305")
def test_on_the_real_clock_a_smoke_takes_the_time_it_says(capsys, folder):
    began = datetime.now(UTC)
    line = call(capsys, soak_report, shadow_hours=0.001, out="short.json")
    assert (line["status"], line["ticks"]) == ("ok", "4")
    assert (datetime.now(UTC) - began).total_seconds() > 2


@pytest.mark.row("P004-305")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shadow_hours": 6, "canary_hours": 6, "live_hours": 12}, "too_long"),
        ({"shadow_hours": 1, "live_hours": 1}, "canary_required"),
        ({"tz": "Mars/Base"}, "unknown_zone"),
        ({}, "journal_missing"),
    ],
)
def test_what_cannot_be_reported_or_rehearsed_is_refused(capsys, folder, options, reason):
    assert call(capsys, soak_report, **options)["reason"] == reason


def test_a_rehearsal_never_writes_into_the_journal_of_a_real_soak(capsys, folder):
    journal = put(folder / "SOAK_JOURNAL.jsonl", chained([tick()]))
    before = journal.read_bytes()
    line = call(capsys, soak_report, clock="scaled", journal=str(journal), **SMOKE)
    assert line["reason"] == "journal_in_use"
    assert journal.read_bytes() == before


@pytest.mark.row("P004-304", "W004-302")
def test_a_journal_of_the_program_before_is_reported_with_true_hours(capsys, folder):
    """It wrote 24 ticks in one second, called them 24 hours, and an unrecovered failure nothing."""
    bad = {"status": "FAIL", "action": "ROLLBACK_STEP", "reason": "p95_gt_350ms", "reason_code": "P95_SPIKE"}
    contents = [tick() for _ in range(24)] + [tick(ts="2026-11-21T03:00:00Z", **bad)]
    put(folder / "SOAK_JOURNAL.jsonl", chained(contents))
    line = call(capsys, soak_report, out="report.json", tz="Europe/Berlin")
    assert (line["status"], line["ticks"], line["canary_passed"], line["chain"]) == ("ok", "25", "false", "unproven")
    report = json.loads((folder.parent / "report.json").read_text())
    assert report["phase_uptime"] == {"shadow": 0, "canary": 3600.0, "live-econ": 0}
    assert report["mttr_sec"] is None
    assert report["places"][0]["failing_since"] == "2026-11-21T04:00:00+01:00"


@pytest.mark.row("W004-302")
def test_an_empty_a_damaged_and_an_unreadable_journal_are_told(capsys, folder):
    journal = put(folder / "SOAK_JOURNAL.jsonl", [])
    assert call(capsys, soak_report)["reason"] == "no_ticks"
    lines = chained([tick(), tick(phase="shadow"), tick()])
    put(journal, [lines[0], lines[2]])
    line = call(capsys, soak_report)
    assert (line["status"], line["reason"], line["chain"]) == ("fail", "journal_damaged", "deleted")
    put(journal, lines[:2])
    with journal.open("ab") as file:
        file.write(lines[2][:40])
    line = call(capsys, soak_report)
    assert (line["status"], line["ticks"], line["chain"]) == ("ok", "2", "torn")
