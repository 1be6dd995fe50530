"""The evidence of an incident, gathered without changing anything (runbook 003, Incident Playbook)."""

import hashlib
import hmac
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from tasks.clock import utc_now
from tasks.rules.faults import Fault
from tasks.rules.log_excerpt import last_lines
from tasks.rules.publishing.remote import address_in
from tasks.rules.redaction import scrub_evidence
from tasks.rules.services.declaration import Service
from tasks.rules.services.triage import Tally
from tasks.services.declared import own_values, read_service
from tasks.settings import known_secrets, secret_named
from tasks.settings.services import WEBHOOK_SECRET, service_settings
from tasks.step import step

MOST_BYTES = 8 << 20
MOST_PROBES = 70
_PROBE = b'{"action":"triage_probe"}'


@dataclass(frozen=True, slots=True)
class Logs:
    """What the logs say: counts, excerpts, those that are missing, and those of which only the end was read."""

    tally: Tally = field(default_factory=Tally)
    excerpts: dict[str, list[str]] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    cut: tuple[str, ...] = ()


@step
def read_logs(paths: Sequence[str], minutes: int) -> Logs:
    """The last 8 MiB of each log; the records of the last `minutes` are counted."""
    found, since = Logs(), utc_now() - timedelta(minutes=minutes)
    cut: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            block, whole = _end_of(path)
        except OSError as error:
            found.unavailable[path] = "missing" if isinstance(error, FileNotFoundError) else type(error).__name__
            continue
        lines = block.split(b"\n")[0 if whole else 1 :]
        found.tally.add((line.decode("utf-8", "replace") for line in lines if line.strip()), since)
        found.excerpts[path] = [scrub_evidence(line, known_secrets()) for line in last_lines(block, whole=whole)]
        cut += [] if whole else [path]
    return Logs(found.tally, found.excerpts, found.unavailable, tuple(cut))


def _end_of(path: str) -> tuple[bytes, bool]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise IsADirectoryError(path)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        return file.read(MOST_BYTES), size <= MOST_BYTES


@step
def service_value(config: Path, service: str, name: str) -> str | None:
    """What the service has in a variable that is no secret: its env file's value, else this environment's."""
    try:
        declared: Service | None = read_service.fn(config, service)
        found = own_values(declared, config.absolute().parent).get(name) if declared else None
    except Fault:
        found = None  # without a declaration the environment of this process is all there is
    value = secret_named(name)
    return found if found is not None else (value.get_secret_value() if value else None)


@step
def fixture_problem(folder: Path, fixture: str) -> str | None:
    """Why the verification cannot load it: outside of the folder, missing, unreadable; None if it can."""
    try:
        root = folder.resolve(strict=True)
        if not root.is_dir():
            return "fixture_folder_missing"
        path = (root / fixture).resolve(strict=True)
    except (OSError, RuntimeError):
        return "fixture_missing" if folder.is_dir() else "fixture_folder_missing"
    if fixture and not path.is_relative_to(root):
        return "fixture_outside"
    return None if os.access(path, os.R_OK) else "fixture_unreadable"


@step(retries=0)  # it uses up the production limit of the next minute
def probe_limit(most: int) -> int | None:
    """Send signed requests that nobody handles until one is refused with 429: which one; None if all were taken."""
    url, secret = service_settings().webhook_url, secret_named(WEBHOOK_SECRET)
    address = address_in(url) if url else None
    if address is None or secret is None:
        raise Fault("probe_not_possible", f"set ORKET_WEBHOOK_URL and {WEBHOOK_SECRET} where this runs")
    signature = hmac.new(secret.get_secret_value().encode(), _PROBE, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Gitea-Event": "triage_probe", "X-Gitea-Signature": signature}
    try:
        with httpx.Client(timeout=5, trust_env=not address.is_loopback) as client:
            for number in range(1, min(most, MOST_PROBES) + 1):
                answer = client.post(f"{address.root}/webhook/gitea", content=_PROBE, headers=headers)
                if answer.status_code == 429:
                    return number
    except httpx.HTTPError as error:
        raise Fault("probe_not_possible", f"the webhook server did not answer ({type(error).__name__})") from None
    return None
