"""What stands before every call that changes something: the rate limit and the cache of idempotency keys.

Both as recorded: 429 has no Retry-After, and the cache stands before the limit, so that it gives errors back, a 429
among them (spec 002, 3; W25).
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.runtime.asked import Asked, Refusal, Reply, as_json

LIMITED = ("/api/ui", "/api/arb")


@dataclass
class Gate:
    """Buckets by token and stored answers by key."""

    buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    stored: dict[str, tuple[str, float, Reply]] = field(default_factory=dict)

    def through(self, asked: Asked, handle: Callable[[Asked], Reply]) -> Reply:
        """Who has no token gets no further; then the cache; then the limit, whose refusals are kept as well."""
        if asked.method == "GET" or not asked.path.startswith(LIMITED):
            return handle(asked)
        try:
            asked.login()
        except Refusal as refusal:
            return refusal.reply()
        return self._once(asked, lambda: self._limited(asked, handle))

    def _limited(self, asked: Asked, handle: Callable[[Asked], Reply]) -> Reply:
        allowed, left, reset = self._take(asked)
        limits = {"x-ratelimit-remaining": str(math.floor(left)), "x-ratelimit-reset": str(math.ceil(reset))}
        reply = handle(asked) if allowed else as_json(429, {"detail": "rate limit exceeded"})
        return Reply(reply.status, reply.body, reply.headers | limits)

    def _take(self, asked: Asked) -> tuple[bool, float, float]:
        """Whether this call may pass, what is left in the bucket, and seconds: till it is full, or has one more."""
        rate = float(asked.world.environ["API_RATE_PER_MIN"]) / 60
        burst, now = float(asked.world.environ["API_BURST"]), asked.world.clock()
        tokens, since = self.buckets.get(asked.token, (burst, now))
        tokens = min(burst, tokens + (now - since) * rate)
        allowed = tokens >= 1
        left = tokens - 1 if allowed else tokens
        self.buckets[asked.token] = (left, now)
        return allowed, left, ((burst if allowed else 1) - left) / rate

    def _once(self, asked: Asked, handle: Callable[[], Reply]) -> Reply:
        key = asked.headers.get("idempotency-key")
        if not key:
            return handle()
        now = asked.world.clock()
        same = hashlib.sha256(f"{asked.method} {asked.path} ".encode() + asked.body).hexdigest()
        before = self.stored.get(key)
        if before and before[1] > now:
            if before[0] != same:
                return as_json(409, {"detail": "idempotency key conflict"})
            return Reply(before[2].status, before[2].body, before[2].headers | {"idempotent-replay": "true"})
        reply = handle()
        lasts = float(asked.world.environ.get("IDEM_TTL_SEC", "600"))
        self.stored[key] = (same, now + lasts, reply)
        return reply
