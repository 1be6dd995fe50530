"""Golden documents that give way to what was observed, because people say so."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.golden_check import Golden, Observed
from flows.naming import run_named
from tasks.approvals.asking import await_approval
from tasks.approvals.requests import consume
from tasks.approvals.terminal import terminal
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.records.golden import record_golden
from tasks.records.texts import text_given
from tasks.rules.approval import plan_hash_of
from tasks.rules.artifacts import Json
from tasks.rules.contracts.metrics import GOLDEN_UPDATE
from tasks.rules.faults import Refused
from tasks.rules.guard.golden import Case, compare, to_change, update_plan
from tasks.rules.guard.golden_verdict import case_said
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.golden_files import read_documents_of, refuse_unless_clean, write_golden

Cases = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.,-]*$", description="Only these, with commas between; empty: every case that differs."
    ),
]
Reason = Annotated[str, Field(description="A file that says why; without it the terminal asks. Never the text.")]


@procedure(GOLDEN_UPDATE, run_name=run_named("golden-update"))
def golden_update(
    golden: Golden = "golden", observed: Observed = "artifacts/golden", cases: Cases = "", reason_file: Reason = ""
) -> Outcome:
    """Replace golden documents by what was observed, after the difference was seen and two people signed.

    Runbook 002, Smoke & Acceptance. For a person at a terminal: shows the differences, asks why, waits for the
    approval of exactly these documents, writes them, and records old and new hash, who and why in the shift log.
    Commit the change by itself. If it fails: the line says what was in the way; nothing was written.

    Safety: refused in CI, in a run of a deployment, and while the working tree has changes. Nothing to change ends
    well without asking anybody.
    """
    with terminal() as person:
        refuse_unless_clean(Path(golden))
        documents = read_documents_of(Path(golden), Path(observed))
        chosen = [name for name in cases.split(",") if name]
        _refuse_unknown(chosen, {*documents.golden, *documents.observed})
        changing = to_change(compare(documents.golden, documents.observed, documents.tolerances), chosen)
        for case in changing:
            tell(case_said(case))
        for line in (line for case in changing for line in case.diff):
            person.say(line)
    if not changing:
        return GOLDEN_UPDATE.says(Status.OK, changed=0)
    return _updated(Path(golden), changing, documents.observed, text_given(reason_file))


def _updated(golden: Path, changing: tuple[Case, ...], observed: Mapping[str, Json], why: str) -> Outcome:
    """The record comes before the effect: nothing is ever written that the shift log does not know of."""
    signed_for = plan_hash_of(update_plan(changing, why))
    asked = await_approval("golden-update", signed_for, f"cases={len(changing)}", within=timedelta(hours=1))
    used = consume(asked.number, "golden-update", signed_for, utc_now())
    kept = record_golden(changing, why, used)
    write_golden(golden, changing, observed)
    return GOLDEN_UPDATE.says(
        Status.OK, changed=len(changing), approved_by=used.approved_by, record=kept.seq, request=used.number
    )


def _refuse_unknown(cases: list[str], known: set[str]) -> None:
    if set(cases) - known:
        raise Refused("unknown_case", "a case is the name of a document without its ending")
