"""The stand-in behaves as the runtime was recorded, the lies included (spec 002)."""

import signal
import stat
import subprocess
import sys
import time

import httpx
import pytest

from tests.runtime.fixtures import CLIENT, ROOT, free_port, runtime_process
from tests.runtime.serve import PATHS, fatal
from tests.runtime.world import APPROVE_TOKEN, OPERATOR_B_TOKEN, VIEWER_TOKEN


def full(runtime):
    return runtime.ask("GET", "/api/ui/status/full", None).json()


@pytest.mark.parametrize("word", ["0", "1", "on"])
def test_it_boots_into_hold_and_safe_mode_whatever_safe_mode_says(runtime, word):
    runtime.boot(SAFE_MODE=word)
    said = full(runtime)
    assert said["router"]["mode"] == "HOLD"
    assert said["router"]["safe_mode"] is True
    assert said["config"]["router"]["extra"]["hold_reason"] == "restart_safe_mode"


@pytest.mark.parametrize(
    ("word", "effective"),
    [
        ("lvie", "paper"),
        ("", "paper"),
        (" LIVE ", "live"),
        ("testnet.okx", "testnet.okx"),
        ("testnet.foo", "testnet"),
    ],
)
def test_an_unknown_profile_is_paper_silently(runtime, word, effective):
    runtime.boot(EXEC_PROFILE=word)
    assert runtime.ask("GET", "/api/ui/status", None).json()["runtime_profile"] == effective


@pytest.mark.parametrize(("word", "blocked"), [("1", "safe-mode"), ("TRUE", "safe-mode"), ("on", None), (" 1", None)])
def test_safe_mode_on_does_not_protect(runtime, word, blocked):
    runtime.boot(SAFE_MODE=word)
    assert runtime.order()[0]["reason"] == blocked


def test_the_other_order_api_accepts_under_hold_and_safe_mode(runtime):
    assert runtime.ask("POST", "/api/ui/execution/orders", json={}).json()["state"] == "ACKED"


def test_the_two_readiness_endpoints_disagree(runtime):
    one, other = runtime.ask("GET", "/live-readiness", None), runtime.ask("GET", "/live/readiness", None)
    assert (one.status_code, one.json()["ready"]) == (200, True)
    assert other.json()["status"] == "RED"
    assert other.json()["reasons"] == ["md_disconnected", "md_staleness", "manual_hold"]
    assert full(runtime)["readiness"] == {"live_ready": True, "last_check_ts": None, "last_reason": None}


def test_a_status_call_changes_the_state(runtime):
    runtime.ask("POST", "/api/ui/hold", json={"reason": "mine"})
    runtime.ask("POST", "/api/ui/resume-request", json={"reason": "INC-1"})
    runtime.world.facts.slo_breach = "ORDER_ERROR_RATE"
    runtime.ask("GET", "/api/ui/status/overview", None)
    assert full(runtime)["config"]["router"]["extra"]["hold_reason"] == "SLO_CRITICAL::ORDER_ERROR_RATE"
    answer = runtime.ask("POST", "/api/ui/resume-confirm", json={"token": APPROVE_TOKEN})
    assert (answer.status_code, answer.json()["detail"]) == (409, "resume_request_missing")
    runtime.world.facts.slo_breach = None
    for _ in range(2):
        runtime.ask("GET", "/api/ui/status/overview", None)
    assert full(runtime)["router"]["mode"] == "RUN"


def test_the_eleventh_write_is_refused_without_retry_after(runtime):
    codes = [runtime.ask("POST", "/api/ui/hold", json={"reason": str(n)}) for n in range(11)]
    assert [one.status_code for one in codes] == [200] * 10 + [429]
    assert "retry-after" not in codes[-1].headers
    assert 1 <= int(codes[-1].headers["x-ratelimit-reset"]) <= 2


def test_the_cache_of_idempotency_keys_replays_errors(runtime):
    key = {"Idempotency-Key": "k1"}
    first = runtime.ask("POST", "/api/ui/resume", headers=key)
    runtime.world.safety.hold_active = runtime.world.control.safe_mode = False
    again = runtime.ask("POST", "/api/ui/resume", headers=key)
    assert (first.status_code, again.status_code, again.headers["idempotent-replay"]) == (423, 423, "true")
    other = runtime.ask("POST", "/api/ui/resume", headers=key, json={"x": 1})
    assert (other.status_code, other.json()["detail"]) == (409, "idempotency key conflict")
    assert runtime.ask("POST", "/api/ui/resume", headers={"Idempotency-Key": "k2"}).status_code == 200


def test_the_limits_refusal_is_in_the_cache_too_and_a_replay_takes_nothing_of_the_limit(runtime):
    runtime.boot(API_BURST="1", API_RATE_PER_MIN="1")
    key = {"Idempotency-Key": "k1"}
    assert runtime.ask("POST", "/api/ui/hold", headers=key).status_code == 200
    assert runtime.ask("POST", "/api/ui/hold", headers=key).headers["idempotent-replay"] == "true"
    assert runtime.ask("POST", "/api/ui/hold", headers={"Idempotency-Key": "k2"}).status_code == 429
    runtime.server.gate.buckets.clear()
    again = runtime.ask("POST", "/api/ui/hold", headers={"Idempotency-Key": "k2"})
    assert (again.status_code, again.headers["idempotent-replay"]) == (429, "true")


def test_answers_have_the_shapes_of_the_recorded_ones(runtime):
    runtime.boot(RISK_CAP_VENUE="okx:100", RISK_DAILY_LOSS="5", CANARY_MODE="1")
    said = full(runtime)["config"]
    assert said["risk_limits"]["caps"]["venue"] == {"okx": 100.0}
    assert (said["runtime"]["name"], said["runtime"]["display_name"]) == ("paper", "paper-canary")
    runtime.world.alert("x", "y")
    (alert,) = runtime.ask("GET", "/api/ui/alerts", None).json()
    assert set(alert) == {"ts", "event_type", "message", "severity", "source", "profile", "context"}
    assert set(runtime.ask("GET", "/api/ui/audit_log").json()) == {"events", "count"}
    page = runtime.ask("GET", "/api/ui/events?limit=1&order=desc", None).json()
    assert set(page) == {"items", "total", "offset", "limit", "order", "next_offset", "has_more"}
    assert runtime.ask("GET", "/api/ui/live-approvals", None).json() == []


def test_a_hold_that_was_cleared_keeps_its_reason_and_its_request_pends_no_more(runtime):
    runtime.ask("POST", "/api/ui/hold", json={"reason": "mine"})
    runtime.ask("POST", "/api/ui/resume-request", json={"reason": "INC-1"})
    runtime.ask("POST", "/api/ui/resume-confirm", json={"token": APPROVE_TOKEN})
    extra = full(runtime)["config"]["router"]["extra"]
    assert (extra["hold_active"], extra["hold_reason"], extra["resume_requested"]) == (False, "mine", True)


def test_a_viewer_may_switch_safe_mode_off_and_nobody_on(runtime):
    off = runtime.ask("PATCH", "/api/ui/control", VIEWER_TOKEN, json={"safe_mode": False, "mode": "RUN"})
    assert off.json()["changes"] == {"safe_mode": False}
    on = runtime.ask("PATCH", "/api/ui/control", json={"safe_mode": True})
    assert (on.status_code, on.json()["detail"]) == (403, "SAFE_MODE must be enabled to modify control")
    assert runtime.ask("POST", "/api/ui/hold", VIEWER_TOKEN).status_code == 403
    assert runtime.ask("POST", "/api/ui/hold", None).status_code == 401


def test_in_live_no_call_clears_safe_mode(runtime):
    runtime.boot(EXEC_PROFILE="live")
    assert runtime.ask("PATCH", "/api/ui/control", json={"safe_mode": False}).status_code == 403


def test_the_first_resume_request_is_given_back_and_one_person_may_confirm_it(runtime):
    one, other = (runtime.ask("POST", "/api/ui/resume-request", json={"reason": reason}) for reason in ("a", "b"))
    assert one.json()["resume_request"] == other.json()["resume_request"]
    confirmed = runtime.ask("POST", "/api/ui/resume-confirm", json={"token": APPROVE_TOKEN})
    assert confirmed.json()["hold_cleared"] is True
    still = runtime.ask("POST", "/api/ui/resume")
    assert (still.status_code, still.json()["detail"]) == (403, "SAFE_MODE enabled; disable before resume")


def test_the_live_toggle_takes_two_and_the_latest_request_wins(runtime):
    runtime.boot(EXEC_PROFILE="live", ALLOW_LIVE_TRADING="1")
    path = "/api/ops/live-toggle/requests"
    number = runtime.ask("POST", path, json={"action": "enable_live"}).json()["id"]
    assert runtime.ask("POST", f"{path}/{number}/approve").status_code == 403
    waiting = runtime.ask("GET", "/api/ui/live-guard", None).json()
    assert (waiting["allow_live_trading"], waiting["reason"]) == (False, "two-man approvals not granted")
    assert runtime.ask("POST", f"{path}/{number}/approve", OPERATOR_B_TOKEN).status_code == 200
    assert runtime.ask("GET", "/api/ui/live-guard", None).json()["state"] == "enabled"
    runtime.ask("POST", path, json={"action": "disable_live"})
    assert runtime.ask("GET", "/api/ui/live-guard", None).json()["state"] == "disabled"


def test_the_textfile_is_not_there_before_the_first_order(runtime):
    assert not runtime.metrics_path.exists()
    runtime.order()
    assert stat.S_IMODE(runtime.metrics_path.stat().st_mode) == 0o600
    text = runtime.metrics_path.read_text()
    assert 'propbot_orders_blocked_total{reason="safe-mode"} 1\n' in text
    assert "propbot_orders_submitted_total 1" not in text
    assert 'propbot_router_latency_ms_bucket{le="5"} 1\n' in text  # a blocked order counts as a fast one


def test_the_readiness_gauge_appears_once_somebody_asked(runtime):
    assert "readiness_status{" not in runtime.ask("GET", "/metrics", None).text
    runtime.ask("GET", "/live/readiness", None)
    assert 'readiness_status{status="RED"} 1.0' in runtime.ask("GET", "/metrics", None).text


def test_a_process_swallows_sigterm_and_keeps_the_port(tmp_path):
    port = free_port()
    with runtime_process(tmp_path, port) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        answer = CLIENT.get(f"http://127.0.0.1:{port}/healthz")
        assert (answer.status_code, answer.json()["ok"]) == (503, False)
    with pytest.raises(httpx.ConnectError):
        CLIENT.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.row("W002-152")
def test_a_process_without_what_it_needs_says_all_of_it_and_ends(tmp_path):
    command = [sys.executable, "-m", "tests.runtime.serve"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"[FATAL CONFIG]") == 7
    assert b"[FATAL CONFIG] APPROVE_TOKEN" in done.stderr


def test_live_does_not_start_without_its_store_nor_anything_unsafe():
    safe = {"APPROVE_TOKEN": "a", "API_TOKEN": "b", **dict.fromkeys(PATHS, "x")}
    assert fatal(safe) == []
    assert fatal(safe | {"PROFILE": "live"})
    assert fatal(safe | {"SAFE_MODE": "0"})
    assert fatal(safe | {"SAFE_MODE": "0", "DRY_RUN_MODE": "1"}) == []
