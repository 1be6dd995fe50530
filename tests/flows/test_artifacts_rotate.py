"""Runbook 004, Notes: old artifacts are archived, then deleted."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.daily.archive_verify import archive_verify
from flows.daily.artifacts_rotate import artifacts_rotate
from tasks.rotation import apply_rotation, read_rotation
from tasks.rules.rotation import Limits

pytestmark = pytest.mark.usefixtures("prefect_server")
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """Two files of a month ago, one of them alone in its folder, an old key file, and one of today."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    folder = tmp_path / "artifacts"
    for name, days in {"old.md": 30, "ci/old.log": 30, "KPI_GATE.json": 30, "new.md": 0}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (NOW.timestamp() - days * 86_400,) * 2)
    return folder


def line_of(capsys, **options):
    state = artifacts_rotate(return_state=True, **options)
    return state, capsys.readouterr().out.splitlines()[-1].partition(" frozen_now=")[0]


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if "archive" not in p.parts)


@pytest.mark.row("P004-506")
def test_a_dry_run_says_what_would_go_and_touches_nothing(capsys, artifacts):
    before = names(artifacts)
    assert line_of(capsys)[1] == (
        "event=rotate_artifacts status=OK mode=DRYRUN checked=4 too_old=2 too_much=0 deleted=0 freed_bytes=16"
    )
    assert names(artifacts) == before


@pytest.mark.row("P004-506")
def test_what_goes_is_in_a_verified_archive_first(capsys, artifacts):
    state, line = line_of(capsys, execute=True)
    assert state.is_completed()
    assert "status=OK mode=REAL checked=4 too_old=2 too_much=0 deleted=2 changed=0 freed_bytes=16 dst=" in line
    assert names(artifacts) == ["KPI_GATE.json", "new.md"]
    folder = line.split("dst=")[1]
    assert folder.startswith("artifacts/archive/rotated-2026-11-21_030000-")
    archive_verify(folder=folder, return_state=True)
    assert "status=OK files=2 wrong=0" in capsys.readouterr().out


def test_a_second_rotation_finds_nothing(capsys, artifacts):
    line_of(capsys, execute=True)
    assert line_of(capsys, execute=True)[1] == (
        "event=rotate_artifacts status=OK mode=REAL checked=2 too_old=0 too_much=0 deleted=0 changed=0 freed_bytes=0"
    )


def test_a_file_that_changed_after_the_plan_stays(artifacts):
    plan = read_rotation.fn(artifacts, artifacts / "archive", Limits(keep_days=14), at=NOW)
    (artifacts / "old.md").write_text("new thoughts")
    (artifacts / "ci" / "old.log").unlink()
    done = apply_rotation.fn(artifacts, artifacts / "archive", plan, at=NOW)
    assert (done.deleted, done.changed) == (0, 2)
    assert (artifacts / "old.md").read_text() == "new thoughts"


def test_without_a_limit_and_when_nothing_would_be_left_it_refuses(capsys, artifacts):
    state, line = line_of(capsys, keep_days=None, max_gb=None, execute=True)
    assert state.is_failed()
    assert line == "event=rotate_artifacts status=FAIL reason=no_limit"
    (artifacts / "KPI_GATE.json").unlink()
    (artifacts / "new.md").unlink()
    state, line = line_of(capsys, execute=True)
    assert line == "event=rotate_artifacts status=FAIL reason=everything_would_go checked=2"
    assert names(artifacts) == ["ci", "ci/old.log", "old.md"]


def test_a_folder_that_is_not_there_fails(capsys, artifacts):
    assert line_of(capsys, src="nowhere")[1] == "event=rotate_artifacts status=FAIL reason=source_missing"


@pytest.mark.row("D004-505")
def test_nothing_is_deleted_when_the_archive_cannot_be_written(capsys, artifacts, tmp_path):
    before = names(artifacts)
    (tmp_path / "file").write_text("")
    _, line = line_of(capsys, execute=True, archive_dir=str(Path("file") / "inside"))
    assert line == "event=rotate_artifacts status=FAIL reason=archive_not_written"
    assert names(artifacts) == before
