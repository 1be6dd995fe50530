"""An open load on a real service with injected faults: what is reported is what was (runbook 003)."""

import datetime
import ipaddress
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks.load.http_phase import REFUSALS_AT_FIRST, REFUSALS_LATER, run_phase
from tasks.load.sending import requests_of
from tasks.rules.load.figures import figures_of
from tasks.rules.load.plan import PATHS, Name, Phase
from tasks.settings.services import load_secrets
from tests.services.raw_server import raw_server
from tests.services.running import free_port, running_service

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def run(base, total=100, rate=400.0, name=Name.HEARTBEAT, most=25, timeout_s=5.0, report=lambda _ended: None):
    phase = Phase(name, base + PATHS[name], total, rate, most, timeout_s)
    return figures_of(run_phase(phase, requests_of(name, phase.url, load_secrets()), report))


@pytest.mark.row("P003-502", "W003-508")
def test_a_stall_of_known_length_is_in_the_p99_as_long_as_it_was(loaded_service):
    """The closed loop of before asked nobody while it waited: one slow answer in a thousand, and a p99 of 6 ms."""
    loaded_service.go_wrong(v1__system__heartbeat={"stall_at": 100, "stall_s": 1.2})
    figures = run(loaded_service.url, total=400, rate=200.0, most=50)
    stalled = loaded_service.truth()["answers"]["stalled_ms"]
    truth = stalled - 4 * 5  # the fifth slowest of 400 was due 20 ms after the stall began
    assert figures.latency.at(99) == pytest.approx(truth, rel=0.1)
    assert figures.latency.most == pytest.approx(stalled, rel=0.1)
    assert (figures.failures, figures.latency.samples) == (0, 400)


@pytest.mark.row("P003-502")
def test_a_slow_service_is_as_slow_as_it_is_and_is_asked_no_slower(loaded_service):
    loaded_service.go_wrong(v1__system__heartbeat={"delay_s": 1.0})
    figures = run(loaded_service.url, rate=200.0, most=100)
    assert figures.latency.at(50) == pytest.approx(1000, rel=0.1)
    assert figures.latency.at(99) == pytest.approx(1000, rel=0.1)
    assert figures.rate_offered == pytest.approx(200, rel=0.2)


@pytest.mark.row("P003-502")
def test_what_finds_no_free_connection_waits_and_its_wait_is_latency(loaded_service):
    loaded_service.go_wrong(v1__system__heartbeat={"delay_s": 0.1})
    figures = run(loaded_service.url, total=20, rate=1000.0, most=5)
    assert 390 < figures.latency.most < 800  # four rounds of five
    assert 290 < figures.wait.most < 700
    assert figures.rate_offered < 100


@pytest.mark.row("W003-500", "P003-503")
@pytest.mark.parametrize(("every", "percent"), [(10, 10.0), (5, 20.0), (1, 100.0), (0, 0.0)])
def test_the_rate_of_500s_is_exact(loaded_service, every, percent):
    loaded_service.go_wrong(v1__system__heartbeat={"fail_every": every})
    figures = run(loaded_service.url)
    assert figures.error_rate_percent == percent
    assert (
        figures.answers.get("server_error", 0)
        == percent
        == loaded_service.truth()["answers"].get("/v1/system/heartbeat 500", 0)
    )
    assert figures.latency.samples == 100 - percent


@pytest.mark.row("P003-503")
def test_dropped_connections_are_counted_and_the_others_go_on(loaded_service):
    loaded_service.go_wrong(v1__system__heartbeat={"drop_every": 4})
    figures = run(loaded_service.url)
    assert figures.answers == {"ok": 75, "dropped": 25}
    assert loaded_service.truth()["answers"]["/v1/system/heartbeat dropped"] == 25


@pytest.mark.row("P003-503")
def test_a_request_past_its_time_is_given_up_on_time(loaded_service):
    loaded_service.go_wrong(v1__system__heartbeat={"delay_s": 10})
    began = time.monotonic()
    figures = run(loaded_service.url, total=20, rate=100.0, most=5, timeout_s=0.3)
    assert figures.answers == {"timeout": 20}
    assert time.monotonic() - began < 9
    assert 300 <= figures.failed.most < 1000


@pytest.mark.row("W003-505", "P003-507")
def test_signed_deliveries_are_believed_and_the_rate_limit_is_a_class_of_its_own(loaded_service):
    loaded_service.go_wrong(webhook__gitea={"limit": 60})
    figures = run(loaded_service.url, name=Name.SIGNED)
    assert figures.answers == {"ok": 60, "rate_limited": 40}
    assert figures.retry_after_s == 60
    assert (figures.rate_limited_percent, figures.other_error_percent) == (40.0, 0.0)


@pytest.mark.row("P003-508")
def test_no_two_deliveries_are_the_same(loaded_service):
    assert run(loaded_service.url, name=Name.SIGNED).answers == {"ok": 100}
    truth = loaded_service.truth()
    assert (truth["deliveries"], truth["bodies"]) == (100, 100)


@pytest.mark.row("W003-504")
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        (Name.HEARTBEAT, "ORKET_API_KEY"),
        (Name.EPIC, "ORKET_API_KEY"),
        (Name.WEBHOOK, "ORKET_WEBHOOK_TEST_TOKEN"),
        (Name.SIGNED, "GITEA_WEBHOOK_SECRET"),
    ],
)
def test_the_secrets_of_the_environment_open_each_phase(loaded_service, monkeypatch, name, variable):
    assert run(loaded_service.url, total=5, name=name).answers == {"ok": 5}
    monkeypatch.delenv(variable)
    assert run(loaded_service.url, total=5, name=name).answers == {"unauthorised": 5}


@pytest.mark.row("W003-507", "P003-504")
def test_the_lag_of_the_generator_is_measured_apart_from_the_target(loaded_service):
    def held_up(ended):
        time.sleep(0.15)  # something else keeps the generator busy

    figures = run(loaded_service.url, total=200, rate=200.0, report=held_up)
    assert figures.lag.most > 50
    assert figures.latency.at(95) > 50  # it counts from the moment it was due
    assert figures.lag.samples == 200
    assert figures.latency.samples == 200


@pytest.mark.row("W003-506", "P003-505", "D003-500")
def test_a_dead_target_is_given_up_and_is_a_state_of_its_own():
    began = time.monotonic()
    figures = run(f"http://127.0.0.1:{free_port()}", total=10_000)
    assert figures.stopped == "refused"
    assert figures.answers == {"refused": REFUSALS_AT_FIRST}
    assert time.monotonic() - began < 2


@pytest.mark.row("P003-505")
def test_a_target_that_dies_on_the_way_is_given_up(loaded_service):
    with running_service() as mortal:
        figures = run(mortal.url, total=1000, rate=200.0, report=lambda _ended: mortal.process.kill())
    assert figures.stopped == "refused"
    assert 0 < figures.answers["refused"] <= REFUSALS_LATER
    assert 0 < figures.answers["ok"] < figures.attempts < 1000


@pytest.mark.row("D003-501")
def test_tls_to_a_port_that_speaks_none_is_said(loaded_service):
    figures = run(loaded_service.url.replace("http", "https"))
    assert (figures.stopped, figures.answers) == ("tls_failed", {"tls_failed": REFUSALS_AT_FIRST})


@pytest.mark.row("D003-502")
@pytest.mark.parametrize(
    ("answer", "endless", "answers"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"", {"bad_answer": 20}),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"8000\r\n" + b"y" * 32768 + b"\r\n",
            {"too_large": 20},
        ),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y" * 65536, {"too_large": 20}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", b"", {"ok": 20}),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", b"", {"unexpected_status": 20}),
    ],
    ids=["no HTTP", "endless body", "endless head", "one request a connection", "redirect"],
)
def test_odd_servers_have_their_class(answer, endless, answers):
    with raw_server(answer, closes=b"close" in answer, endless=endless) as port:
        assert run(f"http://127.0.0.1:{port}", total=20, rate=100.0, most=4).answers == answers


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A key and a certificate for 127.0.0.1 that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "server.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def test_tls_is_spoken_and_the_certificate_is_checked(certificate, monkeypatch):
    with raw_server(OK, tls=certificate) as port:
        assert run(f"https://127.0.0.1:{port}", total=40, most=4).answers == {"ok": 40}
        monkeypatch.delenv("SSL_CERT_FILE")
        assert run(f"https://127.0.0.1:{port}", total=40, most=4).stopped == "tls_failed"


def test_progress_is_told_while_it_runs(loaded_service):
    told: list[int] = []
    run(loaded_service.url, total=200, rate=200.0, report=told.append)
    assert sum(told) == 200
    assert len(told) >= 3
