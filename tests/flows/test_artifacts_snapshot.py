"""Runbook 004, Artifacts: a failure is kept once, never inside itself, and never hides what went wrong first."""

import json
import os

import pytest

from flows.daily.artifacts_snapshot import artifacts_snapshot
from flows.daily.cron_sentinel import cron_sentinel
from tasks.archive_check import check_archive
from tests.tasks.test_archives import members_of

pytestmark = pytest.mark.usefixtures("prefect_server")
NAME = "2025-04-06_230000-canary-eu-west-1"


def tick(status="FAIL", ts="2025-04-06T23:00:00Z"):
    return json.dumps({"ts": ts, "phase": "canary", "region": "eu-west-1", "status": status}) + "\n"


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / "KPI_GATE.json").write_text("{}")
    (folder / "SOAK_JOURNAL.jsonl").write_text(tick("CONTINUE") + tick())
    return folder


def line_of(capsys, **options):
    state = artifacts_snapshot(return_state=True, **options)
    line = capsys.readouterr().out.splitlines()[-1]
    assert state.message == line
    return state, line


@pytest.mark.row("P004-504")
def test_a_failed_tick_is_kept_whole_and_the_run_is_good(capsys, artifacts):
    state, line = line_of(capsys)
    assert state.is_completed()
    assert line == (
        f"event=snapshot_on_fail status=FAIL snap_dir=artifacts/failures/{NAME} files=1 skipped=1 cut=excluded:1"
    )
    snapshot = artifacts / "failures" / NAME
    assert sorted(members_of(snapshot)) == ["KPI_GATE.json"]
    assert (snapshot / "JOURNAL_TAIL.jsonl").read_text() == tick("CONTINUE") + tick()
    assert check_archive(snapshot).problems == ()
    (snapshot / "JOURNAL_TAIL.jsonl").write_text("rewritten")
    assert check_archive(snapshot).problems == ("bytes:JOURNAL_TAIL.jsonl",)


@pytest.mark.row("W004-508")
def test_asked_again_it_is_already_there(capsys, artifacts):
    line_of(capsys)
    state, line = line_of(capsys)
    assert state.is_completed()
    assert line == "event=snapshot_on_fail status=SKIP reason=already_taken"


@pytest.mark.row("W004-508")
def test_snapshots_never_hold_snapshots_however_many_there_are(capsys, artifacts):
    sizes = []
    for hour in range(4):
        (artifacts / "SOAK_JOURNAL.jsonl").write_text(tick(ts=f"2025-04-06T0{hour}:00:00Z"))
        line = line_of(capsys)[1]
        assert " files=1 " in line
        sizes.append(len(list((artifacts / "failures").rglob("*.zst"))))
    assert sizes == [1, 2, 3, 4]


@pytest.mark.row("P004-504")
def test_a_good_tick_keeps_nothing(capsys, artifacts):
    (artifacts / "SOAK_JOURNAL.jsonl").write_text(tick() + tick("WARN"))
    assert line_of(capsys)[1] == "event=snapshot_on_fail status=SKIP reason=last_tick_good"
    assert not (artifacts / "failures").exists()


@pytest.mark.row("W004-509")
def test_a_torn_journal_is_kept_with_the_torn_line(capsys, artifacts):
    (artifacts / "SOAK_JOURNAL.jsonl").write_text(tick("CONTINUE") + '{"ts":"20')
    line = line_of(capsys)[1]
    assert "status=FAIL" in line
    assert "reason=journal_torn" in line
    (snapshot,) = (artifacts / "failures").iterdir()
    assert (snapshot / "JOURNAL_TAIL.jsonl").read_text().endswith('{"ts":"20')


@pytest.mark.row("W004-510", "D004-504")
def test_of_a_huge_journal_only_the_tail_is_read_and_kept(capsys, artifacts):
    with (artifacts / "SOAK_JOURNAL.jsonl").open("wb") as file:
        file.truncate(2 << 30)  # sparse: two gigabytes that take no room
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + tick().encode())
    assert "status=FAIL" in line_of(capsys)[1]
    assert (artifacts / "failures" / NAME / "JOURNAL_TAIL.jsonl").stat().st_size < 300_000


@pytest.mark.row("W004-502")
def test_a_journal_that_is_not_there_is_an_error(capsys, artifacts):
    state, line = line_of(capsys, journal="nowhere.jsonl")
    assert state.is_failed()
    assert line == "event=snapshot_on_fail status=ERROR reason=journal_missing"


@pytest.mark.row("P004-505")
def test_the_snapshot_of_a_failed_procedure_is_kept_beside_its_own_line(capsys, artifacts, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    state = cron_sentinel(return_state=True)
    assert str(state.message).startswith("RESULT=FAIL missing=3 stale=1")
    assert [path.name for path in (artifacts / "failures").iterdir()] == ["2026-11-21_030000-cron-sentinel"]


@pytest.mark.row("P004-505")
def test_a_snapshot_that_fails_hides_nothing(capsys, artifacts, monkeypatch):
    (artifacts / "failures").write_text("in the way")
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    assert str(cron_sentinel(return_state=True).message).startswith("RESULT=FAIL missing=3 stale=1")
    monkeypatch.setenv("WATCHKEEPER_NOW", "yesterday")
    assert cron_sentinel(return_state=True).message == "RESULT=FAIL reason=invalid_setting env=WATCHKEEPER_NOW"
