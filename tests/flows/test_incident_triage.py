"""The triage of incidents against real files, databases and a real server (runbook 003, Incident Playbook)."""

import json
import os
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prefect.client.orchestration import get_client

from flows.guard.incident_note import incident_note
from flows.services.incident_triage import incident_triage
from flows.services.service_restart import service_restart
from tasks.records.notes import list_notes
from tests.by_hand import lines_of
from tests.operations_tables import empty, shared_operations


@pytest.fixture(scope="module")
def records_database(postgres):
    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture(autouse=True)
def place(records_database, monkeypatch, tmp_path):
    empty(records_database, "records", "record_documents", "outcomes", "incidents")
    monkeypatch.setenv("WATCHKEEPER_DSN", records_database)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    for name in ("ORKET_API_URL", "ORKET_RUNTIME_DB", "ORKET_WEBHOOK_URL", "ORKET_RATE_LIMIT", "RUNTIME_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(**parameters):
    return lines_of(incident_triage, **parameters)[-1]


def records(message: str, count: int, ago: timedelta = timedelta(minutes=1)) -> str:
    at = (datetime.now(UTC) - ago).isoformat()
    record = {"timestamp": at, "role": "w", "event": "webhook", "data": {"message": message, "level": "error"}}
    return (json.dumps(record) + "\n") * count


@pytest.fixture
def limited_server(monkeypatch):
    """A webhook server that takes three requests and then none; it keeps the signatures it was shown."""
    seen: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.headers["X-Gitea-Signature"])
            self.send_response(200 if len(seen) <= 3 else 429)
            self.end_headers()

        def log_message(self, *_args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ORKET_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GITEA_WEBHOOK_SECRET", "fake-secret-of-the-tests")
    yield seen
    server.shutdown()
    server.server_close()


@pytest.mark.row("P003-600", "P003-601", "P003-607", "W003-600")
def test_an_api_that_is_down_gets_a_cause_a_next_step_and_a_note(place, monkeypatch):
    with sqlite3.connect(place / "orket.db") as conn:
        conn.execute("CREATE TABLE t (x)")
    monkeypatch.setenv("ORKET_RUNTIME_DB", str(place / "orket.db"))
    monkeypatch.setenv("ORKET_API_URL", "http://127.0.0.1:9")
    (place / "orket.log").write_text(records("Webhook handler error: x", 2) + '{"torn')
    line = ask(playbook="api_5xx")
    day = f"{datetime.now(UTC):%Y%m%d}"
    assert line == (
        "incident_triage status=ok playbook=api_5xx cause=api_down causes=api_down,handler_errors"
        f" against=service_unreachable counts=handler_error:2 logs=1 missing=1 torn=1 incident=INC-{day}-01"
        " next=watchkeeper service-restart --service api"
    )
    note = list_notes.fn()[0]
    assert (note.facts["profile"], note.facts["why"]) == ("services", "api_down")
    assert ask(playbook="api_5xx") == line
    lines_of(incident_note, do="export", incident=note.incident)
    page = (place / "artifacts" / "incidents" / f"{note.incident}.md").read_text()
    assert "workspace/default/orket.log" in page
    assert "Webhook handler error" in page


@pytest.mark.row("P003-601", "D003-602")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "database_is_folder"),
        (lambda path: path.unlink(missing_ok=True), "database_missing"),
        (lambda path: path.write_bytes(b"no database at all" * 100), "not_a_database"),
    ],
)
def test_what_is_wrong_with_the_database_is_named(place, monkeypatch, make, reason):
    make(place / "orket.db")
    monkeypatch.setenv("ORKET_RUNTIME_DB", str(place / "orket.db"))
    line = ask(playbook="api_5xx")
    assert " cause=database " in line
    assert reason in line


@pytest.mark.row("P003-603")
def test_signature_anomalies_lead_to_the_rotation(place):
    (place / "orket.log").write_text(
        records("Invalid webhook signature", 7) + records("Missing webhook signature", 2, timedelta(days=2))
    )
    line = ask(playbook="webhook_storm")
    assert " cause=signature_anomalies counts=invalid_signature:7 " in line
    assert " limit=60 " in line
    assert line.endswith(" next=watchkeeper webhook-secret-rotate --execute")


@pytest.mark.row("P003-602")
def test_probes_are_signed_bounded_and_end_at_the_first_refusal(limited_server, monkeypatch):
    monkeypatch.setenv("ORKET_RATE_LIMIT", "3")
    line = ask(playbook="webhook_storm", probes=20)
    assert " limit=3 limited_at=4 " in line
    assert len(limited_server) == 4
    assert len(limited_server[0]) == 64
    limited_server.clear()
    assert (
        " cause=limit_not_effective "
        in (monkeypatch.setenv("ORKET_RATE_LIMIT", "1"), ask(playbook="webhook_storm", probes=2))[1]
    )


def test_probes_without_a_secret_are_refused(monkeypatch):
    monkeypatch.delenv("GITEA_WEBHOOK_SECRET", raising=False)
    assert ask(playbook="webhook_storm", probes=2) == "incident_triage status=fail reason=probe_not_possible"


@pytest.mark.row("P003-604", "P003-605", "D003-603")
def test_a_stall_is_told_by_time_limit_fixture_and_the_end_of_its_loading(place, monkeypatch):
    assert " cause=fixture_missing " in ask(playbook="verification_stall")
    folder = place / "workspace" / "verification"
    folder.mkdir(parents=True)
    (folder / "fixture.py").touch()
    (place / "outside.py").touch()
    (folder / "link.py").symlink_to(place / "outside.py")
    assert " against=fixture_outside " in ask(playbook="verification_stall", fixture="link.py")
    assert " against=fixture_outside " in ask(playbook="verification_stall", fixture="../../outside.py")
    (place / "orket.log").write_text(records("FATAL ERROR loading fixture: subprocess timeout after 5s", 3))
    line = ask(playbook="verification_stall", fixture="fixture.py")
    assert " cause=fixture_timeout counts=fixture_timeout:3 " in line
    assert " timeout_s=5.00 " in line
    monkeypatch.setenv("ORKET_VERIFY_TIMEOUT_SEC", "soon")
    assert " cause=timeout_invalid causes=timeout_invalid,fixture_timeout " in ask(playbook="verification_stall")


@pytest.mark.row("D003-600", "D003-601")
def test_a_log_of_two_gigabytes_with_torn_lines_is_read_from_its_end(place):
    path = place / "orket.log"
    with path.open("wb") as file:
        file.truncate(2 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\x00torn \xff\n" + records("Invalid webhook signature", 6).encode() + b'{"timestamp": "2026')
    began = time.monotonic()
    line = ask(playbook="webhook_storm", logs=("orket.log", "gone.log", "."))
    assert time.monotonic() - began < 20
    assert "counts=invalid_signature:6 logs=1 missing=2 torn=" in line


@pytest.mark.row("P003-600")
def test_without_any_evidence_nothing_is_claimed():
    assert ask(playbook="api_5xx") == (
        "incident_triage status=insufficient_data reason=no_evidence playbook=api_5xx missing=2"
    )


def test_a_cause_that_is_not_found_where_no_log_could_be_read_is_not_called_good(place):
    (place / "workspace" / "verification").mkdir(parents=True)
    line = ask(playbook="verification_stall")
    assert line.startswith("incident_triage status=insufficient_data reason=no_evidence playbook=verification_stall")
    assert " incident=INC-" in line


def test_a_note_that_cannot_be_written_is_said(place, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_DSN")
    (place / "orket.log").write_text(records("Invalid webhook signature", 6))
    assert ask(playbook="webhook_storm").startswith(
        "incident_triage status=partial reason=note_not_written playbook=webhook_storm cause=signature_anomalies"
    )


@pytest.mark.row("P003-606")
def test_the_next_step_waits_as_a_run_that_one_click_starts(prefect_server, place, monkeypatch):
    with get_client(sync_client=True) as client:
        client.create_deployment(client.create_flow(service_restart), name="service-restart")
    monkeypatch.setenv("ORKET_API_URL", "http://127.0.0.1:9")
    for _ in range(2):
        state = incident_triage(playbook="api_5xx", return_state=True)
        assert " offered=service-restart next=" in str(state.message)
    incident = str(state.message).split("incident=")[1].split()[0]
    with get_client(sync_client=True) as client:
        waiting = [run for run in client.read_flow_runs() if incident in run.tags]
        assert [(run.state_name, run.parameters) for run in waiting] == [("Suspended", {"service": "api"})]
        assert client.resume_flow_run(waiting[0].id).status == "ACCEPT"
        assert client.read_flow_run(waiting[0].id).state_type == "SCHEDULED"
