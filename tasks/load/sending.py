"""What the generator sends: requests as bytes, each built when it is due; signed as Gitea signs.

The secrets come from the environment of the process that sends, and are in nothing but what goes to the target.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from tasks.rules.load.plan import Name
from tasks.settings.services import LoadSecrets

Request = Callable[[int], bytes]
_TEST_EVENT = b'{"event":"test","action":"opened","payload":{"repository":{"full_name":"local/test"}}}'
_AGENT = "watchkeeper-load"


def requests_of(name: Name, url: str, secrets: LoadSecrets) -> Request:
    """Gives request number i of a phase as it goes over the wire."""
    match name:
        case Name.WEBHOOK:
            whole = _request("POST", url, _TEST_EVENT, _test_headers(secrets))
            return lambda _number: whole
        case Name.SIGNED:
            return _signed(url, secrets.webhook_secret.get_secret_value().encode() if secrets.webhook_secret else b"")
        case Name.EPIC:
            return lambda number: _request(
                "POST", url, json.dumps({"issue_id": f"LOAD-EPIC-{number}"}).encode(), api_headers(secrets)
            )
        case _:
            asked = _request("GET", url, b"", api_headers(secrets))
            return lambda _number: asked


def api_headers(secrets: LoadSecrets) -> dict[str, str]:
    return {"X-API-Key": secrets.api_key.get_secret_value()} if secrets.api_key else {}


def _test_headers(secrets: LoadSecrets) -> dict[str, str]:
    """The test route takes its own token first, the API key second."""
    if secrets.test_token:
        return {"X-Webhook-Test-Token": secrets.test_token.get_secret_value()}
    return api_headers(secrets)


def _signed(url: str, secret: bytes) -> Request:
    """Deliveries as Gitea makes them: no two the same, so that a guard against replays lets them pass.

    The event is real and asks for nothing: labels of a pull request have changed.
    """

    def request(number: int) -> bytes:
        body = json.dumps(
            {
                "action": "label_updated",
                "number": number + 1,
                "pull_request": {"number": number + 1, "title": "load validation"},
                "repository": {"full_name": "local/test"},
                "sender": {"login": _AGENT},
            }
        ).encode()
        return _request("POST", url, body, signatures(body, secret))

    return request


def signatures(body: bytes, secret: bytes) -> dict[str, str]:
    """The headers of one delivery; all three signatures are over the raw body."""
    sha256 = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {
        "X-Gitea-Event": "pull_request",
        "X-Gitea-Event-Type": "pull_request",
        "X-Gitea-Delivery": str(uuid.uuid4()),
        "X-Gitea-Signature": sha256,
        "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + sha256,
    }


def _request(method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    fields = {"Host": parts.netloc, "User-Agent": _AGENT, "Accept": "application/json", **headers}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {parts.path or '/'} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
