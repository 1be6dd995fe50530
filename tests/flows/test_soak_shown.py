"""Runbook 004, Soak orchestration: what the UI shows of a soak."""

import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

from flows.soak.soak import soak
from flows.soak.soak_tick import soak_tick
from tests.soaks import plain, put_inputs, said

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    (tmp_path / "artifacts").mkdir()
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.chdir(tmp_path)
    put_inputs(tmp_path / "artifacts", int(time.time()))
    return tmp_path / "artifacts"


def shown_by(state):
    """What the run has left in the UI, by key."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        return {artifact.key: artifact.data for artifact in client.read_artifacts(artifact_filter=of_run)}


@pytest.mark.row("P004-407")
def test_each_tick_leaves_the_page_and_the_picture_of_its_soak(capsys, artifacts):
    soak(do="start", return_state=True)
    name = said(plain(capsys.readouterr().out)[-1])["soak"]
    shown = shown_by(soak_tick(return_state=True))
    head = said(plain(capsys.readouterr().out)[-1])
    page = shown["soak-eu-west-1"]
    assert f"## Soak {name}" in page
    assert "| phase | shadow, 1 of 120 hours |" in page
    assert "| ladder | on the ground |" in page
    assert "| left | 335 hours |" in page
    assert f"| journal | line {head['seq']}, " in page
    assert f"\n\n![Soak {name}: shadow](data:image/png;base64," in page
    assert (artifacts / "soak" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_status_shows_a_rehearsal_under_a_key_of_its_own_and_its_ticks_do_not(capsys, artifacts):
    soak(do="start", clock="scaled", at="2026-11-21T00:00:00Z", return_state=True)
    ticked = shown_by(soak_tick(at="2026-11-21T00:00:00Z", return_state=True))
    assert not [key for key in ticked if key.startswith("soak-rehearsal")]
    shown = shown_by(soak(clock="scaled", return_state=True))
    assert "soak-rehearsal-eu-west-1" in shown


def test_a_picture_that_cannot_be_kept_hides_nothing_of_the_line(capsys, artifacts):
    (artifacts / "soak").write_text("a file where the folder should be")
    soak(do="start", return_state=True)
    assert soak_tick(return_state=True).is_completed()
    assert said(plain(capsys.readouterr().out)[-1])["status"] == "CONTINUE"
