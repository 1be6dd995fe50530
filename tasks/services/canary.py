"""Asking the live services as somebody who has no key, no signature and no token."""

import httpx

from tasks.rules.services.canary import Probe
from tasks.step import step

_TIMEOUT_S = 5.0


@step
def status_of(probe: Probe, url: str) -> int | None:
    """The HTTP status that comes back; None if nobody answers. Redirects are not followed, bodies not read."""
    body = b"{}" if probe.method == "POST" else None
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client,
            client.stream(probe.method, url.rstrip("/") + probe.path, content=body) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
