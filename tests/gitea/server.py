"""The stand-in as a server: an ASGI app behind uvicorn in a thread, on this machine only."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import anyio
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.gitea import git_http, hooks, owners, refs, repositories
from tests.gitea.asked import Asked
from tests.gitea.deliveries import announce, post_of
from tests.gitea.faults import Trouble
from tests.gitea.logins import login_of
from tests.gitea.replies import Refusal, Reply, as_text
from tests.gitea.world import World

Handler = Callable[[Asked], Reply]
_REPO = "repos/([^/]+)/([^/]+)"
ROUTES: list[tuple[str, dict[str, Handler]]] = [
    ("version", {"GET": owners.version}),
    ("settings/api", {"GET": owners.api_settings}),
    ("user", {"GET": owners.me}),
    ("user/repos", {"GET": owners.my_repos, "POST": repositories.create_own}),
    ("users/([^/]+)", {"GET": owners.user}),
    ("users/([^/]+)/tokens", {"POST": owners.make_token}),
    ("admin/users/([^/]+)/repos", {"POST": repositories.create_for}),
    ("orgs", {"POST": owners.make_org}),
    ("orgs/([^/]+)", {"GET": owners.org, "DELETE": owners.delete_org}),
    ("orgs/([^/]+)/repos", {"GET": owners.org_repos, "POST": repositories.create_in_org}),
    ("org/([^/]+)/repos", {"POST": repositories.create_in_org}),
    ("orgs/([^/]+)/hooks", {"POST": hooks.make_org_hook}),
    (_REPO, {"GET": repositories.show, "PATCH": repositories.edit, "DELETE": repositories.delete}),
    (f"{_REPO}/topics", {"PUT": repositories.put_topics}),
    (f"{_REPO}/branches", {"GET": refs.branches}),
    (f"{_REPO}/branches/(.+)", {"GET": refs.branch}),
    (f"{_REPO}/git/refs", {"GET": refs.all_refs}),
    (f"{_REPO}/git/refs/(.+)", {"GET": refs.some_refs}),
    (f"{_REPO}/commits", {"GET": refs.commits}),
    (f"{_REPO}/commits/([^/]+)/status", {"GET": refs.combined_status}),
    (f"{_REPO}/statuses/([0-9a-f]{{40}})", {"POST": refs.set_status}),
    (f"{_REPO}/tags", {"GET": refs.tags}),
    (f"{_REPO}/branch_protections", {"GET": refs.protections, "POST": refs.protect}),
    (f"{_REPO}/branch_protections/(.+)", {"DELETE": refs.unprotect}),
    (f"{_REPO}/hooks", {"GET": hooks.list_hooks, "POST": hooks.make_hook}),
    (f"{_REPO}/hooks/(\\d+)", {"GET": hooks.show_hook, "PATCH": hooks.edit_hook, "DELETE": hooks.delete_hook}),
    (f"{_REPO}/hooks/(\\d+)/tests", {"POST": hooks.try_hook}),
]


@dataclass(frozen=True)
class Seen:
    """One request that came in, for a test to look at."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Server:
    world: World
    port: int
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        self.seen.append(Seen(request.method, path, dict(request.headers)))
        body = await request.body()
        trouble = next((one for one in self.troubles if one.applies(request.method, path)), Trouble(""))
        trouble.met += 1
        await anyio.sleep(trouble.delay_s)
        if trouble.cut and not trouble.after:
            _cut(send)
            return
        reply = trouble.reply()
        if reply is None:
            reply = await anyio.to_thread.run_sync(self._reply, request, path, body)
        if trouble.cut:
            _cut(send)
            return
        await Response(reply.body, reply.status, reply.headers)(scope, receive, send)

    def _reply(self, request: Request, path: str, body: bytes) -> Reply:
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        if path.startswith("/api/v1/"):
            return self._api(Asked(self.world, request.method, path.rstrip("/"), query, headers, body))
        if not git_http.PATH.fullmatch(unquote(path)):
            return as_text(404, "404 page not found\n")
        served = git_http.serve(Asked(self.world, request.method, unquote(path), query, headers, body))
        if served.repo and served.user and served.updates:
            self.world.pushed(served.repo, served.updates)
            announce(self.world, served.repo, served.user, served.updates)
        return served.reply

    def _api(self, asked: Asked) -> Reply:
        wanted = asked.path.removeprefix("/api/v1/")
        for pattern, handlers in ROUTES:
            if found := re.fullmatch(pattern, wanted):
                if asked.method not in handlers:
                    return Reply(405, b"", {"Allow": ", ".join(handlers)})
                asked.parts = tuple(unquote(part) for part in found.groups())
                return self._handled(handlers[asked.method], asked)
        return as_text(404, "404 page not found\n")

    def _handled(self, handler: Handler, asked: Asked) -> Reply:
        try:
            asked.login = login_of(self.world, asked.headers.get("authorization"), asked.query)
            return handler(asked)
        except repositories.Moved as moved:
            return repositories.moved_to(asked, moved.repo)
        except Refusal as refusal:
            return refusal.reply(self.world.root_url)


def _cut(send: Send) -> None:
    """Drop the connection as a crashing server does; ASGI has no word for it, so uvicorn's transport is asked."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


@contextmanager
def running_gitea(folder: Path) -> Iterator[Server]:
    """A Gitea with a site admin `boss` on a free port, until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only where proto says TCP
        server = Server(World(folder), listening.getsockname()[1])
        server.world.root_url = f"{server.url}/"
        config = uvicorn.Config(
            server.answer,
            interface="asgi3",
            proxy_headers=False,
            log_level="error",
            server_header=False,
            lifespan="off",
        )
        engine = uvicorn.Server(config)
        thread = threading.Thread(target=engine.run, args=([listening],), daemon=True)
        thread.start()
        while not engine.started:
            time.sleep(0.01)
        try:
            yield server
        finally:
            engine.should_exit = True
            thread.join(timeout=10)
            post_of(server.world).close()
