"""The declared acceptance suite, apart from production, and a smoke of the service that is running."""

from flows.guard.readiness import BaseUrl
from flows.guard.smoke import Config, Logs, Service, smoke
from flows.naming import run_named
from tasks.procedure import procedure
from tasks.rules.contracts.acceptance import SMOKE_ACCEPTANCE
from tasks.rules.outcome import Outcome


@procedure(SMOKE_ACCEPTANCE, run_name=run_named("smoke-acceptance"))
def smoke_acceptance(
    config: Config = "suites.toml", base_url: BaseUrl = "", service: Service = True, logs: Logs = "artifacts/smoke"
) -> Outcome:
    """Run the declared acceptance suite with a metrics file of its own, and ask the running service.

    Runbook 002, Smoke & Acceptance. No test collected, or every one skipped, is a failure; what was skipped is shown
    with its reason. A run past its limit is ended with all its children. Then the service must answer 200 when
    asked what changes nothing; --no-service leaves that out while none is up. If it fails: the line names
    every reason, the log below --logs says more.

    Safety: runs the declared command and nothing else; the production metrics file is never its to write.
    """
    return smoke(SMOKE_ACCEPTANCE, "acceptance", config, base_url, service, logs)
