"""Webhooks on their way: signed, a while after the push, once and never again."""

import hashlib
import hmac
import http.client
import ipaddress
import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass
from fnmatch import fnmatch
from urllib.parse import urlencode, urlsplit

from tests.gitea.payloads import Update, events_of
from tests.gitea.world import Hook, Repo, User, World

DELIVER_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Delivery:
    """One attempt; `status` is None when nobody answered or the host is not on the allow list."""

    hook: Hook
    event: str
    headers: dict[str, str]
    body: bytes
    status: int | None


class Post:
    """The one who delivers, in the order of the pushes, `delay_s` after each.

    As with Gitea's default allow list, this machine is passed over without a word while `allows_loopback` is not set.
    """

    def __init__(self) -> None:
        self.delay_s = 0.5
        self.allows_loopback = True
        self.sent: list[Delivery] = []
        self._waiting: queue.Queue[tuple[float, Hook, str, dict[str, object]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, hook: Hook, event: str, payload: dict[str, object]) -> None:
        self._waiting.put((time.monotonic() + self.delay_s, hook, event, payload))

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            due, hook, event, payload = item
            time.sleep(max(0.0, due - time.monotonic()))
            self.sent.append(self._deliver(hook, event, payload))

    def _deliver(self, hook: Hook, event: str, payload: dict[str, object]) -> Delivery:
        body, headers = request_of(hook, event, payload)
        try:
            status = _sent(hook.config["url"], headers, body) if self._is_allowed(hook.config["url"]) else None
        except (OSError, http.client.HTTPException, ValueError):
            status = None
        return Delivery(hook, event, headers, body, status)

    def _is_allowed(self, url: str) -> bool:
        try:
            return self.allows_loopback or not ipaddress.ip_address(urlsplit(url).hostname or "").is_private
        except ValueError:
            return self.allows_loopback


POSTS: dict[int, Post] = {}


def post_of(world: World) -> Post:
    return POSTS.setdefault(id(world), Post())


def deliver(world: World, hook: Hook, event: str, payload: dict[str, object]) -> None:
    if hook.active:
        post_of(world).add(hook, event, payload)


def announce(world: World, repo: Repo, user: User, updates: list[Update]) -> None:
    """One request for each updated ref, each event and each hook that wants it."""
    hooks = [*repo.hooks, *world.org_hooks.get(repo.owner.lower(), [])]
    for update in updates if hooks else []:
        for event, payload in events_of(world, repo, user, update):
            for hook in hooks:
                if event in hook.events and _wants_branch(hook, update[2]):
                    deliver(world, hook, event, payload)


def _wants_branch(hook: Hook, ref: str) -> bool:
    is_branch = ref.startswith("refs/heads/")
    return (
        not is_branch
        or hook.branch_filter in ("", "*")
        or fnmatch(ref.removeprefix("refs/heads/"), hook.branch_filter)
    )


def request_of(hook: Hook, event: str, payload: dict[str, object]) -> tuple[bytes, dict[str, str]]:
    """Body and headers; the signature is over the JSON, also where the body is a form."""
    text = json.dumps(payload, indent=2, ensure_ascii=False).encode()
    is_form = hook.config["content_type"] == "form"
    secret = hook.config.get("secret", "").encode()
    sha256 = hmac.new(secret, text, hashlib.sha256).hexdigest() if secret else ""
    sha1 = hmac.new(secret, text, hashlib.sha1).hexdigest() if secret else ""
    number = str(uuid.uuid4())
    headers = {
        "User-Agent": "Go-http-client/1.1",
        "Content-Type": "application/x-www-form-urlencoded" if is_form else "application/json",
        "X-Gitea-Delivery": number,
        "X-Gitea-Event": event,
        "X-Gitea-Event-Type": event,
        "X-Gitea-Signature": sha256,
        "X-Gogs-Delivery": number,
        "X-Gogs-Event": event,
        "X-Gogs-Event-Type": event,
        "X-Gogs-Signature": sha256,
        "X-GitHub-Delivery": number,
        "X-GitHub-Event": event,
        "X-GitHub-Event-Type": event,
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={sha256}",
        "Accept-Encoding": "gzip",
    }
    if hook.authorization_header:
        headers["Authorization"] = hook.authorization_header
    return (urlencode({"payload": text}).encode() if is_form else text), headers


def _sent(url: str, headers: dict[str, str], body: bytes) -> int:
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=DELIVER_TIMEOUT_S)
    try:
        connection.putrequest("POST", where.path or "/", skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()
