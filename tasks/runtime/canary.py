"""A canary watched: two reads of its metrics file, the runtime at both ends, and what it alerted meanwhile.

Either by one run that stays, or by one that looks now and then: it remembers the first look at this canary, and the
last one, in the operations database.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.canary import Finding, Limits, Seen, Verdict, Window, counts, judged, window
from tasks.rules.guard.growth import Remembered
from tasks.rules.guard.readiness import word_of
from tasks.rules.guard.safe_mode import runtime_word
from tasks.rules.guard.textfile import Textfile, faults_of
from tasks.runtime.guarding import read_limits
from tasks.runtime.metrics_files import keep, read_textfile, recall
from tasks.runtime.promotions import last_applied
from tasks.runtime.reading import ALERTS, SEVERE, moment, read_state, rows_at
from tasks.step import step

_POLL_S = 1.0
_FIRST, _LAST = "canary-first-look", "canary-last-look"


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
    before, first = counts(believed.fn(path, may_be_absent=True)), _seen(base)
    if not first.is_canary:
        raise _no_canary()
    while True:
        over = time.monotonic() - began >= watch_s
        grown, seen = window(before, believed.fn(path, may_be_absent=True)), _seen(base)
        if not seen.is_canary and _was_promoted(base, since):
            raise _no_canary()
        finding = judged(grown, paper, (first, seen), _alerts(base, since), limits)
        if over or finding.verdict is Verdict.ROLL_BACK:
            return Watched(grown, finding, int(time.monotonic() - began))
        time.sleep(_POLL_S)


def _no_canary() -> Refused:
    return Refused("not_a_canary", "the runtime is not live with CANARY_MODE=1: bring it there first")


def _was_promoted(base: str, since: datetime) -> bool:
    """Whether two people have brought it further while it was watched: that speaks not against it."""
    try:
        applied = last_applied.fn(runtime_word(base))
    except Fault:
        return False
    return applied is not None and applied > since


@step(retries=0)  # one look is one row
def look_again(base: str, path: Path, paper: Window, limits: Limits) -> Watched:
    """One look, at what grew since the first look after the promotion that opened it, and since the last one."""
    seen, now = _seen(base), moment()
    if not seen.is_canary:
        raise _no_canary()
    file = believed.fn(path, may_be_absent=True)
    read = Remembered(now.timestamp(), file.digest if file else "", now.timestamp(), counts(file))
    opened = last_applied.fn(runtime_word(base))
    first = _since(recall.fn(path, _FIRST), opened)
    if first is None:
        first = read
        keep.fn(path, read, _FIRST)
    last = _since(recall.fn(path, _LAST), opened) or first
    keep.fn(path, read, _LAST)
    whole, lately = window(first.values, file), window(last.values, file)
    finding = judged(whole, paper, (seen,), _alerts(base, datetime.fromtimestamp(last.at, UTC)), limits, lately)
    return Watched(whole, finding, int(read.at - first.at))


def _since(found: Remembered | None, opened: datetime | None) -> Remembered | None:
    """What was remembered of this canary, and not of one before it."""
    return found if found and (opened is None or found.at >= opened.timestamp()) else None


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
    rows = (row for row in rows_at(base, ALERTS) if str(row.get("severity")).lower() in SEVERE)
    return [word_of(str(row.get("event_type"))) for row in rows if not _is_before(row.get("ts"), since)]


def _is_before(said: object, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(said)) < since
    except (ValueError, TypeError):
        return False
