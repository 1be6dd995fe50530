"""The declared guard suite, apart from production, and a smoke of the service that is running."""

from flows.guard.readiness import BaseUrl
from flows.guard.smoke import Config, Logs, Service, smoke
from flows.naming import run_named
from tasks.procedure import procedure
from tasks.rules.contracts.acceptance import SMOKE_GUARD
from tasks.rules.outcome import Outcome


@procedure(SMOKE_GUARD, run_name=run_named("smoke-guard"))
def smoke_guard(
    config: Config = "suites.toml", base_url: BaseUrl = "", service: Service = True, logs: Logs = "artifacts/smoke"
) -> Outcome:
    """Run the declared guard suite with a metrics file of its own, and ask the running service.

    Runbook 002, Smoke & Acceptance. No test collected, or every one skipped, is a failure; what was skipped is shown
    with its reason. A run past its limit is ended with all its children. Then the service must answer 200 when
    asked what changes nothing; --no-service leaves that out while none is up. If it fails: the line names
    every reason, the log below --logs says more.

    Safety: runs the declared command and nothing else; the production metrics file is never its to write.
    """
    return smoke(SMOKE_GUARD, "guard", config, base_url, service, logs)
