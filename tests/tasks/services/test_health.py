"""Asking real servers for their health, odd ones included (runbook 003, Health checks)."""

import contextlib
import datetime
import ipaddress
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks.rules.services.health import Answer, Target
from tasks.services.health import MOST_BYTES, ask_for_health
from tests.services.raw_server import raw_server
from tests.webhook_server import webhook_server

GOOD = b'{"status":"ok","organization":"Orket"}'


def http(body, status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def ask(port, *, scheme="http", deadline_s=2.0, host="127.0.0.1") -> Answer:
    answer: Answer = ask_for_health.fn({Target.API: f"{scheme}://{host}:{port}"}, deadline_s)[Target.API]
    return answer


def seen(answer):
    return (answer.http, answer.said, answer.trouble)


@pytest.mark.row("P003-420", "W003-400", "D003-422")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (http(GOOD), (200, "ok", None)),
        (http(b'{"status":"healthy","rate_limit":60}'), (200, "healthy", None)),
        (http(b'{"status":"degraded"}'), (200, "degraded", None)),
        (http(GOOD, "503 Service Unavailable"), (503, "ok", None)),
        (http(b"<html>502</html>", "502 Bad Gateway"), (502, None, "answer_not_json")),
        (http(b""), (200, None, "answer_not_json")),
        (http(b"OK"), (200, None, "answer_not_json")),
        (http(b'{"status":"ok"'), (200, None, "answer_not_json")),
        (http(b"\xff\xfe\x00"), (200, None, "answer_not_json")),
        (http(b"[" * 60_000), (200, None, "answer_not_json")),
        (http(b'{"healthy":true}'), (200, None, "answer_not_json")),
        (http(b"", "302 Found", "Location: http://127.0.0.1:1/health"), (302, None, "redirected")),
        (http(b"", "308 Permanent Redirect", "Location: /elsewhere"), (308, None, "redirected")),
        (http(b'{"status":"ok","pad":"' + b"x" * MOST_BYTES + b'"}'), (200, None, "answer_too_large")),
        (b"SSH-2.0-OpenSSH_9.2\r\n", (None, None, "service_dropped")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", (None, None, "service_dropped")),
    ],
)
def test_what_a_server_answers_is_read_for_what_it_is(sent, expected):
    with raw_server(sent, closes=True) as port:
        assert seen(ask(port)) == expected


@pytest.mark.row("D003-420")
def test_nobody_there_a_wrong_port_and_a_name_that_is_none_are_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert seen(ask(port)) == (None, None, "service_unreachable")
    assert seen(ask(80, host="no-such-host.invalid")) == (None, None, "service_unreachable")


@pytest.mark.row("D003-427")
@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "http://user:pass@127.0.0.1", "127.0.0.1:80", "http://", "http://a b"]
)
def test_an_address_that_is_none_or_carries_a_password_is_not_asked(url):
    assert ask_for_health.fn({Target.API: url}, 1.0)[Target.API] == Answer(0, trouble="invalid_url")


@contextlib.contextmanager
def dripping(piece, pause_s=0.05):
    """A server that sends a little, again and again, and never comes to an end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk():
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                with client:
                    client.recv(1 << 16)
                    client.sendall(b"HTTP/1.1 200 OK\r\n")
                    while True:
                        client.sendall(piece)
                        time.sleep(pause_s)

        threading.Thread(target=talk, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.row("D003-420", "D003-423")
@pytest.mark.parametrize("piece", [b"x: y\r\n", b"", b"\r\n"], ids=["endless head", "nothing more", "dripping body"])
def test_a_server_that_drips_or_falls_silent_is_given_up_at_the_deadline(piece):
    with dripping(piece) as port:
        started = time.monotonic()
        answer = ask(port, deadline_s=0.4)
    assert answer.trouble == "service_silent"
    assert time.monotonic() - started < 1.5
    assert answer.latency_ms >= 400


@pytest.mark.row("D003-423")
def test_an_endless_body_is_left_after_64_kilobytes():
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"x" * 65536) as port:
        answer = ask(port)
    assert seen(answer) == (200, None, "answer_too_large")


def certificate(folder, host="127.0.0.1", days=1):
    """A file with a key and a self-signed certificate for an address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    begin, end = sorted((now - datetime.timedelta(days=3), now + datetime.timedelta(days=days)))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end)
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{host}.{days}.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.row("D003-421")
def test_tls_is_checked_and_what_is_wrong_with_it_is_named(tmp_path, monkeypatch):
    good, expired, foreign = (
        certificate(tmp_path),
        certificate(tmp_path, days=-1),
        certificate(tmp_path, host="127.0.0.9"),
    )

    def tls_of(file, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with raw_server(http(GOOD), tls=file) as port:
            answer = ask(port, scheme="https")
        return answer.said or (answer.trouble, answer.tls)

    assert tls_of(good, good) == "ok"
    assert tls_of(good, foreign) == ("tls_failed", "self_signed")
    assert tls_of(expired, expired) == ("tls_failed", "certificate_expired")
    assert tls_of(foreign, foreign) == ("tls_failed", "wrong_host")


@pytest.mark.row("D003-421")
def test_tls_on_one_side_only_is_seen_from_both_sides(tmp_path):
    with webhook_server() as plain:
        answer = ask(urlsplit(plain.url).port, scheme="https")
    assert (answer.trouble, answer.tls) == ("tls_failed", "wrong_version_number")
    with raw_server(http(GOOD), tls=certificate(tmp_path)) as port:
        assert ask(port).trouble == "service_dropped"


def test_both_services_are_asked_at_once_and_no_proxy_stands_before_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with raw_server(http(GOOD)) as port, dripping(b"") as silent:
        started = time.monotonic()
        answers = ask_for_health.fn(
            {Target.API: f"http://127.0.0.1:{silent}", Target.WEBHOOK: f"http://127.0.0.1:{port}"}, 0.5
        )
    assert (answers[Target.API].trouble, answers[Target.WEBHOOK].said) == ("service_silent", "ok")
    assert time.monotonic() - started < 1.5
