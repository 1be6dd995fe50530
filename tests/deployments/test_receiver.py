"""The webhook receiver over real HTTP, with a real database and a real Prefect server (003, Push Automation)."""

import asyncio
import gzip
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.states import Running

from deployments.receiver.__main__ import build_app
from deployments.receiver.app import PATH
from tests.conftest import _fresh_database
from tests.pushes import SECRET, ZEROS, as_form, body_of, commit, headers_of, push, touching

DEPLOYMENT = "publish-of-the-tests"


@flow(name=DEPLOYMENT)
def publish() -> None:
    """Stands where product-publish stands; the tests look at its runs and never run it."""


@pytest.fixture(scope="module")
def deployment(prefect_server) -> Any:
    with get_client(sync_client=True) as client:
        return client.create_deployment(client.create_flow(publish), name=DEPLOYMENT, concurrency_limit=1)


@pytest.fixture(scope="module")
def deliveries(postgres) -> Iterator[str]:
    from tasks import operations
    from tasks.publishing.deliveries import Delivery

    with _fresh_database(postgres) as dsn:
        engine = operations._engine(dsn)
        Delivery.metadata.create_all(engine)
        yield dsn
        engine.dispose()


@pytest.fixture
def configured(deliveries, deployment, monkeypatch):
    """A receiver's environment; every test begins with nothing delivered and nothing started."""
    with psycopg.connect(deliveries) as conn:
        conn.execute("TRUNCATE webhook_deliveries RESTART IDENTITY")
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(limit=200):
            client.delete_flow_run(run.id)
    monkeypatch.setenv("WATCHKEEPER_DSN", deliveries)
    monkeypatch.setenv("GITEA_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("ENABLE_PRODUCT_REPO_PUBLISH", "true")
    monkeypatch.setenv("PRODUCT_PUBLISH_WEBHOOK_DEPLOYMENT", f"{DEPLOYMENT}/{DEPLOYMENT}")
    return monkeypatch


@pytest.fixture
def receiver(configured):
    with serving() as client:
        yield client


@contextmanager
def serving() -> Iterator[httpx.Client]:
    """The application as `python -m deployments.receiver` serves it, on a free port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(), host="127.0.0.1", port=0, log_level="error", access_log=False, proxy_headers=False
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


def deliver(receiver, payload, **headers):
    body = body_of(payload)
    return receiver.post(PATH, content=body, headers=headers_of(body, **headers))


def verdict(answer):
    return answer.status_code, answer.json()["status"]


def runs():
    """The runs of the deployment, oldest first."""
    with get_client(sync_client=True) as client:
        return sorted(client.read_flow_runs(limit=200), key=lambda run: run.created)


def states():
    return [run.state_name for run in runs()]


@pytest.mark.row("P003-300", "P003-302")
def test_a_signed_push_that_touches_the_folder_starts_the_publish(receiver):
    assert verdict(deliver(receiver, touching())) == (200, "started")
    (run,) = runs()
    assert (run.state_name, run.tags, run.parameters) == ("Scheduled", ["gitea-push"], {})


@pytest.mark.row("P003-300")
@pytest.mark.parametrize(
    ("payload", "event", "why"),
    [
        (push(commit("README.md")), "push", "other_folder"),
        (push(commit("product/a"), ref="refs/heads/dev"), "push", "other_branch"),
        (push(commit("product/a"), after=ZEROS), "push", "branch_deleted"),
        (touching(), "pull_request", "other_event"),
    ],
)
def test_a_push_that_does_not_concern_us_is_ignored_with_its_reason(receiver, payload, event, why):
    answer = deliver(receiver, payload, event=event)
    assert (verdict(answer), answer.json()["message"]) == ((200, "ignored"), why)
    assert runs() == []


@pytest.mark.row("P003-303")
def test_nothing_starts_unless_publishing_is_switched_on(configured):
    configured.delenv("ENABLE_PRODUCT_REPO_PUBLISH")
    with serving() as receiver:
        assert verdict(deliver(receiver, touching())) == (200, "disabled")
    assert runs() == []


def test_branch_folder_and_repository_are_settings(configured):
    configured.setenv("PRODUCT_PUBLISH_WEBHOOK_BRANCH", "release")
    configured.setenv("PRODUCT_PUBLISH_SOURCE_DIR", "bin/projects")
    configured.setenv("PRODUCT_PUBLISH_WEBHOOK_REPOSITORY", "o/mono")
    wanted = push(commit("bin/projects/a/b"), ref="refs/heads/release")
    with serving() as receiver:
        assert deliver(receiver, touching()).json()["message"] == "other_branch"
        assert (
            deliver(receiver, wanted | {"repository": {"full_name": "o/fork"}}).json()["message"]
            == "other_repository"
        )
        assert verdict(deliver(receiver, wanted)) == (200, "started")


@pytest.mark.row("P003-301")
def test_a_form_is_believed_by_the_json_inside_it(receiver):
    body = body_of(touching())
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    right = receiver.post(PATH, content=as_form(body), headers=headers_of(body) | kind)
    wrong = receiver.post(PATH, content=as_form(body), headers=headers_of(as_form(body)) | kind)
    assert [verdict(right), verdict(wrong)] == [(200, "started"), (401, "badly_signed")]


@pytest.mark.row("P003-301", "W003-301", "D003-302")
@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "unsigned"),
        ({"X-Gitea-Signature": ""}, "unsigned"),
        ({"X-Gitea-Signature": "é" * 64}, "unsigned"),
        ({"X-Gitea-Signature": b"\xff\xfe\x00" * 20}, "unsigned"),
        ({"X-Gitea-Signature": "sha256=" + "0" * 64}, "unsigned"),
        ({"X-Gitea-Signature": "0" * 64}, "badly_signed"),
    ],
)
def test_what_is_not_signed_is_refused_and_never_an_error(receiver, headers, why):
    given = [
        (name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers.items()
    ]
    with suppress(httpx.LocalProtocolError):  # httpx itself refuses a NUL in a header
        answer = receiver.post(PATH, content=body_of(touching()), headers=given)
        assert verdict(answer) == (401, why)
    assert receiver.get("/metrics").status_code == 200
    assert runs() == []


def test_a_hook_without_a_secret_is_refused(receiver):
    assert verdict(deliver(receiver, touching(), secret="")) == (401, "unsigned")
    assert verdict(deliver(receiver, touching(), secret="another")) == (401, "badly_signed")


@pytest.mark.row("W003-302", "D003-303")
def test_a_body_that_is_too_large_is_refused_before_it_is_read(receiver):
    """Its length is declared; the answer comes although the body never does."""
    with socket.create_connection((receiver.base_url.host, receiver.base_url.port), timeout=10) as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers_of(b"").items())
        line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n{head}\r\n".encode())
        line.sendall(b"x" * 5_000_000)
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.row("W003-302", "D003-303")
def test_a_body_that_does_not_declare_its_size_is_read_up_to_the_limit(receiver):
    def endless(pieces):
        yield from (b" " * 65_536 for _ in range(pieces))

    headers = headers_of(b"")
    with suppress(httpx.TransportError):  # cut off while sending: as good as refused
        assert verdict(receiver.post(PATH, content=endless(64), headers=headers)) == (413, "too_large")
    exactly = body_of(touching()).ljust(1_048_576)
    started = verdict(receiver.post(PATH, content=exactly, headers=headers_of(exactly)))
    assert started in ((200, "started"), (503, "unavailable")), "a busy server is late; its size is good"
    beyond = exactly + b" "
    assert verdict(receiver.post(PATH, content=beyond, headers=headers_of(beyond))) == (413, "too_large")


@pytest.mark.row("W003-303", "D003-301")
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"ref": 1}'])
def test_a_signed_body_that_is_no_push_is_refused_without_a_word_about_our_insides(receiver, body):
    answer = receiver.post(PATH, content=body, headers=headers_of(body))
    assert (answer.status_code, answer.json()) == (400, {"status": "invalid", "message": "Invalid payload"})


def test_a_compressed_body_is_not_unpacked(receiver):
    body = gzip.compress(body_of(touching()))
    answer = receiver.post(PATH, content=body, headers=headers_of(body) | {"Content-Encoding": "gzip"})
    assert verdict(answer) == (400, "invalid")


@pytest.mark.row("P003-304", "W003-304")
def test_the_same_delivery_starts_once_also_under_another_number_and_after_a_restart(receiver):
    payload, number = touching(), "07bc8c92-fc85-4cd2-819f-6bb653de2153"
    assert verdict(deliver(receiver, payload, delivery=number)) == (200, "started")
    assert verdict(deliver(receiver, payload, delivery=number)) == (200, "replayed")
    assert verdict(deliver(receiver, payload)) == (200, "replayed")
    assert verdict(deliver(receiver, touching(), delivery=number)) == (200, "replayed")
    with serving() as restarted:
        assert verdict(deliver(restarted, payload)) == (200, "replayed")
    assert len(runs()) == 1


def test_a_delivery_without_a_number_starts_nothing(receiver):
    body = body_of(touching())
    headers = {name: value for name, value in headers_of(body).items() if name != "X-Gitea-Delivery"}
    assert verdict(receiver.post(PATH, content=body, headers=headers)) == (400, "no_delivery")


@pytest.mark.row("P003-304")
def test_what_is_remembered_of_deliveries_is_bounded(receiver, deliveries):
    with psycopg.connect(deliveries) as conn:
        conn.execute(
            "INSERT INTO webhook_deliveries (delivery, fingerprint, at)"
            " SELECT 'd' || n, 'f' || n, now() - make_interval(days => n % 20) FROM generate_series(1, 30000) n"
        )
    deliver(receiver, touching())
    with psycopg.connect(deliveries) as conn:
        row = conn.execute("SELECT count(*), min(at) > now() - interval '15 days' FROM webhook_deliveries").fetchone()
    assert row is not None
    assert row[0] <= 20_001
    assert row[1]


@pytest.mark.row("P003-302")
def test_one_runs_and_one_waits_and_it_is_the_newest(receiver):
    deliver(receiver, touching())
    (first,) = runs()
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(first.id, Running(), force=True)
    for _ in range(3):
        assert verdict(deliver(receiver, touching())) == (200, "started")
    assert states() == ["Running", "Cancelled", "Cancelled", "Scheduled"]


@pytest.mark.row("P003-302")
def test_many_pushes_at_once_leave_one_that_waits(receiver):
    payloads = [touching() for _ in range(12)]

    async def all_at_once():
        async with httpx.AsyncClient(base_url=receiver.base_url, timeout=20) as client:
            bodies = [body_of(payload) for payload in payloads]
            return await asyncio.gather(*(client.post(PATH, content=b, headers=headers_of(b)) for b in bodies))

    answers = asyncio.run(all_at_once())
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert states().count("Scheduled") == 1


def test_a_run_of_the_schedule_that_waits_is_left_alone(receiver, deployment):
    with get_client(sync_client=True) as client:
        hourly = client.create_flow_run_from_deployment(deployment, tags=["auto-scheduled"])
    deliver(receiver, touching())
    with get_client(sync_client=True) as client:
        (found,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[hourly.id])))
    assert found.state_name == "Scheduled"


@pytest.mark.row("P003-305", "W003-305")
def test_the_budget_of_signed_requests_ends_in_429_and_says_truly_when_to_come_back(configured):
    configured.setenv("ORKET_RATE_LIMIT", "3")
    with serving() as receiver:
        answers = [deliver(receiver, push(commit("README.md"))) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        first_free = [int(answer.headers["Retry-After"]) for answer in answers[3:]]
        assert all(55 <= seconds <= 60 for seconds in first_free)
        assert "too_many" in receiver.get("/metrics").text
        assert verdict(deliver(receiver, touching())) == (200, "started")  # a budget of its own


def test_the_budget_of_all_holds_although_each_source_is_within_its_own(configured):
    configured.setenv("ORKET_RATE_LIMIT_OF_ALL", "2")
    with serving() as receiver:
        assert [deliver(receiver, push(commit("x"))).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.row("P003-305")
def test_replays_do_not_use_up_what_new_pushes_need(configured):
    configured.setenv("ORKET_RATE_LIMIT", "2")
    payload = touching()
    with serving() as receiver:
        codes = [deliver(receiver, payload).status_code for _ in range(6)]
        assert codes == [200, 200, 200, 429, 429, 429]
        assert verdict(deliver(receiver, touching())) == (200, "started")


@pytest.mark.row("P003-306", "W003-305")
def test_two_thousand_unsigned_requests_do_not_keep_a_signed_one_out(receiver):
    async def flood(client, done):
        body = body_of(touching())
        forged = headers_of(body, secret="guess")
        for number in range(200):
            await client.post(PATH, content=body, headers=forged if number % 2 else {})
        done.append(1)

    async def push_amid():
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(base_url=receiver.base_url, timeout=60, limits=limits) as crowd:
            done: list[int] = []
            floods = [asyncio.create_task(flood(crowd, done)) for _ in range(10)]
            await asyncio.sleep(0.3)
            async with httpx.AsyncClient(base_url=receiver.base_url, timeout=5) as gitea:
                body = body_of(touching())
                signed = await gitea.post(PATH, content=body, headers=headers_of(body))
            amid = len(done) < 10
            await asyncio.gather(*floods)
            return signed, amid

    signed, amid = asyncio.run(push_amid())
    assert amid
    assert verdict(signed) == (200, "started")
    counted = receiver.get("/metrics").text
    assert 'requests_total{verdict="unsigned"} 1000.0' in counted
    assert 'requests_total{verdict="badly_signed"} 1000.0' in counted
    assert verdict(deliver(receiver, touching())) == (200, "started")


@pytest.mark.row("P003-306", "D003-304")
def test_a_crowd_of_senders_whose_bodies_never_come_does_not_keep_a_signed_one_out(receiver):
    lines = []
    for _ in range(60):
        line = socket.create_connection((receiver.base_url.host, receiver.base_url.port), timeout=10)
        signature = f"X-Gitea-Signature: {'0' * 64}"
        line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n{signature}\r\n\r\n{{".encode())
        lines.append(line)
    try:
        assert verdict(deliver(receiver, touching())) == (200, "started")
        given_up, _, _ = select.select(lines, [], [], 2)
        assert lines[0] in given_up  # the oldest, and long before its time is over
        assert lines[-1] not in given_up
        assert lines[0].recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        for line in lines:
            line.close()


@pytest.mark.row("P003-307", "W003-306")
def test_health_asks_the_database_and_prefect_and_shows_nothing_else(configured):
    with serving() as receiver:
        answer = receiver.get("/health")
        assert (answer.status_code, answer.json()) == (
            200,
            {"status": "healthy", "checks": {"database": "ok", "prefect": "ok"}},
        )
    configured.setenv("WATCHKEEPER_DSN", "postgresql://u:c4nary@127.0.0.1:9/d")
    with serving() as receiver:
        answer = receiver.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["checks"] == {"database": "fail", "prefect": "ok"}
    assert "c4nary" not in answer.text


@pytest.mark.row("D003-305")
def test_without_the_database_or_without_prefect_a_push_is_refused_and_may_be_delivered_again(configured, deliveries):
    payload = touching()
    configured.setenv("PRODUCT_PUBLISH_WEBHOOK_DEPLOYMENT", "not/there")
    with serving() as receiver:
        assert verdict(deliver(receiver, payload)) == (503, "unavailable")
    configured.setenv("PRODUCT_PUBLISH_WEBHOOK_DEPLOYMENT", f"{DEPLOYMENT}/{DEPLOYMENT}")
    configured.setenv("WATCHKEEPER_DSN", "postgresql://u:c4nary@127.0.0.1:9/d")
    with serving() as receiver:
        refused = deliver(receiver, payload)
        assert verdict(refused) == (503, "unavailable")
        assert "c4nary" not in refused.text
        configured.setenv("WATCHKEEPER_DSN", deliveries)
        assert verdict(deliver(receiver, payload)) == (200, "started")


@pytest.mark.row("P003-308")
def test_metrics_count_by_verdict_and_hold_nothing_that_was_sent(receiver):
    deliver(receiver, touching())
    deliver(receiver, push(commit("README.md")))
    answer = receiver.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'watchkeeper_receiver_requests_total{verdict="started"} 1.0' in answer.text
    assert 'watchkeeper_receiver_requests_total{verdict="ignored"} 1.0' in answer.text
    assert "watchkeeper_receiver_last_start_timestamp_seconds 1." in answer.text
    assert not [secret for secret in (SECRET, "o/mono", "example.org", "README") if secret in answer.text]


def test_anything_else_is_not_there(receiver):
    assert receiver.get(PATH).status_code == 405
    assert receiver.get("/").status_code == 404
    assert receiver.post("/health").status_code == 405
