"""Runbook 004, Daily routine step 1."""

import json
import os
from datetime import datetime

import pytest

from flows.daily.daily_check import daily_check

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = "2025-04-08T06:00:00Z"
EPOCH = int(datetime.fromisoformat(NOW.replace("Z", "+00:00")).timestamp())
GOOD = {
    "KPI_GATE": {"checks": [], "readiness": 95.0, "timestamp": EPOCH},
    "FULL_STACK_VALIDATION": {"components": ["tests"], "status": "OK", "ts": EPOCH},
    "EDGE_REPORT": {"latency": {"p50": 200.0, "p95": 350.0, "p99": 500.0}, "net_bps": 2.5, "taker_ratio": 0.15},
    "EDGE_SENTINEL": {"advice": "keep", "buckets": [], "ts": EPOCH},
}


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    for name, document in GOOD.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document))
        os.utime(path, (EPOCH, EPOCH))
    return tmp_path


def checked(capsys, folder, **options):
    state = daily_check(artifacts_dir=str(folder), return_state=True, **options)
    return state, [line.partition(" frozen_now=")[0] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.row("P004-200")
def test_files_at_their_limits_are_a_good_day(capsys, artifacts):
    state, lines = checked(capsys, artifacts)
    assert state.is_completed()
    assert len(lines) == 9
    assert lines[-1] == "RESULT=OK checked=8 failed=0"


@pytest.mark.row("P004-200", "W004-201")
def test_every_bad_file_has_its_reason_and_the_day_fails(capsys, artifacts):
    (artifacts / "KPI_GATE.json").write_bytes(b'{"readiness": 95, \xff')
    (artifacts / "FULL_STACK_VALIDATION.json").unlink()
    os.utime(artifacts / "EDGE_REPORT.json", (EPOCH - 86_401, EPOCH - 86_401))
    (artifacts / "EDGE_SENTINEL.json").write_text(json.dumps({"ts": EPOCH + 7200}))
    state, lines = checked(capsys, artifacts)
    assert state.is_failed()
    reasons = [line.partition("reason=")[2].partition(" ")[0] for line in lines[:-1]]
    assert reasons == ["bad_json", "missing", "stale", "from_the_future", "stale", "stale", "stale", "bad_json"]
    assert lines[-1] == "RESULT=FAIL checked=8 failed=8"
    assert [kept.name for kept in (artifacts / "failures").iterdir() if kept.is_dir()] == [
        "2025-04-08_060000-daily-check"
    ]


def test_a_wider_window_takes_older_files(capsys, artifacts):
    os.utime(artifacts / "EDGE_REPORT.json", (EPOCH - 86_401, EPOCH - 86_401))
    _, lines = checked(capsys, artifacts, window_hours=25)
    assert lines[-1] == "RESULT=OK checked=8 failed=0"


def test_a_folder_that_is_not_there_is_no_good_day(capsys, artifacts):
    state, lines = checked(capsys, artifacts / "nowhere")
    assert state.is_failed()
    assert lines[-1] == "RESULT=FAIL checked=8 failed=8"
