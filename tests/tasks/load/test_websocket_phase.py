"""Websocket clients against a real service: connecting and holding are measured apart (runbook 003)."""

import pytest

from tasks.load.sending import api_headers
from tasks.load.websocket_phase import REFUSALS_AT_FIRST, run_clients
from tasks.rules.load.figures import figures_of
from tasks.rules.load.plan import Name, Phase
from tasks.settings.services import load_secrets
from tests.services.raw_server import raw_server
from tests.services.running import free_port


def run(url, total=20, rate=100.0, hold_s=0.3, timeout_s=2.0):
    phase = Phase(Name.CONNECT, url, total, rate, total, timeout_s, hold_s)
    done: list[int] = []
    connecting, holding = run_clients(phase, api_headers(load_secrets()), done.append)
    return figures_of(connecting), figures_of(holding), sum(done)


@pytest.mark.row("W003-509", "P003-509")
def test_connecting_and_holding_are_two_figures_and_neither_has_a_fixed_sleep_in_it(loaded_service):
    connecting, holding, done = run(loaded_service.ws_url, hold_s=0.6)
    assert (connecting.answers, holding.answers, done) == ({"ok": 20}, {"ok": 20}, 20)
    assert (connecting.name, holding.name) == ("websocket_connect", "websocket_hold")
    assert connecting.latency.at(50) < 50  # the earlier figure had 50 ms of sleep in it
    assert holding.latency.at(50) < 50
    assert holding.seconds > 0.6
    assert loaded_service.truth()["answers"]["ping"] == 20


@pytest.mark.row("P003-509", "W003-503")
def test_refused_handshakes_are_counted_exactly_with_their_times_apart(loaded_service):
    loaded_service.go_wrong(ws__events={"fail_every": 5})
    connecting, holding, _ = run(loaded_service.ws_url)
    assert connecting.answers == {"ok": 16, "unauthorised": 4}
    assert (connecting.error_rate_percent, connecting.failed.samples) == (20.0, 4)
    assert holding.answers == {"ok": 16}


@pytest.mark.row("P003-509")
def test_a_client_that_is_dropped_fails_the_holding_and_not_the_connecting(loaded_service):
    loaded_service.go_wrong(ws__events={"drop_after_s": 0.2})
    connecting, holding, _ = run(loaded_service.ws_url, hold_s=0.8)
    assert connecting.answers == {"ok": 20}
    assert holding.answers == {"dropped": 20}
    assert 190 < holding.failed.at(50) < 700


@pytest.mark.row("W003-506", "P003-505")
def test_nobody_there_is_given_up_and_said(monkeypatch):
    connecting, holding, done = run(f"ws://127.0.0.1:{free_port()}/ws", total=200, rate=500.0)
    assert connecting.stopped == "refused"
    assert REFUSALS_AT_FIRST <= connecting.answers["refused"] < 200
    assert (holding.attempts, done) == (0, connecting.attempts)


@pytest.mark.row("D003-502")
def test_what_speaks_no_websocket_has_its_class(loaded_service):
    with raw_server(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", closes=True) as port:
        assert run(f"ws://127.0.0.1:{port}/ws", total=3)[0].answers == {"bad_answer": 3}
    assert run(loaded_service.ws_url.replace("/ws/events", "/health"), total=3)[0].answers == {"unauthorised": 3}


@pytest.mark.row("D003-501")
def test_tls_to_a_port_that_speaks_none_is_said(loaded_service):
    connecting, _, _ = run(loaded_service.ws_url.replace("ws:", "wss:"), total=10)
    assert set(connecting.answers) == {"tls_failed"}
    assert connecting.stopped == "tls_failed"


def test_a_server_that_never_answers_the_handshake_is_a_timeout():
    with raw_server(b"") as port:
        connecting, _, _ = run(f"ws://127.0.0.1:{port}/ws", total=3, timeout_s=0.3)
    assert connecting.answers == {"timeout": 3}
