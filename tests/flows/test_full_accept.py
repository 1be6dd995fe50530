"""Runbook 004, Full-Accept."""

import json
import os

import pytest

from flows.release.full_accept import full_accept
from tests.tasks.test_artifact_schemas import SMALLEST

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def artifacts(tmp_path):
    for name, document in SMALLEST.items():
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


def run(capsys, folder, **options):
    state = full_accept(artifacts_dir=str(folder), return_state=True, **options)
    lines = capsys.readouterr().out.splitlines()
    assert state.message == lines[-1]
    return state, lines


@pytest.mark.row("P004-100")
def test_four_good_files_are_accepted_in_one_line(capsys, artifacts):
    state, lines = run(capsys, artifacts)
    assert state.is_completed()
    assert lines == ["event=full_accept status=OK files_checked=4 errors=0"]


@pytest.mark.row("P004-101", "W004-100", "W004-502")
def test_an_empty_folder_and_no_folder_fail_with_every_file(capsys, tmp_path):
    expected = [
        "event=accept_error file=KPI_GATE.json reason=missing",
        "event=accept_error file=FULL_STACK_VALIDATION.json reason=missing",
        "event=accept_error file=EDGE_REPORT.json reason=missing",
        "event=accept_error file=EDGE_SENTINEL.json reason=missing",
        "event=full_accept status=FAIL files_checked=4 errors=4",
    ]
    for folder in (tmp_path, tmp_path / "nowhere"):
        state, lines = run(capsys, folder)
        assert state.is_failed()
        assert lines == expected


@pytest.mark.row("P004-101", "W004-103")
def test_each_problem_is_named_with_its_file(capsys, artifacts):
    (artifacts / "KPI_GATE.json").write_text('{"timestamp":true,"readiness":"95"}')
    (artifacts / "FULL_STACK_VALIDATION.json").write_text('{"components":["a"],"status":"FAIL","ts":1}')
    (artifacts / "EDGE_REPORT.json").write_bytes(b"\xff")
    (artifacts / "EDGE_SENTINEL.json").unlink()
    (artifacts / "EDGE_SENTINEL.json").symlink_to(artifacts / "KPI_GATE.json")
    state, lines = run(capsys, artifacts)
    assert state.is_failed()
    assert [line.partition("file=")[2] for line in lines[:-1]] == [
        "KPI_GATE.json reason=timestamp_type",
        "KPI_GATE.json reason=readiness_type",
        "KPI_GATE.json reason=missing_keys",
        "FULL_STACK_VALIDATION.json reason=validation_failed",
        "EDGE_REPORT.json reason=bad_json",
        "EDGE_SENTINEL.json reason=unreadable",
    ]
    assert lines[-1] == "event=full_accept status=FAIL files_checked=4 errors=6"


def test_with_a_limit_old_files_are_refused(capsys, artifacts):
    _, lines = run(capsys, artifacts, max_age_hours=24)
    assert [line.rpartition("=")[2] for line in lines[:-1]] == ["stale", "stale", "time_missing", "stale"]


@pytest.mark.row("D004-503")
def test_a_file_of_gigabytes_is_unreadable_and_is_not_read(capsys, artifacts):
    os.truncate(artifacts / "EDGE_REPORT.json", 3 << 30)  # sparse: it takes no room
    assert run(capsys, artifacts)[1] == [
        "event=accept_error file=EDGE_REPORT.json reason=unreadable",
        "event=full_accept status=FAIL files_checked=4 errors=1",
    ]
