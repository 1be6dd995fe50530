"""Make the Prefect server hold exactly what `prefect.yaml` says, and touch nothing that already does.

Only deployments of the file's own work pools are looked at. A schedule that is gone from the file is deleted (Prefect
itself would leave it running); a deployment that is gone from it is reported, and deleted when asked (`--prune`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from deployments.drift import Difference, Found, between, drift, schedule_differences
from deployments.wanted import Wanted

_PAGE = 200


@dataclass(frozen=True)
class Registered:
    """What a registration did: all differences it met, and the deployments it left for `--prune`."""

    mended: list[Difference]
    strangers: list[Difference]


def register(wanted: Sequence[Wanted], *, prune: bool = False) -> Registered:
    """Mend every difference; a second call finds none."""
    with get_client(sync_client=True) as client:
        _ensure_pools(client, wanted)
        found = _read_found(client, wanted)
        there = {(one.flow_name, one.name): one for one in found}
        asked = {(one.flow_name, one.name) for one in wanted}
        mended = drift(wanted, [one for key, one in there.items() if key in asked])
        for one in wanted:
            _mend(client, one, there.get((one.flow_name, one.name)))
        gone = [one for key, one in there.items() if key not in asked]
        if prune:
            for stranger in gone:
                client.delete_deployment(UUID(stranger.id))
    strangers = drift([], gone)
    return Registered(mended + strangers, []) if prune else Registered(mended, strangers)


def read_drift(wanted: Sequence[Wanted]) -> list[Difference]:
    """Every difference between the file and the server; changes nothing."""
    with get_client(sync_client=True) as client:
        return drift(wanted, _read_found(client, wanted))


def _ensure_pools(client: SyncPrefectClient, wanted: Sequence[Wanted]) -> None:
    for pool in sorted({one.pool for one in wanted}):
        try:
            client.read_work_pool(pool)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=template))


def _mend(client: SyncPrefectClient, wanted: Wanted, found: Found | None) -> None:
    if found is None:
        id_ = _create(client, wanted)
        found = Found(wanted.name, wanted.flow_name, str(id_), wanted.settings)
    elif any(not difference.what.startswith("schedule ") for difference in between(wanted, found)):
        client.update_deployment(UUID(found.id), DeploymentUpdate(**wanted.settings))
    if schedule_differences(wanted, found):
        _mend_schedules(client, wanted, UUID(found.id))


def _create(client: SyncPrefectClient, wanted: Wanted) -> UUID:
    flow_id = client.create_flow_from_name(wanted.flow_name)
    return client.create_deployment(flow_id=flow_id, name=wanted.name, **wanted.settings)


def _mend_schedules(client: SyncPrefectClient, wanted: Wanted, deployment: UUID) -> None:
    """Each schedule by its slug: changed ones keep the operator's switch, those not in the file go."""
    there = {held.slug or str(held.id): held for held in client.read_deployment_schedules(deployment)}
    for name, held in there.items():
        if name not in wanted.schedules and held.id is not None:
            client.delete_deployment_schedule(deployment, held.id)
    for slug, timing in wanted.schedules.items():
        schedule, parameters = CronSchedule(**timing["schedule"]), timing["parameters"]
        if slug in there:
            client.update_deployment_schedule(deployment, there[slug].id, schedule=schedule, parameters=parameters)
        else:
            body = [{"slug": slug, "active": True, **timing}]
            path = {"id": deployment}
            client.request("POST", "/deployments/{id}/schedules", path_params=path, json=body).raise_for_status()


def _read_found(client: SyncPrefectClient, wanted: Sequence[Wanted]) -> list[Found]:
    pools = WorkPoolFilter(name=WorkPoolFilterName(any_=sorted({one.pool for one in wanted})))
    held: list[DeploymentResponse] = []
    while page := client.read_deployments(work_pool_filter=pools, limit=_PAGE, offset=len(held)):
        held += page
    flows = {one.flow_id: client.read_flow(one.flow_id).name for one in held}
    return [_found(one, flows[one.flow_id]) for one in held]


def _found(held: DeploymentResponse, flow_name: str) -> Found:
    settings: dict[str, Any] = held.model_dump(mode="json")
    settings["tags"] = sorted(held.tags)
    settings["concurrency_limit"] = held.global_concurrency_limit.limit if held.global_concurrency_limit else None
    return Found(
        held.name,
        flow_name,
        str(held.id),
        settings,
        {
            one.slug: {"schedule": one.schedule.model_dump(mode="json"), "parameters": one.parameters}
            for one in held.schedules
            if one.slug
        },
        tuple(str(one.id) for one in held.schedules if not one.slug),
    )
