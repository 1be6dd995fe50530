"""May this be released? (Runbook 004, Release bundle: below 85 the gate blocks.)

The KPI must be there, young and sound; 85 passes and 84.999 does not. A number outside its scale, NaN or a word is an
error of the producer and never a readiness: nothing is guessed, clipped or taken for zero or a hundred.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.contracts.release import GATE_ERRORS, READY_GATE
from tasks.rules.freshness import SKEW_S, epoch_of
from tasks.rules.outcome import Outcome, Status
from tasks.rules.readiness_scale import Wrong, readiness_in

MIN_READINESS = 85
_WORDS: Mapping[Wrong | None, str] = {
    **{wrong: f"readiness_{wrong}" for wrong in Wrong},
    Wrong.SCALE: "scale_unknown",
}
_PRINTABLE = 10**9


@dataclass(frozen=True, slots=True)
class Kpi:
    """What the KPI file says, in percent and seconds; `wrong` is all that it should not say."""

    readiness: float | None = None
    written: int | None = None
    wrong: tuple[str, ...] = ()


def kpi_of(content: bytes | None) -> Kpi:
    """Read `KPI_GATE.json`; `scale` is `percent` (0 to 100, the default) or `ratio` (0 to 1)."""
    if content is None:
        return Kpi(wrong=("kpi_missing",))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Kpi(wrong=("kpi_bad_json",))
    if not isinstance(document, Mapping):
        return Kpi(wrong=("kpi_not_object",))
    readiness, wrong = readiness_in(document)
    written, not_dated = _written(document)
    return Kpi(readiness, written, tuple(word for word in (_WORDS.get(wrong), not_dated) if word))


def _written(document: Mapping[str, object]) -> tuple[int | None, str | None]:
    try:
        return epoch_of(document.get("timestamp")), None
    except (ValueError, OverflowError):
        return None, "timestamp_invalid"


def judge_readiness(kpi: Kpi, minimum: int, *, now: int, max_age_s: int) -> Outcome:
    """The gate's line: pass only if nothing is wrong; every reason is named, an error of the producer first."""
    age = None if kpi.written is None else now - kpi.written
    reasons = list(kpi.wrong)
    if age is not None and age < -SKEW_S:
        reasons.append("kpi_from_the_future")
    if age is not None and age > max_age_s:
        reasons.append("kpi_stale")
    if kpi.readiness is not None and kpi.readiness < minimum and "readiness_out_of_range" not in reasons:
        reasons.append("readiness_low")
    reasons.sort(key=lambda reason: reason not in GATE_ERRORS)
    printable = kpi.readiness if kpi.readiness is not None and abs(kpi.readiness) < _PRINTABLE else None
    return READY_GATE.says(
        _status_for(reasons),
        reasons[0] if reasons else None,
        readiness=None if printable is None else math.floor(printable),
        min=minimum,
        reasons=tuple(reasons) if len(reasons) > 1 else None,
        exact=printable if printable is not None and printable != math.floor(printable) else None,
        age_sec=None if age is None else max(0, age),
    )


def _status_for(reasons: list[str]) -> Status:
    if not reasons:
        return Status.OK
    return Status.ERROR if reasons[0] in GATE_ERRORS else Status.FAIL
