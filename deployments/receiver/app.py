"""The ASGI application: `POST /webhook/gitea`, `GET /health`, `GET /metrics` (runbook 003, Push Automation).

Order of the checks: declared size, shape of the signature, size, signature; only then budgets, because an unsigned
flood must not use up what Gitea needs. Everything before the signature costs microseconds and keeps nothing.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from prefect.exceptions import ObjectNotFound
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployments.receiver.bodies import Bodies, TooLarge, TooSlow
from deployments.receiver.budget import Budget, Kind
from deployments.receiver.counters import Counters
from deployments.receiver.health import Health
from tasks.clock import utc_now
from tasks.publishing.deliveries import claim_delivery, give_back_delivery
from tasks.rules.faults import Fault
from tasks.rules.publishing.push import (
    MOST_BYTES,
    Concern,
    NotAPush,
    Watched,
    concern_of,
    delivery_in,
    fingerprint_of,
    signature_in,
    signed_payload,
)

log = logging.getLogger("watchkeeper.receiver")
PATH = "/webhook/gitea"
_START_PATIENCE_S = 4.0  # Gitea waits five seconds and never asks again
_MOST_SEEN = 4096


class Starts(Protocol):
    async def start(self, delivery: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    verdict: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


TOO_LARGE = Reply(413, "too_large", "Payload too large")
TOO_SLOW = Reply(408, "too_slow", "The body did not come")
UNSIGNED = Reply(401, "unsigned", "Missing signature")
BADLY_SIGNED = Reply(401, "badly_signed", "Invalid signature")
INVALID = Reply(400, "invalid", "Invalid payload")
NO_DELIVERY = Reply(400, "no_delivery", "Missing delivery number")
REPLAYED = Reply(200, "replayed", "This push was taken before")
DISABLED = Reply(200, "disabled", "ENABLE_PRODUCT_REPO_PUBLISH is not true")
STARTED = Reply(200, "started", "A publish was started")
UNAVAILABLE = Reply(503, "unavailable", "Nothing was started; deliver it again")


class Receiver:
    """Turns a request into a reply; holds what was seen lately, the budgets and the counters."""

    def __init__(self, secret: str, watched: Watched, budget: Budget, starter: Starts, *, enabled: bool) -> None:
        self._secret, self._watched, self._enabled = secret, watched, enabled
        self._budget, self._starter = budget, starter
        self._bodies = Bodies(MOST_BYTES)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.counters = Counters()

    async def webhook(self, request: Request) -> Response:
        with self.counters.seconds.time():
            reply = await self._reply(request)
        self.counters.requests.labels(reply.verdict).inc()
        content = {"status": reply.verdict, "message": reply.message}
        return JSONResponse(content, reply.code, reply.headers)

    async def _reply(self, request: Request) -> Reply:
        signature = signature_in(request.headers.getlist("x-gitea-signature"))
        if signature is None or self._bodies.refuses(request):
            refused = TOO_LARGE if self._bodies.refuses(request) else UNSIGNED
            await self._bodies.drop(request)
            return refused
        try:
            body = await self._bodies.read(request)
        except TooLarge:
            return TOO_LARGE
        except TooSlow:
            return TOO_SLOW
        payload = signed_payload(body, request.headers.get("content-type", ""), self._secret, signature)
        return BADLY_SIGNED if payload is None else await self._signed(request, payload)

    async def _signed(self, request: Request, payload: bytes) -> Reply:
        """What is signed: counted against its budget, then ignored, recognised or started."""
        delivery, fingerprint = delivery_in(request.headers.getlist("x-gitea-delivery")), fingerprint_of(payload)
        try:
            concern = concern_of(request.headers.get("x-gitea-event", ""), payload, self._watched)
        except NotAPush:
            concern = None
        replayed = fingerprint in self._seen or delivery in self._seen
        source = request.client.host if request.client else "unknown"
        if wait_s := self._budget.spend(_kind(concern, replayed), source):
            return Reply(429, "too_many", "Webhook rate limit exceeded", {"Retry-After": str(wait_s)})
        if concern is None:
            return INVALID
        if concern is not Concern.TOUCHES:
            return Reply(200, "ignored", concern.value)
        if not self._enabled:
            return DISABLED
        if delivery is None:
            return NO_DELIVERY
        return REPLAYED if replayed else await self._start(delivery, fingerprint)

    async def _start(self, delivery: str, fingerprint: str) -> Reply:
        try:
            is_new = await run_in_threadpool(claim_delivery, delivery, fingerprint, utc_now())
        except Fault as fault:
            log.warning("a push was not taken: %s", fault.reason)
            return UNAVAILABLE
        if is_new:
            try:
                await asyncio.wait_for(self._starter.start(delivery), _START_PATIENCE_S)
            except (httpx.HTTPError, ObjectNotFound, TimeoutError) as error:
                log.warning("a push started nothing: %s", type(error).__name__)
                await self._give_back(delivery)
                return UNAVAILABLE
            self.counters.started_at.set(time.time())
            log.info("a push started a publish: delivery %s", delivery)
        self._remember(delivery, fingerprint)
        return STARTED if is_new else REPLAYED

    async def _give_back(self, delivery: str) -> None:
        try:
            await run_in_threadpool(give_back_delivery, delivery)
        except Fault as fault:
            log.warning("a delivery stays taken although it started nothing: %s", fault.reason)

    def _remember(self, *names: str) -> None:
        for name in names:
            self._seen[name] = None
        while len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)


def _kind(concern: Concern | None, replayed: bool) -> Kind:
    if replayed:
        return Kind.REPLAY
    return Kind.PUSH if concern is Concern.TOUCHES else Kind.OTHER


def make_app(receiver: Receiver, health: Health) -> Starlette:
    async def is_healthy(_: Request) -> Response:
        answers = await health.answers()
        well = all(answers.values())
        checks = {name: "ok" if answer else "fail" for name, answer in answers.items()}
        content = {"status": "healthy" if well else "unhealthy", "checks": checks}
        return JSONResponse(content, 200 if well else 503)

    async def metrics(_: Request) -> Response:
        return Response(receiver.counters.text(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route(PATH, receiver.webhook, methods=["POST"]),
            Route("/health", is_healthy, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ]
    )
