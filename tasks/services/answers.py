"""One look at a service's /health: status, body and time; nothing of the body is kept."""

import json
from time import monotonic

import httpx

_TIMEOUT_S = 3.0
_LONGEST_BODY = 1 << 16
_GOOD = ("ok", "healthy")


def healthy_after_ms(url: str) -> float | None:
    """How long a good answer took in milliseconds; None if there was none, whatever came instead."""
    began = monotonic()
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client, client.stream("GET", url) as answer:
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _LONGEST_BODY or monotonic() - began > _TIMEOUT_S:
                    return None
            if answer.status_code != httpx.codes.OK or not _is_good(body):
                return None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
        return None
    return round((monotonic() - began) * 1000, 2)


def _is_good(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and (document.get("status") in _GOOD or document.get("ok") is True)
