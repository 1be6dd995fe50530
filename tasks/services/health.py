"""Asking the services for their health: bounded in time and size, never led elsewhere.

Runbook 003, Health checks.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Iterator, Mapping

import httpx

from tasks.rules.publishing.remote import Address, address_in
from tasks.rules.services.health import Answer, Target, word_of
from tasks.step import step

DEADLINE_S = 5.0
MOST_BYTES = 64 * 1024
_CERTIFICATE = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "self_signed",
    19: "self_signed",
    20: "unknown_issuer",
    21: "unknown_issuer",
    62: "wrong_host",
    64: "wrong_host",
}


@step
def ask_for_health(urls: Mapping[Target, str], deadline_s: float = DEADLINE_S) -> dict[Target, Answer]:
    """What each service answers to `GET /health`, all asked at once; trouble is part of an answer, never raised.

    The deadline holds for connecting, headers and body together, so that a service that drips is silent, not slow.
    """
    return asyncio.run(_all(urls, deadline_s))


@step(retries=0)
def wait_for_second_look(seconds: int) -> None:
    """Give a service that is just being restarted the time to come up."""
    time.sleep(seconds)


async def _all(urls: Mapping[Target, str], deadline_s: float) -> dict[Target, Answer]:
    answers = await asyncio.gather(*(_one(url, deadline_s) for url in urls.values()))
    return dict(zip(urls, answers, strict=True))


async def _one(url: str, deadline_s: float) -> Answer:
    address, started = address_in(url), time.monotonic()
    if address is None:
        return Answer(0, trouble="invalid_url")
    tls = None
    try:
        async with asyncio.timeout(deadline_s):
            return await _asked(address, started)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        tls = _tls_name(error)
        trouble = "tls_failed" if tls else "service_unreachable"
    except (TimeoutError, httpx.TimeoutException):
        trouble = "service_silent"
    except httpx.HTTPError as error:
        tls = _tls_name(error)
        trouble = "tls_failed" if tls else "service_dropped"
    except httpx.InvalidURL:
        trouble = "invalid_url"
    return Answer(_since(started), trouble=trouble, tls=tls)


async def _asked(address: Address, started: float) -> Answer:
    """One request; TLS is set up only where it is used, because reading all certificates is the dearest part."""
    verify = httpx.create_ssl_context() if address.scheme == "https" else False
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(verify=verify, trust_env=not address.is_loopback, timeout=None) as client,  # noqa: S113
        client.stream("GET", f"{address.root}/health", headers=headers) as answer,
    ):
        if answer.is_redirect:
            return Answer(_since(started), answer.status_code, trouble="redirected")
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > MOST_BYTES:
                return Answer(_since(started), answer.status_code, trouble="answer_too_large")
    return _read(answer.status_code, bytes(body), _since(started))


def _read(http: int, body: bytes, latency_ms: int) -> Answer:
    try:
        said = word_of(json.loads(body))
    except (ValueError, RecursionError):
        said = None
    return Answer(latency_ms, http, said, trouble=None if said else "answer_not_json")


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _tls_name(error: BaseException) -> str | None:
    """What is wrong with TLS in OpenSSL's own words, None if it is something else; no text of a certificate."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CERTIFICATE.get(cause.verify_code, f"certificate_{cause.verify_code}")
        if isinstance(cause, ssl.SSLError):
            return (cause.reason or "handshake_failed").lower()
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
