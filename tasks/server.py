"""Whether the Prefect server answers."""

import httpx

ANSWER_TIMEOUT_S = 2.0


def server_answers(api_url: str) -> bool:
    """Ask the server for its health, which needs no login; anything but a quick yes counts as no."""
    try:
        return httpx.get(f"{api_url.rstrip('/')}/health", timeout=ANSWER_TIMEOUT_S).is_success
    except httpx.HTTPError:
        return False
