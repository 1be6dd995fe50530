"""The next step as a run that waits for one click: suspended under its deployment until somebody resumes it."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Suspended

from tasks.clock import utc_now
from tasks.incidents import open_since
from tasks.rules.faults import Fault
from tasks.rules.services.triage import FollowUp
from tasks.settings import settings
from tasks.step import has_server, step

log = logging.getLogger("prefect.watchkeeper")
OFFERED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Offered:
    """A run that waits, and where it is looked at."""

    run: str
    page: str


@step(retries=0)  # safe to repeat: one incident gets one run
def offer(follow_up: FollowUp, incident: str) -> Offered | None:
    """Put the run there, suspended for a day: Resume starts it, nothing else does. None without a server for it."""
    if not (has_server() and follow_up.deployment):
        return None
    name = follow_up.deployment
    until = datetime.now(UTC) + OFFERED_FOR
    try:
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name(f"{name}/{name}")
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters=dict(follow_up.parameters),
                state=Suspended(pause_expiration_time=until),
                name=f"{name} for {incident}",
                tags=["offered", incident],
                idempotency_key=f"follow-up-{incident}-{name}",
            )
    except (ObjectNotFound, PrefectHTTPStatusError, httpx.HTTPError) as trouble:
        log.warning("the next step is not offered as a run: %s", type(trouble).__name__)
        return None
    return Offered(str(run.id), f"{settings().ui_url}/runs/flow-run/{run.id}")


def incident_key(playbook: str) -> str:
    """One word for the incident: that of the open failure of service-health, else that of the hour."""
    try:
        opened = open_since("service-health")
    except Fault:
        opened = None
    return f"{playbook}-{opened:%Y%m%dT%H%M%S}" if opened else f"{playbook}-{utc_now():%Y%m%dT%H}"


@step
def show_triage(lines: list[str]) -> None:
    """The page of the triage, beside its lines."""
    if has_server():
        create_markdown_artifact(key="incident-triage", markdown="\n".join(lines), description=lines[0].lstrip("# "))
