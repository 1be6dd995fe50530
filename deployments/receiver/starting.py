"""Starting the publish: at most one runs and one waits, and the one that waits is of the newest push.

The deployment's limit of one keeps two from running; a run that waits has not looked at anything yet, so a newer push
takes its place. A run reads the monorepo when it starts, so one that is about to start is as new as the newest push.
"""

import asyncio

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled

TAG = "gitea-push"
_MOST_WAITING = 200


class Starter:
    def __init__(self, deployment: str) -> None:
        self._deployment = deployment
        self._one_at_a_time = asyncio.Lock()

    async def start(self, delivery: str) -> str:
        """A new run for this delivery, in place of those that wait; returns its id. Raises what the client raises."""
        async with self._one_at_a_time, get_client() as client:
            deployment = await client.read_deployment_by_name(self._deployment)
            waiting = await _waiting(client, DeploymentFilterId(any_=[deployment.id]))
            run = await client.create_flow_run_from_deployment(
                deployment.id, tags=[TAG], idempotency_key=f"{TAG}-{delivery}"
            )
            for older in waiting:
                if older.id != run.id:
                    await client.set_flow_run_state(older.id, Cancelled(message="a newer push takes its place"))
            return str(run.id)


async def _waiting(client: PrefectClient, deployment: DeploymentFilterId) -> list[FlowRun]:
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=deployment),
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        ),
        limit=_MOST_WAITING,
    )


async def is_prefect_up() -> bool:
    async with get_client() as client:
        return await client.api_healthcheck() is None
