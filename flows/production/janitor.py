"""Runs that lost their machine are ended, so that nothing waits for the dead."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from flows.naming import run_named
from tasks.approvals.form import wake
from tasks.clock import frozen_now, utc_now
from tasks.procedure import procedure, write_for_the_dead
from tasks.rules.contracts import REGISTRY
from tasks.rules.contracts.production import JANITOR
from tasks.rules.janitor import Patience, Phase, Verdict, Watched, confirmed, lost, unanswered
from tasks.rules.outcome import Outcome, Status
from tasks.runs import give_up, read_runs_under_way, wait_for_second_look

Execute = Annotated[bool, Field(description="Mark the lost runs Crashed; otherwise only count them.")]
MissedHeartbeats = Annotated[float, Field(ge=1.2, le=20, description="Heartbeats a run may miss before it is lost.")]
PendingGrace = Annotated[int, Field(ge=60, le=86400, description="Seconds a run may be Pending before it is lost.")]
SecondLook = Annotated[
    int, Field(ge=0, le=110, description="Seconds between the two looks at a run that seems lost.")
]
FormGrace = Annotated[
    int, Field(ge=0, le=43200, description="Seconds that an approval form may stay open beyond its time.")
]


@procedure(JANITOR, run_name=run_named("janitor"))
def janitor(
    execute: Execute = False,
    missed_heartbeats: MissedHeartbeats = 3.0,
    pending_grace_s: PendingGrace = 300,
    second_look_s: SecondLook = 45,
    form_grace_s: FormGrace = 300,
) -> Outcome:
    """End the runs whose process and worker are gone, so that their slots are free again.

    Runbook 001, Routine operations. A Running run is lost when nothing was heard of it for three of its heartbeats,
    a Pending one after five minutes; both are looked at twice. A run whose approval form nobody answered in time is
    woken, and ends in its own line. Never touched: a run that waits for a person with time left, a run by hand, a
    run of somebody else's deployment, a run that shows any sign of life. Refuses to execute under a frozen clock. If
    it fails: is the server up? The next run, five minutes later, does what this one did not.

    Safety: without --execute it only counts. Two at once do no harm.
    """
    if execute and frozen_now():
        return JANITOR.says(Status.FAIL, "frozen_clock")
    patience = Patience(missed_heartbeats, pending_grace_s)
    runs = read_runs_under_way()
    doomed = lost(runs, utc_now(), patience)
    if doomed:
        wait_for_second_look(second_look_s)
        doomed = confirmed(doomed, lost(read_runs_under_way(), utc_now(), patience))
    if execute:
        doomed = {run_id: why for run_id, why in doomed.items() if give_up(run_id, why)}
        _tell_for_the_dead(runs, doomed)
    late = unanswered(runs, utc_now(), form_grace_s)
    if execute:
        late = [run_id for run_id in late if wake(UUID(run_id))]
    return _counted(runs, doomed, late, Status.OK if execute or not (doomed or late) else Status.PLANNED)


def _tell_for_the_dead(runs: list[Watched], doomed: dict[str, Verdict]) -> None:
    for run in runs:
        contract = REGISTRY.get(run.procedure.replace("-", "_"))
        if contract and run.run_id in doomed:
            write_for_the_dead(contract, run.procedure, UUID(run.run_id), cancelled=False)


def _counted(runs: list[Watched], doomed: dict[str, Verdict], late: list[str], status: Status) -> Outcome:
    reasons = list(doomed.values())
    return JANITOR.says(
        status,
        checked=sum(run.phase is not Phase.PAUSED for run in runs),
        crashed=reasons.count(Verdict.SILENT),
        freed=reasons.count(Verdict.STUCK),
        paused=sum(run.phase is Phase.PAUSED for run in runs),
        woken=len(late) or None,
    )
