"""The snapshot that an incident note is opened with: each source is there, or says why it is not.

Read-only throughout. What strangers wrote (logs, answers, environment) is bounded and scrubbed (runbook 002,
Incident Notes).
"""

import json
import logging
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import select

from tasks.clock import stamp, utc_now
from tasks.operations import Incident, StoredOutcome, session
from tasks.records.chain import read_chain
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.faults import Fault, Misconfigured
from tasks.rules.log_excerpt import MOST_BYTES, last_lines, samples
from tasks.rules.records import SHIFT_LOG
from tasks.rules.redaction import masked
from tasks.runtime.reading import read_state
from tasks.runtime.requests import look, look_as_ourselves
from tasks.settings import known_secrets, secret_named
from tasks.settings.guard import RUNTIME_URL, runtime_settings
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
MOST_OUTCOMES = 50
MOST_TEXT, LARGEST_ANSWER = 1 << 20, 128 << 10
FLAGS = (
    "EXEC_PROFILE",
    "PROFILE",
    "TRADING_PROFILE",
    "DEFAULT_PROFILE",
    "MODE",
    "SAFE_MODE",
    "SAFE_MODE_GLOBAL",
    "DRY_RUN_MODE",
    "DRY_RUN_ONLY",
    "CANARY_MODE",
    "PROMOTION_STAGE",
    "FF_PRETRADE_STRICT",
    "FF_RISK_LIMITS",
    "FF_IDEMPOTENCY_OUTBOX",
    "FF_ROUTER_COOLDOWN",
    "FF_ORDER_TIMEOUTS",
    "FF_READINESS_AGG_GUARD",
    "FF_MD_WATCHDOG",
    "READINESS_REQUIRED",
    "READINESS_TTL_SEC",
    "ORKET_RATE_LIMIT",
    "ORKET_VERIFY_TIMEOUT_SEC",
)
"""The flags whose values a note shows; they hold words and numbers, never a secret."""

_RUNTIME_PATHS = (
    "api/ui/status/full",
    "live-readiness",
    "live/readiness",
    "api/ui/status",
    "api/ui/live-guard",
    "api/ui/events",
    "api/ui/alerts",
)
_MAY_BE_503 = ("live-readiness",)
_FOR_A_TOKEN = ("api/ui/runtime_badges", "api/ui/audit_log")
Read = Callable[[], Json]


@step
def take_snapshot(logs: Sequence[str], minutes: int, beside: Mapping[str, Json] | None = None) -> str:
    """Everything that can be had of this moment, as one canonical document; `beside` is what the caller has found."""
    now = utc_now()
    since = now - timedelta(minutes=minutes)
    found = _runtime()
    sources: dict[str, Read] = {
        "metrics": _metrics,
        "flags": _flags,
        "open incidents": _open_incidents,
        "outcomes": lambda: _outcomes(since),
        "shift log": lambda: [f"{kept.seq} {kept.at} {kept.entry.kind}" for kept in read_chain.fn(SHIFT_LOG, since)],
        **{f"log {path}": _excerpt(path) for path in logs},
    }
    found |= {name: _read(read) for name, read in sources.items()}
    document = {"taken_at": stamp(now), "since": stamp(since), **found, **(beside or {})}
    return canonical_json(masked(document, known_secrets())).decode()


def unavailable(snapshot: str) -> tuple[str, ...]:
    """The sources of a snapshot that could not be read."""
    document: dict[str, Json] = json.loads(snapshot)
    return tuple(
        name for name, value in document.items() if isinstance(value, str) and value.startswith("unavailable")
    )


def sources_in(snapshot: str) -> int:
    """How many of its sources could be read."""
    return len(json.loads(snapshot)) - len(_ABOUT) - len(unavailable(snapshot))


_ABOUT = ("taken_at", "since")


def _read(read: Read) -> Json:
    """A source that fails is named with the reason; it never takes the note with it."""
    try:
        return read()
    except Misconfigured as missing:
        return f"unavailable: {missing.reason}"
    except Fault as fault:
        return f"unavailable: {fault.reason}"
    except OSError as error:
        return f"unavailable: {'missing' if isinstance(error, FileNotFoundError) else type(error).__name__}"


def _asking(path: str, *, as_ourselves: bool = False) -> Read:
    def ask() -> Json:
        answer = look_as_ourselves("", path) if as_ourselves else look("", path, tries=1)
        if answer.status != 200 and not (answer.status == 503 and path in _MAY_BE_503):
            return f"unavailable: http_{answer.status}"
        if len(answer.text) > LARGEST_ANSWER:
            return f"unavailable: answer_of_{len(answer.text)}_characters"
        said = cast("Json", answer.data) or answer.text[:2000]  # it was parsed from JSON
        return {"status": answer.status, "answer": said}

    return ask


def _runtime() -> dict[str, Json]:
    """The reason of a hold first: read late it may be another one (runbook 002). A silent runtime is asked once."""
    if not runtime_settings().url:
        return {"runtime": f"unavailable: {RUNTIME_URL} is not set"}
    sources: dict[str, Read] = {"runtime hold": lambda: read_state.fn().as_data()}
    sources |= {f"runtime {path}": _asking(path) for path in _RUNTIME_PATHS}
    sources |= {f"runtime {path}": _asking(path, as_ourselves=True) for path in _FOR_A_TOKEN}
    found: dict[str, Json] = {}
    silent = ""
    for name, read in sources.items():
        found[name] = silent or _read(read)
        silent = str(found[name]) if found[name] == _SILENT else ""
    return found


_SILENT = "unavailable: runtime_unreachable"


def _metrics() -> Json:
    path = Path(runtime_settings().metrics_path)
    with path.open("rb") as file:
        text = file.read(MOST_TEXT).decode("utf-8", "replace")
    return [f"# changed {stamp(datetime.fromtimestamp(path.stat().st_mtime, UTC))}", *samples(text)]


def _flags() -> Json:
    values = {name: secret_named(name) for name in FLAGS}
    return {name: value.get_secret_value() for name, value in values.items() if value}


def _open_incidents() -> Json:
    query = select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.id)
    with session() as active:
        return [
            f"{stamp(row.opened_at)} {row.procedure} failures={row.failures} {row.line}"
            for row in active.scalars(query)
        ]


def _outcomes(since: datetime) -> Json:
    query = select(StoredOutcome).where(StoredOutcome.at >= since).order_by(StoredOutcome.id.desc())
    with session() as active:
        rows = list(active.scalars(query.limit(MOST_OUTCOMES)))
        return [f"{stamp(row.at)} {row.line}" for row in reversed(rows)]


def _excerpt(path: str) -> Read:
    def read() -> Json:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "unavailable: no_file"
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST_BYTES))
            return last_lines(file.read(MOST_BYTES), whole=size <= MOST_BYTES)

    return read
