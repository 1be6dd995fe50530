"""Runbook 004, Daily routine step 2."""

import json
import os
from datetime import datetime

import pytest

from flows.daily.cron_sentinel import cron_sentinel

pytestmark = pytest.mark.usefixtures("prefect_server")

TUESDAY, MONDAY = "2025-04-08T06:00:00Z", "2025-04-07T06:00:00Z"
NAMES = ("KPI_GATE", "FULL_STACK_VALIDATION", "EDGE_REPORT", "EDGE_SENTINEL", "WEEKLY_ROLLUP")


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """All five artifacts, made at the frozen moment."""
    monkeypatch.chdir(tmp_path)  # a failed check keeps a snapshot below the working folder

    def made(now):
        monkeypatch.setenv("WATCHKEEPER_NOW", now)
        epoch = int(datetime.fromisoformat(now.replace("Z", "+00:00")).timestamp())
        for name in NAMES:
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps({"ts": epoch}))
            os.utime(path, (epoch, epoch))
        return tmp_path, epoch

    return made


def lines_of(capsys, folder, **options):
    state = cron_sentinel(artifacts_dir=str(folder), return_state=True, **options)
    return state, [line.partition(" frozen_now=")[0] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.row("P004-507")
def test_fresh_artifacts_are_ok_each_with_its_line(capsys, artifacts):
    folder, now = artifacts(TUESDAY)
    state, lines = lines_of(capsys, folder)
    assert state.is_completed()
    assert lines == [
        *(f"event=sentinel_check target={name} status=OK age_sec=0 now={now}" for name in NAMES[:4]),
        "RESULT=OK missing=0 stale=0 checked=4 window_hours=24",
    ]
    assert not (folder / "CRON_SENTINEL.json").exists()


@pytest.mark.row("P004-508", "W004-512")
def test_on_monday_the_rollup_is_checked_with_its_own_limit(capsys, artifacts):
    folder, now = artifacts(MONDAY)
    os.utime(folder / "WEEKLY_ROLLUP.json", (now - 3 * 86_400, now - 3 * 86_400))
    _, lines = lines_of(capsys, folder)
    assert lines[-2:] == [
        f"event=sentinel_check target=WEEKLY_ROLLUP status=OK age_sec=259200 now={now} max_age_sec=691200",
        "RESULT=OK missing=0 stale=0 checked=5 window_hours=24",
    ]


@pytest.mark.row("P004-507", "D004-501")
def test_garbage_is_stale_and_what_is_not_there_is_missing(capsys, artifacts):
    folder, _ = artifacts(TUESDAY)
    (folder / "KPI_GATE.json").write_bytes(b"\xff\xfe{")
    (folder / "FULL_STACK_VALIDATION.json").write_text("[" * 100_000)
    (folder / "EDGE_REPORT.json").write_text('{"ts": NaN}')
    (folder / "EDGE_SENTINEL.json").unlink()
    (folder / "EDGE_SENTINEL.json").symlink_to(folder / "nowhere")
    state, lines = lines_of(capsys, folder)
    assert state.is_failed()
    assert [line.rpartition("reason=")[2] for line in lines[:3]] == ["bad_json", "bad_json", "time_invalid"]
    assert lines[-1] == "RESULT=FAIL missing=1 stale=3 checked=4 window_hours=24"


@pytest.mark.row("W004-514")
def test_a_file_touched_today_with_a_time_of_last_week_is_stale(capsys, artifacts):
    folder, now = artifacts(TUESDAY)
    (folder / "KPI_GATE.json").write_text(json.dumps({"timestamp": now - 7 * 86_400}))
    os.utime(folder / "KPI_GATE.json", (now, now))
    _, lines = lines_of(capsys, folder, window_hours=24)
    assert lines[0].endswith("status=STALE age_sec=604800 now=" + str(now) + " reason=too_old")


@pytest.mark.row("W004-513", "D004-508")
@pytest.mark.parametrize("zone", ["Europe/Berln", "Europe", "../../etc/passwd", "Europe/Berlin\n"])
def test_an_unknown_zone_is_an_error_and_never_taken_for_another(capsys, artifacts, zone):
    folder, _ = artifacts(MONDAY)
    state, lines = lines_of(capsys, folder, tz=zone)
    assert state.is_failed()
    assert lines == ["RESULT=FAIL reason=unknown_zone"]


def test_a_folder_that_is_not_there_has_all_missing(capsys, artifacts, tmp_path):
    artifacts(TUESDAY)
    _, lines = lines_of(capsys, tmp_path / "nowhere")
    assert lines[-1] == "RESULT=FAIL missing=4 stale=0 checked=4 window_hours=24"


def test_a_real_run_leaves_its_checks_beside_the_artifacts(capsys, artifacts):
    folder, now = artifacts(TUESDAY)
    lines_of(capsys, folder, dry=False)
    kept = json.loads((folder / "CRON_SENTINEL.json").read_bytes())
    assert kept["ts"] == now
    assert [check["target"] for check in kept["checks"]] == list(NAMES[:4])
