"""Runbook 004, Artifacts: archive a folder and check it later."""

from pathlib import Path

import pytest

from flows.daily.archive_verify import archive_verify
from flows.daily.artifacts_archive import artifacts_archive

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    folder = tmp_path / "artifacts"
    folder.mkdir()
    for name in ("KPI_GATE.json", "a.md", "b.png"):
        (folder / name).write_text(name)
    return folder


def said(capsys, state):
    line = capsys.readouterr().out.splitlines()[-1]
    assert state.message == line
    return line.removesuffix(" frozen_now=2026-11-21T03:00:00Z")


@pytest.mark.row("P004-501", "P004-503")
def test_the_command_of_the_runbook_archives_what_people_read(capsys, artifacts):
    state = artifacts_archive(return_state=True)
    line = said(capsys, state)
    assert state.is_completed()
    assert line.startswith("event=archive status=OK files=2 skipped=1 dst=artifacts/archive/2026-11-21_030000-")
    folder = line.split("dst=")[1].split()[0]
    assert said(capsys, archive_verify(folder=folder, return_state=True)) == (
        "event=archive_verify status=OK files=2 wrong=0"
    )


@pytest.mark.row("P004-502", "W004-506")
def test_a_cap_that_cut_something_is_partial_and_names_the_reason(capsys, artifacts):
    line = said(capsys, artifacts_archive(max_files=1, exclude=("b.png",), return_state=True))
    assert "status=PARTIAL files=1 skipped=2 " in line
    assert "cut=excluded:1,over_max_files:1 " in line


def test_full_mode_takes_every_format(capsys, artifacts):
    assert "status=OK files=3 skipped=0 " in said(capsys, artifacts_archive(fast=False, return_state=True))


@pytest.mark.row("W004-502")
def test_a_source_that_is_not_there_and_an_empty_one_fail(capsys, artifacts, tmp_path):
    (tmp_path / "empty").mkdir()
    state = artifacts_archive(src="nowhere", return_state=True)
    assert said(capsys, state) == "event=archive status=FAIL reason=source_missing"
    assert state.is_failed()
    state = artifacts_archive(src="empty", return_state=True)
    assert said(capsys, state) == "event=archive status=FAIL reason=nothing_to_archive"


def test_a_destination_elsewhere_is_shown_by_its_last_part_only(capsys, artifacts, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("kept")
    line = said(capsys, artifacts_archive(dst=str(elsewhere), return_state=True))
    assert f"dst={next(elsewhere.iterdir()).name} " in line
    assert str(elsewhere) not in line


@pytest.mark.row("P004-503")
def test_a_damaged_archive_is_named(capsys, artifacts):
    folder = Path(said(capsys, artifacts_archive(return_state=True)).split("dst=")[1].split()[0])
    (folder / "artifacts.tar.zst").write_bytes(b"")
    line = said(capsys, archive_verify(folder=str(folder), return_state=True))
    assert line.startswith(
        "event=archive_verify status=FAIL reason=archive_damaged files=2 wrong=4 first=bytes:artifacts.tar.zst"
    )
    assert said(capsys, archive_verify(folder="nowhere", return_state=True)) == (
        "event=archive_verify status=FAIL reason=archive_missing"
    )
