"""One request to the trading runtime: bounded in time, polled only where reading changes nothing, written once.

A write carries an idempotency key. The runtime gives stored errors back for a key, so after an error that is a replay
there is a fresh one, that no earlier run can have used; and it limits writes without Retry-After, so the pause is
read from `x-ratelimit-reset`.
"""

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Literal

import httpx

from tasks.rules.guard.answers import HARMLESS, TRIES, fault_for, limit_pause_s, pause_s, silent, skew_s
from tasks.rules.publishing.remote import Address
from tasks.settings.guard import api_token, runtime_address, runtime_settings, second_token

log = logging.getLogger("prefect.watchkeeper")
Method = Literal["POST", "PATCH"]
Body = Mapping[str, str | bool | float]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, what came with it, when by our clock, and how far the runtime's clock is ahead of it in seconds."""

    status: int
    data: object
    text: str
    received: datetime
    skew_s: float | None = None
    replayed: bool = False
    limit_s: float | None = None  # seconds until it takes another write, if it refused this one for that

    @property
    def detail(self) -> str:
        said = self.data.get("detail") if isinstance(self.data, dict) else None
        return said if isinstance(said, str) else ""


def look(base: str, path: str, *, tries: int = TRIES) -> Answer:
    """What the runtime says at a path that is safe to poll; asked again when it fell silent. Sends no token."""
    if path.partition("?")[0] not in HARMLESS:
        raise ValueError(f"{path} is not known to be free of side effects")
    address = runtime_address(base)
    for attempt in range(tries):
        answer = _tried("GET", address, path)
        if answer is not None:
            return answer
        pause = pause_s(attempt)
        if pause is None or attempt + 1 == tries:
            break
        time.sleep(pause)
    raise silent()


def look_as_ourselves(base: str, path: str) -> Answer:
    """The same for what is shown to a token only."""
    if path.partition("?")[0] not in HARMLESS:
        raise ValueError(f"{path} is not known to be free of side effects")
    address = runtime_address(base)
    answer = _tried("GET", address, path, headers=_login(address))
    if answer is None:
        raise silent()
    return answer


def change(base: str, method: Method, path: str, body: Body, key: str, *, as_second: bool = False) -> Answer:
    """The answer to a write with status 2xx; every other answer is a fault.

    Silence is met with the same key, so that what was done is not done again; a limit or a replayed error with a
    fresh one. Fails with `runtime_busy` when the limit outlasts the attempts. `as_second`: with the other operator's
    token.
    """
    address = runtime_address(base)
    given, answer = key, None
    for attempt in range(TRIES + 1):
        login = _login(address, as_second=as_second)
        answer = _tried(method, address, path, body, {**login, "Idempotency-Key": given})
        pause = _pause_before_next(answer, attempt)
        if pause is None:
            break
        if answer is not None:
            given = fresh(key)
        time.sleep(pause)
    if answer is None:
        raise silent()
    if answer.status >= 300:
        raise fault_for(answer.status, answer.detail)
    return answer


def fresh(key: str) -> str:
    """Another key for the same deed: a refusal that was stored under the first one stands there for ten minutes."""
    return f"{key}.{uuid.uuid4().hex[:8]}"


def _pause_before_next(answer: Answer | None, attempt: int) -> float | None:
    """Seconds before another attempt; None when there is nothing to gain by one."""
    if answer is None:
        return pause_s(attempt)
    if answer.status == 429 and attempt < TRIES:
        return answer.limit_s
    if answer.replayed and answer.status >= 400 and attempt < TRIES:
        return 0.0
    return None


def _login(address: Address, *, as_second: bool = False) -> dict[str, str]:
    token = second_token(address) if as_second else api_token(address)
    return {"Authorization": f"Bearer {token.get_secret_value()}"}


def _tried(
    method: str,
    address: Address,
    path: str,
    body: Body | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer | None:
    """The answer; None when there was none."""
    sent = datetime.now(UTC)
    try:
        response = _client(trust_env=not address.is_loopback).request(
            method, f"{address.root}/{path}", json=body, headers=headers, timeout=runtime_settings().timeout_s
        )
    except httpx.TransportError as error:
        log.info("no answer from the runtime (%s)", type(error).__name__)
        return None
    received = datetime.now(UTC)
    return Answer(
        status=response.status_code,
        data=_data(response),
        text=response.text,
        received=received,
        skew_s=_skew(response.headers.get("Date"), sent, received),
        replayed=response.headers.get("idempotent-replay", "").lower() == "true",
        limit_s=limit_pause_s(response.headers) if response.status_code == 429 else None,
    )


def _skew(date: str | None, sent: datetime, received: datetime) -> float | None:
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return skew_s(there if there.tzinfo else there.replace(tzinfo=UTC), sent, received)


@cache
def _client(*, trust_env: bool) -> httpx.Client:
    """One client for the process, so that connections are kept; a proxy never stands before this machine itself."""
    return httpx.Client(follow_redirects=False, trust_env=trust_env, headers={"Accept": "application/json"})


def _data(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
