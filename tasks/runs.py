"""The runs of the Prefect server: which are under way, when each was last heard of, and giving one up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventOrder
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from tasks.rules.approval import FORM, LATE_ANSWERS
from tasks.rules.faults import Unreachable
from tasks.rules.janitor import Phase, Verdict, Watched
from tasks.step import step

_PAGE = 200
_PHASES = {
    StateType.RUNNING: Phase.RUNNING,
    StateType.PENDING: Phase.PENDING,
    StateType.PAUSED: Phase.PAUSED,
}
_FORM = f"suspended-{FORM}"
_HEARTBEAT_VARIABLE = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
_WHY = {
    Verdict.SILENT: "given up by the janitor: no sign of life for several heartbeats",
    Verdict.STUCK: "given up by the janitor: it was never started",
}


@step
def read_runs_under_way() -> list[Watched]:
    """Every run that is Running, Pending or waiting for a person.

    Only a deployment that declares its heartbeat is one of ours (all in prefect.yaml do); a run by hand sends none.
    """
    with _client() as client:
        heartbeats: dict[UUID, int | None] = {}
        return [_watched(client, run, heartbeats) for run in _pages(client)]


@step(retries=0)  # the next look of the janitor is the retry
def give_up(run_id: str, why: Verdict) -> bool:
    """Mark the run Crashed, which frees its slot; False if it ended by itself in the meantime."""
    with _client() as client:
        try:
            answer: OrchestrationResult[Any] = client.set_flow_run_state(UUID(run_id), Crashed(message=_WHY[why]))
        except ObjectNotFound:
            return False
        return answer.status is SetStateStatus.ACCEPT


@step(retries=0)
def wait_for_second_look(seconds: int) -> None:
    """Give the runs that seem dead the time to show that they are not."""
    time.sleep(seconds)


def _pages(client: SyncPrefectClient) -> Iterator[FlowRun]:
    under_way = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_PHASES))))
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=under_way, limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _watched(client: SyncPrefectClient, run: FlowRun, heartbeats: dict[UUID, int | None]) -> Watched:
    if run.state is None or run.state_type is None:
        raise ValueError("a run that was asked for by its state has none")
    if run.deployment_id and run.deployment_id not in heartbeats:
        heartbeats[run.deployment_id] = _heartbeat_of(client, run.deployment_id)
    phase = _PHASES[run.state_type]
    return Watched(
        run_id=str(run.id),
        procedure=client.read_flow(run.flow_id).name,
        phase=phase,
        since=run.state.timestamp,
        last_sign=_last_event(client, run.id) if phase is Phase.RUNNING else None,
        heartbeat_s=heartbeats[run.deployment_id] if run.deployment_id else None,
        answer_until=_answer_until(run.state),
    )


def _answer_until(state: State[Any]) -> datetime | None:
    """Until when an answer in the approval form counts, if the run waits for one."""
    details = state.state_details
    asked = (details.run_input_keyset or {}).get("schema", "")
    return details.pause_timeout - LATE_ANSWERS if asked.startswith(_FORM) and details.pause_timeout else None


def _heartbeat_of(client: SyncPrefectClient, deployment: UUID) -> int | None:
    try:
        variables = client.read_deployment(deployment).job_variables
    except ObjectNotFound:  # the deployment was deleted while its run goes on
        return None
    declared = variables.get("env", {}).get(_HEARTBEAT_VARIABLE)
    return int(declared) if declared else None


def _last_event(client: SyncPrefectClient, run_id: UUID) -> datetime | None:
    """When anything was last heard that mentions the run: a heartbeat, a step of it, a change of its state."""
    mentions = EventFilter(
        any_resource=EventAnyResourceFilter(id=[f"prefect.flow-run.{run_id}"]), order=EventOrder.DESC
    )
    body = {"filter": mentions.model_dump(mode="json", exclude_unset=True), "limit": 1}
    events = client.request("POST", "/events/filter", json=body).raise_for_status().json()["events"]
    return datetime.fromisoformat(events[0]["occurred"]) if events else None


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    try:
        with get_client(sync_client=True) as client:
            yield client
    except (httpx.TransportError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "PREFECT_API_URL" not in str(error):
            raise
        raise Unreachable(
            "orchestrator_unreachable", "start the Prefect server, then run the janitor again"
        ) from None
