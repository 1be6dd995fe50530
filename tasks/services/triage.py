"""Starting the triage of an incident when a health check fails (runbook 003, Incident Playbook)."""

import logging

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from tasks.clock import utc_now
from tasks.incidents import open_since
from tasks.rules.faults import Fault
from tasks.step import has_server

log = logging.getLogger("prefect.watchkeeper")
DEPLOYMENT = "incident-triage/incident-triage"
PLAYBOOK = "api_5xx"


def start_triage(procedure: str) -> None:
    """Start one triage for the procedure's open incident; what goes wrong here is logged and nothing more.

    For `procedure(on_bad=...)`. Prefect knows the run by the incident's beginning, so that the next failures of the
    same incident start no second one; without a memory of incidents it is one an hour.
    """
    if not has_server():
        return
    try:
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
            client.create_flow_run_from_deployment(
                deployment.id,
                parameters={"playbook": PLAYBOOK},
                tags=[f"started-by-{procedure}"],
                idempotency_key=f"triage-{procedure}-{_since(procedure)}",
            )
    except ObjectNotFound:
        log.info("no triage: %s is not deployed on this server", DEPLOYMENT)
    except (httpx.HTTPError, PrefectHTTPStatusError, RuntimeError) as trouble:
        log.warning("no triage: %s", type(trouble).__name__)


def _since(procedure: str) -> str:
    try:
        opened = open_since(procedure)
    except Fault:
        opened = None
    return f"{opened:%Y%m%dT%H%M%S}" if opened else f"{utc_now():%Y%m%dT%H}"
