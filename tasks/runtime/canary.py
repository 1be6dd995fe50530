"""A canary watched: two reads of its metrics file, the runtime at both ends, and what it alerted meanwhile."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.canary import Finding, Limits, Seen, Verdict, Window, judged, window
from tasks.rules.guard.readiness import word_of
from tasks.rules.guard.textfile import Textfile, faults_of
from tasks.runtime.guarding import read_limits
from tasks.runtime.metrics_files import read_textfile
from tasks.runtime.reading import moment, read_state, rows_at
from tasks.step import step

_SEVERE = ("warning", "error", "critical")
_POLL_S = 1.0


@step
def believed(path: Path, *, may_be_absent: bool = False) -> Textfile | None:
    """The file, if all of it may be believed; None where there is none yet, as before the first order (W20)."""
    try:
        file: Textfile = read_textfile.fn(path)
    except Refused as refused:
        if may_be_absent and refused.reason == "metrics_missing":
            return None
        raise
    if faults_of(file):
        raise Fault("metrics_invalid", "watchkeeper metrics-check names the lines that are wrong")
    return file


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen, and for how long it was looked."""

    window: Window
    finding: Finding
    seconds: int


@step(retries=0)  # it looks again and again by itself
def watch_canary(base: str, path: Path, paper: Window, limits: Limits, watch_s: float) -> Watched:
    """Look until the time is over, or until something speaks against it: that is not waited out."""
    began, since = time.monotonic(), moment()
    before, first = believed.fn(path, may_be_absent=True), _seen(base)
    if not first.is_canary:
        raise Refused("not_a_canary", "the runtime is not live with CANARY_MODE=1: bring it there first")
    while True:
        over = time.monotonic() - began >= watch_s
        grown = window(before, believed.fn(path, may_be_absent=True))
        finding = judged(grown, paper, (first, _seen(base)), _alerts(base, since), limits)
        if over or finding.verdict is Verdict.ROLL_BACK:
            return Watched(grown, finding, int(time.monotonic() - began))
        time.sleep(_POLL_S)


def _seen(base: str) -> Seen:
    state, limits = read_state.fn(base), read_limits.fn(base)
    size = limits["order_notional_usdt"]
    return Seen(
        state.category == "live" and state.canary,
        state.risk_limits_enabled and state.has_caps,
        float(size) if isinstance(size, (int, float)) and not isinstance(size, bool) else None,
    )


def _alerts(base: str, since: datetime) -> list[str]:
    """The kinds of alerts of at least a warning since then; one without a time that can be read counts as new."""
    rows = (row for row in rows_at(base, "api/ui/alerts") if str(row.get("severity")).lower() in _SEVERE)
    return [word_of(str(row.get("event_type"))) for row in rows if not _is_before(row.get("ts"), since)]


def _is_before(said: object, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(said)) < since
    except (ValueError, TypeError):
        return False
