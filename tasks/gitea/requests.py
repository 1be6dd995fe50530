"""One request to Gitea's API: logged in, bounded in time, repeated only where that is safe, never led elsewhere."""

import base64
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal
from urllib.parse import quote, urljoin

import httpx

from tasks.rules.publishing.answers import (
    TRIES,
    fault_for,
    is_worth_repeating,
    pause_s,
    redirect_refused,
    unreachable,
)
from tasks.settings.publishing import gitea_address, gitea_login, gitea_timeout_s

log = logging.getLogger("prefect.watchkeeper")
_MOST_HOPS = 3
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
Method = Literal["GET", "POST", "PATCH"]
Body = Mapping[str, str | bool | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON that came with it; `moved` when Gitea led on from an old name on the same server."""

    status: int
    data: object
    moved: bool = False

    @property
    def message(self) -> str:
        return str(self.data.get("message", "")) if isinstance(self.data, dict) else ""


def get(*path: str) -> Answer:
    """The answer to a question; repeated when Gitea was busy, failed or fell silent: asking changes nothing."""
    url, moved = _url(path), False
    for _ in range(_MOST_HOPS):
        answer = _answered("GET", url)
        if not answer.is_redirect:
            return Answer(answer.status_code, _data(answer), moved)
        url, moved = _led_to(url, answer), True
    raise redirect_refused()


def post(*path: str, body: Body) -> Answer:
    """The answer to an order; repeated only where it surely was not carried out (no connection, 429)."""
    answer = _answered("POST", _url(path), body)
    return Answer(answer.status_code, _data(answer))


def patch(*path: str, body: Body) -> Answer:
    """The answer to a change that sets what is given; repeated like a question, for twice is the same as once."""
    answer = _answered("PATCH", _url(path), body)
    return Answer(answer.status_code, _data(answer))


def authorization() -> str:
    """The value of the header Authorization: Basic over the UTF-8 bytes as they are, nothing percent-encoded."""
    return f"Basic {base64.b64encode(gitea_login().get_secret_value().encode()).decode()}"


def _answered(method: Method, url: str, body: Body | None = None) -> httpx.Response:
    for attempt in range(TRIES):
        answer = _tried(method, url, body)
        if answer is not None and not _may_repeat(method, answer):
            return answer
        pause = pause_s(attempt, answer.headers.get("Retry-After") if answer else None, datetime.now(UTC))
        if pause is None:
            break
        time.sleep(pause)
    raise fault_for(answer.status_code, "") if answer else unreachable()


def _may_repeat(method: Method, answer: httpx.Response) -> bool:
    return answer.status_code == 429 or (method != "POST" and is_worth_repeating(answer.status_code))


def _tried(method: Method, url: str, body: Body | None) -> httpx.Response | None:
    """The answer; None when there was none and asking again is safe."""
    address = gitea_address()
    try:
        return _client(trust_env=not address.is_loopback).request(
            method, url, json=body, headers={"Authorization": authorization()}, timeout=gitea_timeout_s()
        )
    except httpx.TransportError as error:
        log.info("no answer from Gitea (%s)", type(error).__name__)
        if method != "POST" or isinstance(error, _NOT_SENT):
            return None
        raise unreachable() from None


@cache
def _client(*, trust_env: bool) -> httpx.Client:
    """One client for the process, so that connections are kept; a proxy never stands before this machine itself."""
    return httpx.Client(follow_redirects=False, trust_env=trust_env, headers={"Accept": "application/json"})


def _url(path: tuple[str, ...]) -> str:
    return f"{gitea_address().root}/api/v1/" + "/".join(quote(part, safe="") for part in path)


def _led_to(url: str, answer: httpx.Response) -> str:
    """Where a redirect leads, if that is the same server; another one would get our login."""
    target: str = urljoin(url, answer.headers.get("Location", ""))
    if not gitea_address().same_server(target):
        raise redirect_refused()
    return target


def _data(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None
