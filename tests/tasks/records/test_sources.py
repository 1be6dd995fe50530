"""The snapshot of an incident note, taken of a runtime that answers, lies or is silent (runbook 002)."""

import inspect
import json

import pytest

from flows.guard.incident_note import incident_note
from tasks.records.drafting import Words, draft_note
from tasks.records.notes import texts_of
from tasks.records.sources import LARGEST_ANSWER, take_snapshot, unavailable
from tasks.step import without_server
from tests.runtime.world import API_TOKEN


@pytest.fixture(autouse=True)
def by_hand(records):
    with without_server():
        yield


@pytest.fixture
def of_runtime(runtime, monkeypatch):
    """The simulator, named in the environment after `records` has taken the name out."""
    monkeypatch.setenv("RUNTIME_URL", runtime.url)
    return runtime


def snapshot(*logs: str):
    text = take_snapshot(logs, 30)
    return json.loads(text), unavailable(text)


@pytest.mark.row("P002-410", "W002-407")
def test_a_draft_reads_the_reason_of_a_hold_first_and_changes_nothing(of_runtime):
    of_runtime.order(3)
    note = draft_note("held", Words(venue="okx"), "", ())
    assert of_runtime.writes == []
    assert of_runtime.seen[0].path.endswith("api/ui/status/full")
    assert (note.facts["profile"], note.facts["why"], note.wanting) == (
        "paper",
        "restart_safe_mode",
        ("decisions", "next_steps"),
    )
    found = json.loads(texts_of(note)[str(note.opened.entry.document)])
    assert found["runtime live-readiness"]["status"] in (200, 503)
    assert found["metrics"][1].startswith("propbot_orders_")
    assert API_TOKEN not in json.dumps(found)


@pytest.mark.row("P002-463")
def test_the_log_of_the_quick_start_is_looked_for_by_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = inspect.signature(incident_note.fn).parameters["logs"].default
    assert snapshot(*asked)[0]["log data/logs/paper.log"] == "unavailable: missing"
    (tmp_path / "data" / "logs").mkdir(parents=True)
    (tmp_path / "data" / "logs" / "paper.log").write_text("order blocked: stale-p95\n")
    assert "order blocked: stale-p95" in str(snapshot(*asked)[0]["log data/logs/paper.log"])


@pytest.mark.row("P002-410", "D002-463")
def test_an_answer_that_is_an_error_is_a_source_that_failed(of_runtime):
    of_runtime.trouble("runtime_badges", status=401, text='{"detail":"unauthorized"}')
    of_runtime.trouble("/events", status=500)
    of_runtime.world.facts.journal_ok = False
    found, missing = snapshot()
    assert found["runtime api/ui/runtime_badges"] == "unavailable: http_401"
    assert {"runtime api/ui/runtime_badges", "runtime api/ui/events"} <= set(missing)
    assert found["runtime live-readiness"]["status"] == 503


@pytest.mark.row("P002-410")
def test_a_runtime_that_falls_silent_is_asked_once_and_named(of_runtime):
    of_runtime.trouble(r".*", times=99, cut=True)
    found, missing = snapshot("gone.log", ".")
    assert {value for name, value in found.items() if name.startswith("runtime ")} == {
        "unavailable: runtime_unreachable"
    }
    assert len({one.path for one in of_runtime.seen}) == 1
    assert {"metrics", "log gone.log", "log ."} <= set(missing)
    assert found["log gone.log"] == "unavailable: missing"


def test_an_answer_without_end_does_not_get_into_a_note(of_runtime):
    of_runtime.world.alerts.extend({"message": "x" * 1000} for _ in range(LARGEST_ANSWER // 1000 + 1))
    found, missing = snapshot()
    assert "runtime api/ui/alerts" in missing or len(json.dumps(found)) < 10 * LARGEST_ANSWER


@pytest.mark.row("P002-413")
def test_flags_are_shown_and_what_they_may_hide_is_not(monkeypatch):
    monkeypatch.setenv("SAFE_MODE", "1")
    monkeypatch.setenv("READINESS_REQUIRED", "postgresql://u:hunter2@h/d")
    found, _ = snapshot()
    assert found["flags"]["SAFE_MODE"] == "1"
    assert "hunter2" not in json.dumps(found)
