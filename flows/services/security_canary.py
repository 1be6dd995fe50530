"""Do the services keep out who has no key, no signature and no token?"""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.smoke import SECURITY_CANARY
from tasks.rules.outcome import Outcome
from tasks.rules.services.canary import Side, asked_of, canary_said, probe_said
from tasks.services.canary import status_of
from tasks.settings.services import service_settings

_HTTP = r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$"
ApiUrl = Annotated[
    str | None, Field(pattern=_HTTP, description="Where the API is; left out, ORKET_API_URL of the environment.")
]
WebhookUrl = Annotated[
    str | None, Field(pattern=_HTTP, description="Where the webhook server is; left out, ORKET_WEBHOOK_URL.")
]


@procedure(SECURITY_CANARY, run_name=run_named("security-canary"))
def security_canary(api_url: ApiUrl = None, webhook_url: WebhookUrl = None) -> Outcome:
    """Knock as a stranger: the API without a key, the webhook without a signature, the test route that must be off.

    Runbook 003, Security Operations. Expected are 403, 401 and 403; anything else is a failure, and a door that
    opens (let_in) is the worst. If it fails: answered_otherwise may be a rate limit or a proxy in between; no_answer:
    look at the service's health; let_in: take the service off the network until it is configured as it must be.

    Safety: three requests without any secret, which must be refused; reads no body and follows no redirect.
    """
    settings = service_settings()
    urls = {Side.API: api_url or settings.api_url, Side.WEBHOOK: webhook_url or settings.webhook_url}
    probes = [tell(probe_said(probe, status_of(probe, str(urls[probe.side])))) for probe in asked_of(urls)]
    return canary_said(probes, urls)
