"""The stand-in as a server: an ASGI app behind uvicorn, on this machine only."""

import functools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl

import anyio
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.gitea.faults import Trouble
from tests.runtime import acts, orders, views
from tests.runtime.asked import Asked, Refusal, Reply
from tests.runtime.gate import Gate
from tests.runtime.sim import SIM
from tests.runtime.world import World

Handler = Callable[[Asked], Reply]
ROUTES: list[tuple[str, dict[str, Handler]]] = [
    ("/(?:healthz|health)", {"GET": views.healthz}),
    ("/api/(?:healthz|health)", {"GET": views.late_healthz}),
    ("/live-readiness", {"GET": views.live_readiness}),
    ("/live/readiness", {"GET": views.live_slash_readiness}),
    ("/metrics", {"GET": orders.http_metrics}),
    ("/api/ui/status", {"GET": views.status}),
    ("/api/ui/status/full", {"GET": views.status_full}),
    ("/api/ui/status/(?:overview|components|slo)", {"GET": views.overview}),
    ("/api/ui/system_status", {"GET": views.overview}),
    ("/api/ui/config", {"GET": views.config}),
    ("/api/ui/config/validate", {"GET": views.config_validate}),
    ("/api/ui/state", {"GET": views.state}),
    ("/api/ui/live-guard", {"GET": views.live_guard}),
    ("/api/ui/live-(?:promotion|safety)", {"GET": views.live_promotion}),
    ("/api/ui/live-approvals", {"GET": views.live_approvals}),
    ("/api/ui/runtime_badges", {"GET": views.badges}),
    ("/api/ui/positions", {"GET": views.positions}),
    ("/api/ui/audit_log", {"GET": views.audit_log}),
    ("/api/ui/secrets/status", {"GET": views.secrets_status}),
    ("/api/ui/events", {"GET": views.events}),
    ("/api/ui/alerts", {"GET": views.alerts}),
    ("/api/ui/hold", {"POST": acts.hold}),
    ("/api/ui/resume-request", {"POST": acts.resume_request}),
    ("/api/ui/resume-confirm", {"POST": acts.resume_confirm}),
    ("/api/ui/resume", {"POST": acts.resume}),
    ("/api/ui/control", {"PATCH": acts.patch_control}),
    ("/api/ui/kill-request", {"POST": acts.kill_request}),
    ("/api/ui/(?:kill-confirm|kill)", {"POST": acts.kill_confirm}),
    ("/api/ui/cancel-all", {"POST": acts.cancel_all}),
    ("/api/ui/execution/orders", {"POST": orders.accept_anyway}),
    ("/api/ops/live-toggle/requests", {"GET": acts.toggle_requests, "POST": acts.toggle_request}),
    ("/api/ops/live-toggle/requests/([^/]+)/(approve|reject)", {"POST": acts.toggle_decide}),
]


ROUTES += SIM


@dataclass(frozen=True)
class Seen:
    """One request that came in, for a test to look at."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    world: World
    port: int
    gate: Gate = field(default_factory=Gate)
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fresh(self, **environ: str) -> World:
        """A runtime that was started just now with these variables; nothing of the one before is left."""
        self.world, self.gate = World(environ), Gate()
        self.troubles.clear()
        self.seen.clear()
        return self.world

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path, body = scope["path"], await request.body()
        self.seen.append(Seen(request.method, path, dict(request.headers), body))
        trouble = next((one for one in self.troubles if one.applies(request.method, path)), Trouble(""))
        trouble.met += 1
        await anyio.sleep(trouble.delay_s + self.world.lag_s)
        if trouble.cut and not trouble.after:
            _cut(send)
            return
        canned = trouble.reply()
        reply = Reply(canned.status, canned.body, canned.headers) if canned else self._reply(request, path, body)
        if trouble.cut:
            _cut(send)
            return
        date = formatdate(self.world.clock() + self.world.skew_s, usegmt=True)
        await Response(reply.body, reply.status, {**reply.headers, "date": date})(scope, receive, send)

    def _reply(self, request: Request, path: str, body: bytes) -> Reply:
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(self.world, request.method, path, query, headers, body)
        for pattern, handlers in ROUTES:
            if found := re.fullmatch(pattern, path):
                if asked.method not in handlers:
                    return Refusal(405, "Method Not Allowed").reply()
                asked.parts = found.groups()
                return self.gate.through(asked, functools.partial(_handled, handlers[asked.method]))
        return Refusal(404, "Not Found").reply()


def _handled(handle: Handler, asked: Asked) -> Reply:
    try:
        return handle(asked)
    except Refusal as refusal:
        return refusal.reply()


def _cut(send: Send) -> None:
    """Drop the connection as a crashing server does; ASGI has no word for it, so uvicorn's transport is asked."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


def engine_of(server: Server) -> uvicorn.Server:
    config = uvicorn.Config(
        server.answer,
        interface="asgi3",
        proxy_headers=False,
        log_level="error",
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
    )
    return uvicorn.Server(config)


@contextmanager
def running_runtime() -> Iterator[Server]:
    """A runtime on a free port, until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only where proto says TCP
        server = Server(World(), listening.getsockname()[1])
        engine = engine_of(server)
        thread = threading.Thread(target=engine.run, args=([listening],), daemon=True)
        thread.start()
        while not engine.started:
            time.sleep(0.01)
        try:
            yield server
        finally:
            engine.should_exit = True
            thread.join(timeout=10)
