"""Several procedures under one short name: plan them, or run them and sum them up."""

from pathlib import Path
from typing import Annotated, Literal

from prefect import Flow
from pydantic import Field

from flows.naming import run_named
from flows.release.bundle import bundle
from flows.release.full_accept import full_accept
from flows.release.full_validate import full_validate
from flows.release.kpi_gate import kpi_gate
from flows.release.readiness_score import readiness_score
from flows.release.weekly_rollup import weekly_rollup
from flows.soak.soak import soak
from tasks.clock import stamp, utc_now
from tasks.documents import write_page
from tasks.procedure import part, procedure, tell
from tasks.rules.contracts.quick import QUICK_CMDS
from tasks.rules.outcome import Outcome, Status
from tasks.rules.quick_cmds import SUMMARY_FILE, QuickCommand, concluded, plan_told, steps_of, summary_of

_PROCEDURES: dict[str, Flow[..., Outcome]] = {
    made.name: made for made in (weekly_rollup, readiness_score, kpi_gate, bundle, full_validate, full_accept, soak)
}

Do = Annotated[
    Literal["ready-bundle", "full-validate", "soak-14d", "all"],
    Field(description="What to run; `all` is every other one."),
]
DryRun = Annotated[bool, Field(description="Only print the plan.")]


@procedure(QUICK_CMDS, run_name=run_named("quick-cmds", "do"))
def quick_cmds(do: Do, dry_run: DryRun = False) -> Outcome:
    """Run the procedures of a quick command one after the other and leave a summary; or print the plan.

    Runbook 004, Ops quickstart. Each step is a run of its own with its own lines, and one that fails keeps none of
    the others from running. `QUICK_CMDS=DONE` is the last line in any case; the exit code says whether every step was
    good. If it is 1: artifacts/QUICK_CMDS_SUMMARY.md names the steps that failed; start those again. soak-14d starts
    the soak of 336 hourly ticks; soak-tick judges its hours on schedule. One that is active already is left alone.

    Safety: --dry-run touches nothing; else it does what its steps do, and replaces the summary.
    """
    steps = steps_of(QuickCommand(do))
    if dry_run:
        for line in plan_told(steps):
            tell(line)
        return QUICK_CMDS.says(Status.PLANNED)
    results = [(step, part(_PROCEDURES[step.procedure], **dict(step.parameters))) for step in steps]
    write_page(Path("artifacts"), SUMMARY_FILE, summary_of(results, stamp(utc_now())))
    return concluded(results)
