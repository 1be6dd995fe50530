"""The one-command smoke of a release: its steps, its report, its line.

Pure. Runbook 003, One-command local smoke.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tasks.rules.artifacts import Json
from tasks.rules.contracts.smoke import RELEASE_SMOKE, RELEASE_SMOKE_STEP
from tasks.rules.outcome import Outcome, Status, Value

REPORT = "RELEASE_SMOKE.json"
PASS, FAIL, SKIPPED = "pass", "fail", "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is recorded; `started` is UTC, `detail` a word of the step's own line."""

    name: str
    status: str
    started: str
    seconds: float
    detail: str


def ended(name: str, last: Outcome, started: str, seconds: float) -> Step:
    """What a step's own last line comes to: only ok is a pass."""
    is_good = last.status is Status.OK
    return Step(name, PASS if is_good else FAIL, started, round(seconds, 3), last.reason or last.status.value)


def looked(missing: Sequence[str], started: str, seconds: float) -> Step:
    """The preflight: everything that is missing, before minutes are spent."""
    return Step("preflight", FAIL if missing else PASS, started, round(seconds, 3), ",".join(missing) or "ready")


def left_out(name: str, started: str) -> Step:
    return Step(name, SKIPPED, started, 0.0, "asked")


def step_said(step: Step) -> Outcome:
    said: dict[str, Value] = {"name": step.name, "seconds": step.seconds, "detail": tuple(step.detail.split(","))}
    match step.status:
        case "pass":
            return RELEASE_SMOKE_STEP.says(Status.OK, None, **said)
        case "skipped":
            return RELEASE_SMOKE_STEP.says(Status.SKIPPED, "asked_to_skip", **said)
        case _:
            reason = "preflight_failed" if step.name == "preflight" else "not_good"
            return RELEASE_SMOKE_STEP.says(Status.FAIL, reason, **said)


def report_of(steps: Sequence[Step]) -> dict[str, Json]:
    """RELEASE_SMOKE.json: pass only if every step did; partial if the others were left out on purpose."""
    return {"status": _verdict(steps), "steps": [dict(asdict(step)) for step in steps]}


def _verdict(steps: Sequence[Step]) -> str:
    if not steps or any(step.status == FAIL for step in steps):
        return FAIL
    return PASS if all(step.status == PASS for step in steps) else "partial"


def smoke_said(steps: Sequence[Step]) -> Outcome:
    passed = sum(step.status == PASS for step in steps)
    failed = tuple(step.name for step in steps if step.status == FAIL)
    skipped = tuple(step.name for step in steps if step.status == SKIPPED) or None
    match _verdict(steps):
        case "fail":
            return RELEASE_SMOKE.says(
                Status.FAIL, "step_failed", passed=passed, failed=failed or None, skipped=skipped, file=REPORT
            )
        case "partial":
            return RELEASE_SMOKE.says(Status.PARTIAL, "steps_skipped", passed=passed, skipped=skipped, file=REPORT)
        case _:
            return RELEASE_SMOKE.says(Status.OK, passed=passed, file=REPORT)
