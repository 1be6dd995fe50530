"""What a comparison with the golden documents comes to, in lines (runbook 002, "Smoke & Acceptance")."""

from collections.abc import Sequence

from tasks.rules.contracts.metrics import GOLDEN_CASE, GOLDEN_CHECK
from tasks.rules.guard.golden import Case
from tasks.rules.outcome import Outcome, Status


def case_said(case: Case) -> Outcome:
    good = case.verdict == "same"
    return GOLDEN_CASE.says(
        Status.OK if good else Status.FAIL,
        None if good else case.verdict,
        case=case.name,
        fields=len(case.fields) or None,
        old=case.old_hash[:12] if case.old_hash else None,
        new=case.new_hash[:12] if case.new_hash else None,
    )


def golden_said(cases: Sequence[Case]) -> Outcome:
    differ = sum(case.verdict == "differs" for case in cases)
    missing = [case.verdict for case in cases if case.verdict.endswith("_missing")]
    reason = "golden_differs" if differ else next(iter(sorted(missing)), None)
    status = Status.FAIL if reason or not cases else Status.OK
    return GOLDEN_CHECK.says(
        status,
        reason or (None if cases else "golden_missing"),
        cases=len(cases),
        differ=differ,
        missing=len(missing),
    )
