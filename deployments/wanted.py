"""What `prefect.yaml` asks for, read strictly.

Prefect ignores a key it does not know (`concurency_limit:` passes without a word), so everything is checked here.
Two of Prefect's own keys are refused on purpose: a schedule's `active`, which would switch back on what an operator
has switched off in the UI, and schedules without a slug, which cannot be told apart later.
"""

import importlib
import inspect
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.utilities.templating import apply_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tasks.rules.faults import Misconfigured

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "prefect.yaml"
HOME_VARIABLE = "WATCHKEEPER_HOME"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(Strict):
    slug: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    cron: str
    timezone: str
    parameters: dict[str, Any] = {}

    @model_validator(mode="after")
    def _is_a_time(self) -> "Schedule":
        CronSchedule.model_validate(self.timing.model_dump())  # Prefect's own check of the cron text and the zone
        return self

    @property
    def timing(self) -> CronSchedule:
        return CronSchedule(cron=self.cron, timezone=self.timezone)


class Limit(Strict):
    limit: Annotated[int, Field(ge=1)]
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]
    grace_period_seconds: Annotated[int, Field(ge=60, le=86400)]


class Pool(Strict):
    name: str
    job_variables: dict[str, Any]


def _distinct_names(deployments: "list[Deployment]") -> "list[Deployment]":
    if len({one.name for one in deployments}) != len(deployments):
        raise ValueError("two deployments have the same name")
    return deployments


def _distinct_slugs(schedules: list[Schedule]) -> list[Schedule]:
    if len({schedule.slug for schedule in schedules}) != len(schedules):
        raise ValueError("every schedule needs a slug of its own")
    return schedules


class Deployment(Strict):
    """One procedure: when it runs, with what, how often again."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    entrypoint: Annotated[str, Field(pattern=r"^flows/\w+/\w+\.py:\w+$")]
    tags: Annotated[list[str], Field(min_length=1)]
    parameters: dict[str, Any] = {}
    concurrency_limit: Limit | None = None
    work_pool: Pool
    schedules: Annotated[list[Schedule], AfterValidator(_distinct_slugs)] = []


class DeploymentFile(Strict):
    version: str = Field(alias="prefect-version")
    name: str
    definitions: Any = None
    pull: list[dict[str, Any]]
    deployments: Annotated[list[Deployment], Field(min_length=1), AfterValidator(_distinct_names)]


@dataclass(frozen=True)
class Wanted:
    """A deployment as the server should hold it."""

    name: str
    flow_name: str
    pool: str
    settings: dict[str, Any]
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_file(path: Path = FILE) -> DeploymentFile:
    """The checked file; what is wrong with it is said with its place, all of it at once."""
    os.environ.setdefault(HOME_VARIABLE, str(ROOT))
    try:
        return DeploymentFile.model_validate(apply_values(yaml.safe_load(path.read_text(encoding="utf-8")), {}))
    except (OSError, yaml.YAMLError) as error:
        raise Misconfigured("invalid_setting", f"{path.name} cannot be read: {error}") from None
    except ValidationError as invalid:
        places = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in invalid.errors()
        )
        raise Misconfigured("invalid_setting", f"correct {path.name}: {places}") from None


def read_wanted(path: Path = FILE) -> list[Wanted]:
    """Every deployment of the file, with the form and the note of its flow; imports the flows."""
    file = read_file(path)
    return [_wanted(deployment, file.pull) for deployment in file.deployments]


def _wanted(deployment: Deployment, pull: list[dict[str, Any]]) -> Wanted:
    flow = _flow_at(deployment.entrypoint)
    limit = deployment.concurrency_limit
    settings: dict[str, Any] = {
        "entrypoint": deployment.entrypoint,
        "parameters": deployment.parameters,
        "tags": sorted(deployment.tags),
        "description": inspect.getdoc(flow.fn) or "",
        "work_pool_name": deployment.work_pool.name,
        "job_variables": deployment.work_pool.job_variables,
        "pull_steps": pull,
        "enforce_parameter_schema": True,
        # A name that the flow does not have is refused with the request; Prefect would take it and crash the run.
        "parameter_openapi_schema": flow.parameters.model_dump_for_openapi() | {"additionalProperties": False},
        "concurrency_limit": limit.limit if limit else None,
        "concurrency_options": _options(limit) if limit else None,
    }
    return Wanted(
        deployment.name,
        flow.name,
        deployment.work_pool.name,
        settings,
        {schedule.slug: _timing(schedule) for schedule in deployment.schedules},
    )


def _options(limit: Limit) -> dict[str, Any]:
    options = limit.model_dump(exclude={"limit"})
    return ConcurrencyOptions.model_validate(options).model_dump(mode="json")


def _timing(schedule: Schedule) -> dict[str, Any]:
    return {"schedule": schedule.timing.model_dump(mode="json"), "parameters": schedule.parameters}


def _flow_at(entrypoint: str) -> Flow[..., Any]:
    path, _, function = entrypoint.partition(":")
    module = path.removesuffix(".py").replace("/", ".")
    try:
        flow: Flow[..., Any] = getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        raise Misconfigured("invalid_setting", f"correct prefect.yaml: {entrypoint} is no flow ({error})") from None
    return flow
