"""The runbook's incident playbooks: evidence gathered, a cause named, the next step offered, a note drafted."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure
from tasks.records.drafting import Words, draft_note
from tasks.rules.artifacts import Json
from tasks.rules.contracts.triage import INCIDENT_TRIAGE
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome, Status
from tasks.rules.services.health import Limits, Target, judge_answer, judge_database
from tasks.rules.services.triage import (
    NEXT_STEPS,
    Cause,
    Evidence,
    FollowUp,
    TriagePlaybook,
    causes_of,
    rate_limit,
    reasons_of,
    verify_timeout,
)
from tasks.rules.services.triage_pages import evidence_data, page_of, said_of_triage
from tasks.services.database_health import look_at_database
from tasks.services.follow_up import incident_key, offer, show_triage
from tasks.services.health import ask_for_health
from tasks.services.triage_evidence import Logs, fixture_problem, probe_limit, read_logs, service_value
from tasks.settings.services import watched

WhichPlaybook = Annotated[TriagePlaybook, Field(description="The runbook's playbook that is gone through.")]
LogPaths = Annotated[tuple[str, ...], Field(max_length=20, description="Where the services may write their logs.")]
Minutes = Annotated[int, Field(ge=1, le=10_080, description="How far back records are counted.")]
Probes = Annotated[
    int,
    Field(ge=0, le=70, description="Signed requests until a 429; they use up the service's limit of that minute."),
]
FixtureFolder = Annotated[str, Field(min_length=1, description="Where a verification's fixture has to be.")]
Fixture = Annotated[str, Field(max_length=200, description="The fixture in it; the folder alone if left out.")]
Config = Annotated[str, Field(min_length=1, description="The declaration of the services, for their env files.")]
_LOGS = ("workspace/default/orket.log", "orket.log")
_LIMITS = Limits(max_latency_ms=5000, min_free_mb=100)


@procedure(INCIDENT_TRIAGE, run_name=run_named("incident-triage", "playbook"))
def incident_triage(
    playbook: WhichPlaybook,
    logs: LogPaths = _LOGS,
    minutes: Minutes = 60,
    probes: Probes = 0,
    fixture_folder: FixtureFolder = "workspace/verification",
    fixture: Fixture = "",
    config: Config = "services.toml",
) -> Outcome:
    """Gather the evidence of an incident, name the likely cause, offer the next step, draft the note.

    Runbook 003, Incident Playbook. api_5xx: logs, database, health. webhook_storm: the limit in force, signatures
    that were missing or wrong, 429 if probes are allowed. verification_stall: the time limit, the fixture, how its
    loading ended. Of a log the last 8 MiB are read; those that are missing are named. The next step waits as a
    suspended run: Resume starts it. Started by service-health when it fails. If it fails: the line says why;
    no_evidence: name the logs and set the variables of the services.

    Safety: reads only, unless --probes: then signed requests that nobody handles. Never restarts or rotates itself.
    """
    read = read_logs(logs, minutes)
    match playbook:
        case TriagePlaybook.API_5XX:
            evidence = _api(read)
        case TriagePlaybook.WEBHOOK_STORM:
            evidence = _storm(read, Path(config), probes)
        case TriagePlaybook.VERIFICATION_STALL:
            evidence = _stall(read, Path(config), fixture_problem(Path(fixture_folder), fixture))
    if not (read.excerpts or evidence.looked_at):
        return INCIDENT_TRIAGE.says(
            Status.INSUFFICIENT_DATA, "no_evidence", playbook=playbook.value, missing=len(logs)
        )
    return _ended(playbook, evidence, read)


def _api(read: Logs) -> Evidence:
    there = watched()
    database, health = there.get(Target.RUNTIME_DB), there.get(Target.API)
    seen = judge_database(Target.RUNTIME_DB, look_at_database(Path(database), 360), _LIMITS) if database else None
    answered = judge_answer(Target.API, ask_for_health({Target.API: health})[Target.API], _LIMITS) if health else None
    return Evidence(
        tally=read.tally,
        looked_at=(*(("database",) if seen else ()), *(("health",) if answered else ())),
        database=reasons_of(seen) if seen else (),
        health=reasons_of(answered) if answered else (),
    )


def _storm(read: Logs, config: Path, probes: int) -> Evidence:
    limit, understood = rate_limit(service_value(config, "webhook", "ORKET_RATE_LIMIT"))
    return Evidence(
        tally=read.tally,
        looked_at=("probes",) if probes else (),
        limit=limit,
        limit_understood=understood,
        probes=probes,
        limited_at=probe_limit(probes) if probes else None,
    )


def _stall(read: Logs, config: Path, fixture: str | None) -> Evidence:
    timeout = verify_timeout(service_value(config, "api", "ORKET_VERIFY_TIMEOUT_SEC"))
    return Evidence(tally=read.tally, looked_at=("fixture",), verify_timeout_s=timeout, fixture=fixture)


def _ended(playbook: TriagePlaybook, evidence: Evidence, read: Logs) -> Outcome:
    """The note first, so that the next step is offered for it; without a note the triage is not whole."""
    causes = causes_of(playbook, evidence)
    said = said_of_triage(playbook, causes, evidence)
    said |= {"logs": len(read.excerpts), "missing": len(read.unavailable) or None}
    found = {"triage": evidence_data(said, read.unavailable, read.cut), **_excerpts(read)}
    key = incident_key(playbook.value)
    try:
        words = Words(profile="services", venue=playbook.value.replace("_", "-"), why=causes[0].value)
        incident: str | None = draft_note(key, words, "", (), beside=found).incident
    except Fault:
        incident = None
    follow_up = NEXT_STEPS.get(causes[0], FollowUp())
    offered = offer(follow_up, incident or key)
    show_triage(page_of(playbook, causes, said, list(read.unavailable), offered.page if offered else None))
    blind = causes == (Cause.NONE_FOUND,) and not read.excerpts  # nothing found where nothing could be read
    status = Status.INSUFFICIENT_DATA if blind else Status.OK if incident else Status.PARTIAL
    return INCIDENT_TRIAGE.says(
        status,
        "no_evidence" if blind else None if incident else "note_not_written",
        **said,
        incident=incident,
        offered=follow_up.deployment if offered else None,
        next=follow_up.command,
    )


def _excerpts(read: Logs) -> dict[str, Json]:
    return {f"log {path}": lines for path, lines in read.excerpts.items()}
