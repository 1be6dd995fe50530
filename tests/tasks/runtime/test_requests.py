"""The client and a runtime that limits, replays errors, falls silent and has a clock of its own (runbook 002)."""

import pytest

from tasks.rules.faults import Misconfigured, Refused, RuntimeRefused, RuntimeUnreachable
from tasks.runtime import acts
from tasks.runtime.reading import is_healthy, probe, read_runtime_profile, read_state
from tasks.runtime.requests import change, look
from tasks.runtime.warmup import read_authorisation_errors
from tests.runtime.world import API_TOKEN, VIEWER_TOKEN


@pytest.mark.row("W002-207")
@pytest.mark.parametrize("path", ["api/ui/status/overview", "api/ui/system_status", "api/ui/state", "api/ui/hold"])
def test_what_acts_when_it_is_read_is_never_asked(runtime, path):
    with pytest.raises(ValueError, match="side effects"):
        look("", path)
    assert not runtime.seen


@pytest.mark.row("W002-207")
def test_probing_changes_nothing_and_sends_no_token(runtime):
    runtime.world.facts.slo_breach = "LATENCY_P95_MS"
    before = vars(runtime.world.safety).copy()
    probe.fn("")
    assert not runtime.writes
    assert vars(runtime.world.safety) == before
    assert not [one for one in runtime.seen if "authorization" in one.headers]


@pytest.mark.row("W002-225")
def test_twelve_writes_in_a_row_are_all_done(runtime):
    runtime.boot(API_RATE_PER_MIN="60")
    for number in range(12):
        change("", "POST", "api/ui/hold", {"reason": f"r{number}"}, f"k{number}")
    held = [one for one in runtime.world.audit if one["action"] == "HOLD"]
    assert len(held) == 12
    assert len([one for one in runtime.seen if one.path == "/api/ui/hold"]) > 12


@pytest.mark.row("W002-225")
def test_a_limit_that_outlasts_the_attempts_is_said_to_be_one(runtime):
    runtime.boot(API_BURST="0.5", API_RATE_PER_MIN="0.5")
    with pytest.raises(RuntimeUnreachable) as met:
        acts.hold.fn("", "why", "ada", "k")
    assert met.value.reason == "runtime_busy"


@pytest.mark.row("W002-225")
def test_a_stored_error_is_not_taken_for_an_answer(runtime):
    runtime.world.safety.hold_active = False
    with pytest.raises(RuntimeRefused):
        change("", "POST", "api/ui/resume", {}, "same")
    runtime.world.control.safe_mode = False
    assert change("", "POST", "api/ui/resume", {}, "same").status == 200
    keys = [one.headers["idempotency-key"] for one in runtime.seen]
    assert keys[:2] == ["same", "same"]
    assert keys[2].startswith("same.")


@pytest.mark.row("W002-225", "W002-460")
def test_refusals_that_were_stored_by_earlier_runs_do_not_stand_in_the_way_of_a_hold(runtime):
    """The limit's refusals are in the cache too: the keys of an earlier run give them back, whatever is left now."""
    runtime.boot(API_BURST="0.5", API_RATE_PER_MIN="60000")
    body = {"reason": "why", "requested_by": "ada"}
    for key in ("k", "k.1", "k.2", "k.3"):
        assert runtime.ask("POST", "/api/ui/hold", json=body, headers={"Idempotency-Key": key}).status_code == 429
    runtime.world.environ["API_BURST"] = "10"
    assert acts.hold.fn("", "why", "ada", "k").hold_reason == "why"


@pytest.mark.row("P002-205")
def test_a_lost_answer_is_asked_for_with_the_same_key_and_the_deed_is_done_once(runtime):
    runtime.trouble("/hold", cut=True, after=True)
    acts.hold.fn("", "why", "ada", "k")
    assert len([one for one in runtime.world.audit if one["action"] == "HOLD"]) == 1
    assert [one.headers["idempotency-key"] for one in runtime.writes] == ["k", "k"]


@pytest.mark.row("D002-205")
def test_silence_is_a_fault_of_its_own(runtime):
    runtime.trouble("", times=99, cut=True)
    with pytest.raises(RuntimeUnreachable) as met:
        read_state.fn("")
    assert met.value.reason == "runtime_unreachable"
    assert is_healthy("") is False


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (401, '{"detail":"unauthorized"}', "runtime_unauthorised"),
        (401, '{"detail":"invalid_token"}', "runtime_token_refused"),
        (403, '{"detail":"forbidden"}', "runtime_forbidden"),
        (409, '{"detail":"resume_request_missing"}', "runtime_conflict"),
        (404, "Not Found", "runtime_answer_unknown"),
        (302, "", "runtime_answer_unknown"),
        (500, "Traceback: secret", "runtime_error"),
    ],
)
def test_each_answer_has_its_reason_and_none_of_its_words(runtime, status, text, reason):
    runtime.trouble("/hold", status=status, text=text)
    with pytest.raises((Refused, RuntimeUnreachable)) as met:
        acts.hold.fn("", "why", "ada", "k")
    assert met.value.reason == reason
    assert "Traceback" not in str(met.value)


@pytest.mark.row("D002-203")
@pytest.mark.parametrize(("ahead", "least", "most"), [(0, 0, 0), (120, 118, 121), (-120, -121, -118)])
def test_the_runtimes_clock_is_measured(runtime, ahead, least, most):
    runtime.world.skew_s = ahead
    skew = look("", "healthz").skew_s
    assert skew is not None
    assert least <= skew <= most


@pytest.mark.row("W002-208")
def test_the_token_goes_to_our_runtime_and_nowhere_else(runtime, monkeypatch):
    monkeypatch.setenv("RUNTIME_URL", "http://127.0.0.1:9")
    with pytest.raises(Refused) as met:
        acts.hold.fn(runtime.url, "why", "ada", "k")
    assert met.value.reason == "runtime_not_ours"
    monkeypatch.delenv("RUNTIME_URL")
    acts.hold.fn(runtime.url, "why", "ada", "k")
    with pytest.raises(Refused):
        acts.hold.fn("http://runtime.example:8000", "why", "ada", "k")
    assert {one.headers["authorization"] for one in runtime.writes} == {f"Bearer {API_TOKEN}"}


@pytest.mark.row("W002-208")
def test_a_viewers_token_is_refused_where_the_runtime_looks(runtime, monkeypatch):
    monkeypatch.setenv("RUNTIME_API_TOKEN", VIEWER_TOKEN)
    with pytest.raises(RuntimeRefused) as met:
        acts.hold.fn("", "why", "ada", "k")
    assert met.value.reason == "runtime_forbidden"


@pytest.mark.parametrize("url", ["ftp://x", "http://user:pass@host", "http://h/?q=1", "no url"])
def test_a_url_that_is_none_or_carries_a_password_is_refused_unseen(url):
    with pytest.raises(Misconfigured) as met:
        read_state.fn(url)
    assert url not in str(met.value)


def test_state_is_read_whole_or_not_at_all(runtime):
    state = read_state.fn("")
    assert (state.category, state.is_held, state.hold_reason) == ("paper", True, "restart_safe_mode")
    runtime.trouble("status/full", status=200, text='{"router": {"mode": "HOLD"}}')
    with pytest.raises(RuntimeRefused) as met:
        read_state.fn("")
    assert met.value.reason == "runtime_answer_unknown"


@pytest.mark.row("W002-202")
def test_the_profile_that_really_runs_is_read_back(runtime):
    runtime.boot(EXEC_PROFILE="lvie")
    assert read_runtime_profile.fn("") == "paper"


@pytest.mark.row("D002-460", "P002-223")
@pytest.mark.parametrize("path", ["/alerts", "/events", "/metrics"])
@pytest.mark.parametrize("what", [{"status": 503}, {"status": 200, "text": '{"rows": []}'}])
def test_errors_that_cannot_be_read_are_not_taken_for_none(runtime, path, what):
    runtime.trouble(path, times=9, **what)
    with pytest.raises((RuntimeUnreachable, RuntimeRefused)):
        read_authorisation_errors.fn("")


@pytest.mark.row("P002-223")
def test_alerts_and_events_of_refused_keys_are_read_in_the_shapes_they_come_in(runtime):
    assert read_authorisation_errors.fn("") == ()
    runtime.world.alert("adapter_error", "401 from venue", "error")
    runtime.world.note("ws_error", "invalid signature", "ERROR")
    assert read_authorisation_errors.fn("") == ("adapter_error 401 from venue", "ws_error invalid signature")


@pytest.mark.row("P002-223", "D002-460")
def test_a_warning_is_found_behind_all_the_notes_of_every_second(runtime):
    runtime.world.alert("adapter_error", "401 from venue", "WARN")
    for number in range(120):
        runtime.world.alert("orchestrator_alert", f"skip {number}", "info")
    assert len(read_authorisation_errors.fn("")) == 1


@pytest.mark.row("P002-223")
def test_what_an_earlier_start_complained_of_is_not_held_against_this_one(runtime):
    runtime.world.alert("adapter_error", "401 from venue", "error")
    runtime.world.alerts[0]["ts"] = "2026-01-01T00:00:00Z"
    assert read_authorisation_errors.fn("") == ()
    runtime.world.alerts[0]["ts"] = "soon"
    assert len(read_authorisation_errors.fn("")) == 1
