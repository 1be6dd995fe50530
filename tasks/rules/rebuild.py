"""Is a new bundle due? (Runbook 004: it is rebuilt every three to five days.)

Younger than three days it stays, from three days on a new one is due, past five days it is overdue and somebody is
told. A bundle that cannot be trusted, or is not what would be built now, is due at any age: no stamp, one from the
future, one that does not match the bundle on disk, changed inputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.contracts.release import BUNDLE_AUTO, BUNDLE_OVERDUE, NEED_REBUILD
from tasks.rules.outcome import Outcome, Status
from tasks.rules.release import Stamp, is_from_the_future

DUE_S, OVERDUE_S = 3 * 86_400, 5 * 86_400


class Decision(StrEnum):
    SKIP = "SKIP"
    DUE = "DUE"
    OVERDUE = "OVERDUE"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to build, why, and whether the old bundle may be kept if the gate says no."""

    decision: Decision
    because: tuple[str, ...]
    age_s: int | None

    @property
    def old_one_is_good(self) -> bool:
        return self.because == ("age",)


def decide(stamp: Stamp | None, *, mismatched: bool, changed: Sequence[str], now: int) -> Verdict:
    """What to do about the bundle of that stamp; without a valid stamp there is none."""
    if stamp is None:
        return Verdict(Decision.DUE, ("no_stamp",), None)
    age = max(0, now - stamp.ts)
    because = {
        "stamp_from_the_future": is_from_the_future(stamp, now),
        "bundle_mismatch": mismatched,
        "inputs_changed": bool(changed),
        "age": age >= DUE_S,
    }
    reasons = tuple(reason for reason, holds in because.items() if holds)
    if age > OVERDUE_S:
        return Verdict(Decision.OVERDUE, reasons, age)
    return Verdict(Decision.DUE if reasons else Decision.SKIP, reasons, age)


def announced(verdict: Verdict) -> list[Outcome]:
    """The lines before anything is built: whether it is, and the alert when it should have been long ago."""
    lines = [NEED_REBUILD.says(Status.SKIP if verdict.decision is Decision.SKIP else Status.OK)]
    if verdict.decision is Decision.OVERDUE:
        lines.append(BUNDLE_OVERDUE.says(Status.UNHEALTHY, age_sec=verdict.age_s, limit_sec=OVERDUE_S))
    return lines


def concluded(verdict: Verdict, built: Outcome | None) -> Outcome:
    """The last line: a gate that says no costs nothing while the old bundle is good and not overdue."""
    if built is None:
        status, reason = Status.SKIP, None
    elif built.status is Status.OK:
        status, reason = Status.OK, None
    elif built.reason == "gate_failed" and verdict.decision is Decision.DUE and verdict.old_one_is_good:
        status, reason = Status.SKIPPED, "gate_failed"
    else:
        status, reason = Status.FAIL, "gate_failed" if built.reason == "gate_failed" else "build_failed"
    return BUNDLE_AUTO.says(
        status, reason, decision=verdict.decision.value, age_sec=verdict.age_s, because=verdict.because or None
    )
