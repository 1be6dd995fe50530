"""load-validation: its order, each refusal, and what it leaves (runbook 003, Load/Performance Validation)."""

import base64
import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hdrh.histogram import HdrHistogram
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

from flows.catalogue import read_catalogue
from flows.command_line import build_parser
from flows.services.load_validation import load_validation
from tasks.artifact_reading import read_document
from tasks.load.memory import LoadRun
from tasks.operations import session
from tasks.step import without_server
from tests.services.running import SECRETS, free_port

# Small and quick; the machine of the tests may be busy, so the generator may be late.
LITTLE = {
    "webhook_total": 25,
    "api_total": 40,
    "epic_total": 5,
    "ws_clients": 20,
    "webhook_rate": 200.0,
    "api_rate": 200.0,
    "epic_rate": 100.0,
    "ws_rate": 100.0,
    "ws_hold_s": 0.1,
    "lag_ms_max": 5000.0,
}
PHASES = [
    "webhook",
    "webhook_signed",
    "api_heartbeat",
    "parallel_epic_trigger",
    "websocket_connect",
    "websocket_hold",
]


@pytest.fixture
def target(loaded_service, tmp_path, monkeypatch):
    """The options that lead to the service, and a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    urls = {
        "webhook_base_url": loaded_service.url,
        "api_base_url": loaded_service.url,
        "ws_url": loaded_service.ws_url,
    }
    return {**urls, **LITTLE, "out": str(tmp_path / "e.json")}


def lines_of(capsys, **options):
    """Run it without a server; its lines as dictionaries, the token under `token`."""
    with without_server():
        load_validation.fn(**options)
    return said(capsys)


def said(capsys):
    lines = capsys.readouterr().out.splitlines()
    return [
        {"token": line.split()[0], **dict(word.split("=", 1) for word in line.split()[1:])} for line in lines if line
    ]


@pytest.mark.row("P003-500", "P003-501", "P003-510", "P003-513")
@pytest.mark.usefixtures("prefect_server", "operations_database")
def test_a_good_run_has_a_line_a_phase_evidence_a_page_a_picture_and_is_remembered(capsys, target, tmp_path):
    state = load_validation(return_state=True, **{**target, "api_total": 250})
    *phases, last = said(capsys)
    assert [line["phase"] for line in phases] == PHASES
    assert {line["status"] for line in phases} == {"ok"}
    assert last["status"] == "ok"
    assert (last["requests"], last["failures"], last["accepted"]) == (str(25 + 25 + 250 + 5 + 20 + 20), "0", "true")
    assert sorted(path.name for path in tmp_path.glob("e.*")) == ["e.json", "e.md", "e.png"]
    shown = _shown_by(state)
    assert shown["load-validation"] == 100.0  # the progress, when it was over
    assert "data:image/png;base64," in shown["load-validation-latency"]
    assert base64.b64decode(shown["load-validation-latency"].rpartition(",")[2].rstrip(")")).startswith(b"\x89PNG")
    with session() as active:
        (row,) = active.query(LoadRun).all()
        assert (row.file, sorted(row.percentiles)) == ("e.json", sorted(PHASES))


def _shown_by(state):
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    with get_client(sync_client=True) as client:
        return {artifact.key: artifact.data for artifact in client.read_artifacts(artifact_filter=of_run)}


@pytest.mark.row("P003-501", "W003-510", "P003-506")
def test_the_evidence_has_the_structure_of_before_and_what_makes_it_true(capsys, target, tmp_path):
    lines_of(capsys, **target)
    content = (tmp_path / "e.json").read_bytes()
    assert read_document("2026-11-21_phase5_load.json", content).problems == ()
    document = json.loads(content)
    assert {"timestamp_utc", "config", "results"} < document.keys()
    result = document["results"]["webhook"]
    upstream = {"samples", "failures", "p50_ms", "p95_ms", "p99_ms", "error_rate_percent"}
    assert upstream < result.keys()
    assert (result["samples"], result["failures"], result["p99_ms"]) == (25, 0, None)
    assert result["insufficient_data"] == ["p99"]
    assert document["method"]["percentiles"] == "nearest_rank"
    encoded = HdrHistogram.decode(result["histogram"]["encoded"])
    assert encoded.get_total_count() == 25
    assert encoded.get_max_value() / 1000 == pytest.approx(result["max_ms"], rel=0.01)
    ten = {"webhook_base_url", "api_base_url", "ws_url", "webhook_total", "webhook_concurrency", "api_total"}
    assert ten | {"api_concurrency", "epic_total", "epic_concurrency", "ws_clients"} < document["config"].keys()


@pytest.mark.row("W003-510")
def test_no_secret_is_in_what_a_run_leaves(capfd, target, tmp_path):
    with without_server():
        load_validation.fn(**target)
    printed = capfd.readouterr()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4  # evidence, page, picture beside it and among the artifacts
    for secret in SECRETS.values():
        assert secret not in printed.out + printed.err
        assert not [1 for content in files if secret.encode() in content]


@pytest.mark.row("W003-501", "P003-503")
def test_a_broken_limit_fails_the_run_and_leaves_its_evidence(capsys, target, tmp_path, loaded_service):
    loaded_service.go_wrong(v1__system__heartbeat={"fail_every": 4}, webhook__gitea={"limit": 20})
    lines = {line.get("phase", ""): line for line in lines_of(capsys, **target)}
    assert (lines[""]["status"], lines[""]["reason"]) == ("fail", "rate_limited")
    assert lines[""]["reasons"] == "rate_limited,error_rate_high"
    assert lines["api_heartbeat"]["error_rate_percent"] == "25.00"
    assert lines["webhook_signed"]["answers"] == "ok:20,rate_limited:5"
    assert lines["webhook_signed"]["retry_after_s"] == "60"
    assert json.loads((tmp_path / "e.json").read_bytes())["verdict"]["accepted"] is False


@pytest.mark.row("W003-506", "P003-505", "D003-500")
def test_nobody_there_is_a_state_of_its_own_for_every_phase(capsys, target):
    port = free_port()
    urls = {"webhook_base_url": f"http://127.0.0.1:{port}", "api_base_url": f"http://127.0.0.1:{port}"}
    *phases, last = lines_of(capsys, **{**target, **urls, "ws_url": f"ws://127.0.0.1:{port}/ws"})
    assert (last["status"], last["reason"]) == ("fail", "target_unreachable")
    assert {line["reason"] for line in phases if line["phase"] != "websocket_hold"} == {"target_unreachable"}
    assert {line["answers"] for line in phases[:4]} == {"refused:5"}


@pytest.mark.row("P003-512")
def test_without_the_secret_the_signed_phase_is_named_and_nothing_is_accepted(capsys, target, monkeypatch):
    monkeypatch.delenv("GITEA_WEBHOOK_SECRET")
    last = lines_of(capsys, **target)[-1]
    assert (last["status"], last["reason"], last["left_out"]) == ("partial", "phase_left_out", "webhook_signed")
    assert last["accepted"] == "false"
    (asked,) = lines_of(capsys, **{**target, "out": "other.json", "webhook_route": "both"})
    assert (asked["status"], asked["reason"], asked["env"]) == ("fail", "missing_env", "GITEA_WEBHOOK_SECRET")


@pytest.mark.row("P003-511", "D003-503")
def test_a_run_is_compared_with_the_last_accepted_one_and_never_with_a_liar(capsys, target, tmp_path, loaded_service):
    few = {**target, "webhook_total": 0, "epic_total": 0, "ws_clients": 0, "error_rate_percent_max": 100.0}
    few["out"] = str(tmp_path / f"{datetime.now(UTC):%Y-%m-%d}_a_phase5_load.json")
    lines_of(capsys, **few)
    first = json.loads((tmp_path / few["out"]).read_bytes())
    first["verdict"] |= {"status": "ok", "accepted": True}
    _keep(tmp_path / few["out"], first)
    ahead = datetime.now(UTC) + timedelta(days=2)
    _keep(
        tmp_path / f"{ahead:%Y-%m-%d}_b_phase5_load.json", {**first, "timestamp_utc": f"{ahead:%Y-%m-%dT%H:%M:%SZ}"}
    )
    loaded_service.go_wrong(v1__system__heartbeat={"delay_s": 0.3})
    phase, last = lines_of(capsys, **{**few, "out": str(tmp_path / "second.json")})
    assert (phase["status"], phase["reason"], phase["slower"]) == ("warn", "slower_than_last", "p50,p95")
    assert (last["status"], last["accepted"]) == ("warn", "false")
    assert last["compared"] == Path(few["out"]).name
    assert last["refused"] == f"{ahead:%Y-%m-%d}_b_phase5_load.json:from_the_future"


def _keep(path, document):
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.row("W003-510")
@pytest.mark.parametrize(
    ("there", "out"), [("e.json", "e.json"), ("e.md", "e.json"), ("e.png", "e.json"), ("e.md", "e")]
)
def test_evidence_is_never_written_over(capsys, target, tmp_path, there, out):
    (tmp_path / there).write_text("somebody's proof")
    (line,) = lines_of(capsys, **{**target, "out": str(tmp_path / out)})
    assert (line["status"], line["reason"], line["file"]) == ("fail", "out_exists", out)
    assert (tmp_path / there).read_text() == "somebody's proof"


@pytest.mark.row("P003-514")
def test_more_than_an_hour_is_refused(capsys, target):
    (line,) = lines_of(capsys, **{**target, "api_total": 100_000, "api_rate": 1.0})
    assert (line["status"], line["reason"]) == ("fail", "load_too_long")


def test_nothing_asked_for_proves_nothing(capsys, target):
    none = dict.fromkeys(("webhook_total", "api_total", "epic_total", "ws_clients"), 0)
    (line,) = lines_of(capsys, **{**target, **none})
    assert (line["status"], line["reason"]) == ("insufficient_data", "nothing_asked")


def test_its_name_says_when_and_what_it_is(capsys, target, tmp_path, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T08:30:00Z")
    few = {name: value for name, value in target.items() if name != "out"} | {"api_total": 3}
    lines_of(capsys, **few)
    (file,) = (tmp_path / "benchmarks" / "results").glob("*.json")
    assert file.name == "2026-11-21T083000Z_phase5_load.json"
    assert json.loads(file.read_bytes())["frozen_now"] == "2026-11-21T08:30:00Z"


@pytest.mark.row("W003-510")
@pytest.mark.parametrize(
    "url", ["http://user:pass@127.0.0.1:1", "http://127.0.0.1/?token=x", "ftp://127.0.0.1", "", "http://a b"]
)
def test_a_url_that_could_carry_a_secret_is_no_parameter(target, url):
    from prefect.exceptions import ParameterTypeError

    with pytest.raises(ParameterTypeError):
        load_validation.validate_parameters({**target, "api_base_url": url})


@pytest.mark.row("W003-510")
def test_a_url_that_is_refused_by_hand_is_not_shown(capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser(read_catalogue()).parse_args(["load-validation", "--api-base-url", "http://user:pass@host"])
    assert ended.value.code == 64
    assert "user:pass" not in capsys.readouterr().err


@pytest.mark.row("P003-515")
def test_killed_in_the_middle_it_leaves_no_evidence_and_no_generator(target, tmp_path):
    pid = os.fork()
    if not pid:
        with without_server():
            load_validation.fn(**{**target, "webhook_total": 500})
        os._exit(0)
    harness = _harness_of(pid)
    time.sleep(0.5)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    harness.wait(5)  # nobody is left to measure for
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def _harness_of(pid):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if children := psutil.Process(pid).children():
            return children[0]
        time.sleep(0.02)
    raise AssertionError("no load was made")
