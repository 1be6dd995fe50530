"""What `make up` shows on a fresh stack: databases brought to their plans, sample traffic, and the two real runs."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

from deployments.sample_traffic import load_sample_traffic
from flows.production.db_bootstrap import Mode, db_bootstrap
from tasks.clock import utc_now
from tasks.operations import StoredOutcome, last_outcomes
from tasks.procedure import telling
from tasks.rules.faults import Fault, Refused
from tasks.rules.outcome import Value
from tasks.settings import OPERATIONS_DSN, PRODUCTION_DSN, dsn_named
from tasks.step import without_server

RUNS = {"ops-daily": {"mode": "prod"}, "prod-verify": {"mode": "verify"}}
_RUN_PATIENCE_S = 180.0
_LAST = 50


def apply_plans() -> str:
    """Bring both embedded databases to the head of their plans; the operations one first, it keeps the outcomes."""
    operations = _applied(Mode.APPLY_MIGRATIONS, "migrations/operations", OPERATIONS_DSN)
    production = _applied(Mode.ALL, "migrations/production", PRODUCTION_DSN)
    return f"operations {operations} applied, production {production} applied and verified"


def _applied(mode: Mode, plan: str, dsn_env: str) -> Value:
    with telling(lambda _: None) as run, without_server():
        db_bootstrap.fn(mode=mode, plan=plan, dsn_env=dsn_env)
    if run.final is None or run.final.exit_code:
        raise Fault("verify_failed", run.final.line if run.final else "db-bootstrap said nothing")
    return run.final.fields["applied"]


def seen(procedure: str) -> StoredOutcome | None:
    """The last outcome of a deployment run of that procedure, if there was one."""
    return next((one for one in last_outcomes(procedure, _LAST) if one.flow_run_id), None)


def load_traffic() -> str:
    """Give the watch something to look at: sample traffic up to today, in the embedded database only."""
    try:
        added = load_sample_traffic(dsn_named(PRODUCTION_DSN).get_secret_value(), utc_now().date())
    except Refused:
        return "left alone: the database holds rows of another origin"
    return f"{added} messages added"


def run_deployment(procedure: str, parameters: dict[str, Any], has_worker: Callable[[], bool]) -> StoredOutcome:
    """Start a deployment run through the API as anybody would, wait for its end and return what it stored."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{procedure}/{procedure}")
        run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
        ended = _awaited(client, run, has_worker)
    stored = next((one for one in last_outcomes(procedure, _LAST) if one.flow_run_id == run.id), None)
    if stored is None:
        state = ended.state
        raise Fault(
            "crash", f"{procedure} left no outcome ({state.name if state else 'unknown'}): read its log in the UI"
        )
    return stored


def _awaited(client: SyncPrefectClient, run: FlowRun, has_worker: Callable[[], bool]) -> FlowRun:
    deadline = time.monotonic() + _RUN_PATIENCE_S
    while time.monotonic() < deadline and has_worker():
        try:
            run = client.read_flow_run(run.id)
        except ObjectNotFound:
            raise Fault("crash", f"the run {run.name} was deleted") from None
        if run.state and run.state.is_final():
            return run
        time.sleep(0.3)
    state = run.state.name if run.state else "unknown"
    raise Fault("timeout", f"{run.name} is still {state}: is the worker up? see .watchkeeper/logs/worker.log")


def age(moment: datetime) -> str:
    seconds = int((utc_now() - moment).total_seconds())
    return f"{seconds // 3600} h" if seconds >= 7200 else f"{max(seconds, 0) // 60} min"
