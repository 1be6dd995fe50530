"""Are the services healthy: what they answer, how quickly, and what their databases are like."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.services import SERVICE_HEALTH
from tasks.rules.outcome import Outcome, Status
from tasks.rules.services.health import Limits, Target, judge_answer, judge_database, nothing_watched, summed
from tasks.services.database_health import look_at_database
from tasks.services.health import ask_for_health, wait_for_second_look
from tasks.services.triage import start_triage
from tasks.settings.services import watched

MaxLatency = Annotated[int, Field(ge=1, le=5000, description="Milliseconds that an answer may take.")]
MinFree = Annotated[int, Field(ge=0, le=1_000_000, description="Megabytes that must be free beside a database.")]
CheckEvery = Annotated[
    int,
    Field(ge=0, le=10_080, description="Minutes between two readings of all of a database larger than 8 MB."),
]
SecondLook = Annotated[
    int, Field(ge=0, le=60, description="Seconds until what is bad is looked at again; 0 takes the first look.")
]


@procedure(SERVICE_HEALTH, run_name=run_named("service-health"), on_bad=start_triage)
def service_health(
    max_latency_ms: MaxLatency = 2000,
    min_free_mb: MinFree = 500,
    check_every_minutes: CheckEvery = 360,
    second_look_s: SecondLook = 5,
) -> Outcome:
    """Ask API and webhook server for their health and look at their databases; nothing is changed.

    Runbook 003, Health checks, and Incident Playbook 1, step 2. Healthy is: HTTP 200, a body whose status is ok or
    healthy, in time; a database that is there, readable, writable and whole, with room on its disk. What is bad is
    looked at twice; each line has every reason. Watched is what ORKET_API_URL, ORKET_WEBHOOK_URL, ORKET_RUNTIME_DB
    and ORKET_WEBHOOK_DB name; without any of them it is not configured.
    If it fails: one alert opens the incident, one tells its end, and incident-triage is started where it is deployed.
    Read `bad=` and the line of each; the playbook beside the run has the next step.

    Safety: reads only, a writer's lock is taken for a moment and given back. Safe to run at any time.
    """
    there = watched()
    if not there:
        return nothing_watched()
    limits = Limits(max_latency_ms, min_free_mb)
    seen = _look(there, limits, check_every_minutes)
    bad = {target: there[target] for target, part in seen.items() if part.status is Status.UNHEALTHY}
    if bad and second_look_s:
        wait_for_second_look(second_look_s)
        seen |= _look(bad, limits, check_every_minutes)
    parts = [tell(part) for part in seen.values()]
    return summed(parts, [target for target in Target if target not in there])


def _look(places: dict[Target, str], limits: Limits, check_every_minutes: int) -> dict[Target, Outcome]:
    urls = {target: place for target, place in places.items() if target in (Target.API, Target.WEBHOOK)}
    answers = ask_for_health(urls) if urls else {}
    return {target: judge_answer(target, answer, limits) for target, answer in answers.items()} | {
        target: judge_database(target, look_at_database(Path(place), check_every_minutes), limits)
        for target, place in places.items()
        if target not in urls
    }
