"""Runbook 003, Release Checklist: from files on the disk to the last line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.services.release_checklist import release_checklist
from tasks.procedure import part
from tasks.rules.outcome import Status
from tasks.step import without_server

RESULT = {"samples": 500, "failures": 0, "p50_ms": 5.0, "p95_ms": 9.0, "p99_ms": 9.5, "error_rate_percent": 0.0}
PHASES = ("webhook", "api_heartbeat", "parallel_epic_trigger", "websocket_connect")


@pytest.fixture
def ready(tmp_path, monkeypatch):
    """A folder in which everything is ready; returns the name of the load evidence."""
    monkeypatch.chdir(tmp_path)
    now = datetime.now(UTC).replace(microsecond=0)
    put("artifacts/FULL_STACK_VALIDATION.json", components=["a"], status="OK", mode="FULL", ts=now.timestamp())
    steps = [
        {"name": name, "status": "pass", "started": f"{now:%Y-%m-%dT%H:%M:%SZ}", "seconds": 1.0, "detail": "ok"}
        for name in ("docker", "migrations")
    ]
    put("artifacts/RELEASE_SMOKE.json", status="pass", ts=now.timestamp(), steps=steps)
    at = now - timedelta(minutes=1)
    file = f"{at:%Y-%m-%dT%H%M%SZ}_phase5_load.json"
    put(
        f"benchmarks/results/{file}",
        timestamp_utc=at.isoformat(),
        config={},
        results=dict.fromkeys(PHASES, RESULT),
        verdict={"status": "ok", "reasons": [], "accepted": True, "left_out": []},
    )
    Path("RELEASE_NOTES.md").write_text(f"Load: benchmarks/results/{file}\n")
    return file


def put(name, **document):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def check(capsys, **options):
    with without_server():
        done = part(release_checklist, **options)
    return done, capsys.readouterr().out.splitlines()


@pytest.mark.row("P003-640", "P003-645")
def test_a_release_that_is_ready_says_so_with_its_evidence(ready, capsys):
    done, lines = check(capsys)
    assert (done.status, done.exit_code) == (Status.OK, 0)
    assert lines[0].startswith(
        "release_checklist_item status=ok item=quality evidence=FULL_STACK_VALIDATION.json age"
    )
    assert lines[3].startswith(f"release_checklist_item status=ok item=load evidence={ready} age_hours=0.0")
    assert lines[4] == "release_checklist status=ok passed=4"


@pytest.mark.row("P003-645")
def test_an_empty_folder_is_ready_in_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    done, lines = check(capsys)
    assert done.exit_code == 1
    assert lines == [
        "release_checklist_item status=fail reason=evidence_missing item=quality",
        "release_checklist_item status=fail reason=evidence_missing item=docker_smoke",
        "release_checklist_item status=fail reason=evidence_missing item=migration_smoke",
        "release_checklist_item status=fail reason=evidence_missing item=load",
        "release_checklist status=fail reason=items_failed passed=0 failed=quality,docker_smoke,migration_smoke,load",
    ]


@pytest.mark.row("P003-644", "D003-640")
def test_notes_that_are_a_folder_and_evidence_that_is_garbage_are_no_evidence(ready, capsys):
    Path("RELEASE_NOTES.md").unlink()
    Path("RELEASE_NOTES.md").mkdir()
    Path("artifacts/RELEASE_SMOKE.json").write_bytes(b"\xff\x00 garbage")
    done, lines = check(capsys)
    assert done.fields["failed"] == ("docker_smoke", "migration_smoke", "load")
    assert "reason=evidence_invalid item=docker_smoke" in lines[1]
    assert "reason=notes_missing item=load" in lines[3]


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_runs_through_a_server_too(ready):
    assert release_checklist(return_state=True).is_completed()
