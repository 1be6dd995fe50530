"""Whether what was observed is what the golden documents say."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.evidence import show_diff
from tasks.procedure import procedure, tell
from tasks.rules.contracts.metrics import GOLDEN_CHECK
from tasks.rules.guard.golden import compare
from tasks.rules.guard.golden_verdict import case_said, golden_said
from tasks.rules.outcome import Outcome
from tasks.runtime.golden_files import read_documents_of

Golden = Annotated[str, Field(min_length=1, description="The folder of golden documents, with its golden.toml.")]
Observed = Annotated[str, Field(min_length=1, description="The folder of what a run left, one JSON for each case.")]


@procedure(GOLDEN_CHECK, run_name=run_named("golden-check"))
def golden_check(golden: Golden = "golden", observed: Observed = "artifacts/golden") -> Outcome:
    """Compare what a run left with the golden documents, value by value.

    Runbook 002, Smoke & Acceptance. A number may be off only where golden.toml says by how much, and a field may hold
    anything only where it is called volatile. A case that one of the two sides does not have has failed; nothing is
    skipped. The differences are in an artifact. If it fails: mend the cause; a difference that is meant goes through
    golden-update.

    Safety: only reads.
    """
    documents = read_documents_of(Path(golden), Path(observed))
    cases = compare(documents.golden, documents.observed, documents.tolerances)
    for case in cases:
        tell(case_said(case))
    show_diff("golden-check", [line for case in cases for line in case.diff])
    return golden_said(cases)
