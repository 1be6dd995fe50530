"""The webhook server's side of an exchange of secrets: its env file, and what it takes and refuses.

Runbook 003, Incident Playbook 2. The secrets are in that file and in the requests, and nowhere else.
"""

import hashlib
import hmac
import io
import secrets
import time
import uuid
from collections.abc import Mapping

import httpx
from dotenv import dotenv_values
from pydantic import SecretStr

from tasks.rules.faults import Fault, Refused
from tasks.rules.services.rotation import ROUTE, SECRET_BYTES, with_values
from tasks.runtime.environment_files import write_private
from tasks.services.commands import Place
from tasks.services.declared import env_file_of, own_values
from tasks.step import step

_TRIES, _PAUSE_S = 3, 0.5
_BODY = b'{"action":"secret_rotation"}'


def values_of(place: Place) -> dict[str, str]:
    """What the service's env file sets; one that is not declared is refused."""
    if env_file_of(place.service, place.folder) is None:
        raise Refused("env_file_missing", "declare env_file for the webhook server: the secret is kept there")
    return own_values(place.service, place.folder)


def fresh_secret() -> str:
    """32 random bytes as hex."""
    return secrets.token_hex(SECRET_BYTES)


@step(retries=0)  # safe to repeat: it sets what is set already
def change_env_file(place: Place, changes: Mapping[str, str | None]) -> None:
    """Set or take out variables in one move, readable by the owner alone; refused if anything else would change."""
    path = (place.folder / str(place.service.env_file)).resolve()
    text = path.read_text(encoding="utf-8")
    new = with_values(text, changes)
    before, after = (dotenv_values(stream=io.StringIO(one), interpolate=False) for one in (text, new))
    wanted = {**before, **changes}
    if after != {name: value for name, value in wanted.items() if not (name in changes and value is None)}:
        raise Refused("env_file_unclear", "write the secret into a line of its own in the env file: NAME=value")
    write_private(path, new, overwrite=True)


@step(retries=0)  # asks anew by itself
def prove(place: Place, old: SecretStr | None, new: SecretStr) -> None:
    """See the new secret taken and the old one refused with 401; anything else is a fault, and nothing is settled."""
    if _status(place, new.get_secret_value()) == 401:
        raise Fault("new_secret_refused", "the webhook server does not use the env file's secret; see how it starts")
    if old is not None and _status(place, old.get_secret_value()) != 401:
        raise Fault(
            "old_secret_accepted", "the webhook server still takes the old secret: stop what else answers there"
        )


def _status(place: Place, secret: str) -> int:
    headers = {
        "Content-Type": "application/json",
        "X-Gitea-Event": "secret_rotation",
        "X-Gitea-Delivery": str(uuid.uuid4()),
        "X-Gitea-Signature": hmac.new(secret.encode(), _BODY, hashlib.sha256).hexdigest(),
    }
    with httpx.Client(timeout=5, trust_env=False) as client:
        for attempt in range(_TRIES):
            try:
                status = client.post(
                    f"http://127.0.0.1:{place.service.port}{ROUTE}", content=_BODY, headers=headers
                ).status_code
            except httpx.HTTPError:
                status = 503
            if status < 500 and status != 429:
                return status
            time.sleep(_PAUSE_S * 2**attempt)
    raise Fault("not_proved", "the webhook server limits or fails requests: start again in a minute to see it proved")
