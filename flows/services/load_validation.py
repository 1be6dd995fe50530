"""How quickly and how reliably do the services answer under load? Evidence for a release."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.load.archive import last_in_archive
from tasks.load.evidence import refuse_to_replace, show_run, write_evidence
from tasks.load.memory import has_memory, last_accepted, remember
from tasks.load.running import has_webhook_secret, make_load
from tasks.procedure import procedure, tell
from tasks.rules.contracts.services import LOAD_VALIDATION
from tasks.rules.load.evidence import file_name
from tasks.rules.load.lines import phase_line, run_line
from tasks.rules.load.plan import Amounts, Route, Targets, left_out, phases_of, refuse_too_long
from tasks.rules.load.run import Asked, judge
from tasks.rules.load.verdict import Limits
from tasks.rules.outcome import Outcome

_HTTP = r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$"
_WS = r"^wss?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$"
WebhookUrl = Annotated[str, Field(pattern=_HTTP, description="Where the webhook server is; no user, no query.")]
ApiUrl = Annotated[str, Field(pattern=_HTTP, description="Where the API is; no user, no query.")]
WsUrl = Annotated[str, Field(pattern=_WS, description="The websocket of the events; no user, no query.")]
Total = Annotated[int, Field(ge=0, le=1_000_000, description="Requests altogether; 0 leaves the phase out.")]
Clients = Annotated[int, Field(ge=0, le=2000, description="Websocket clients; 0 leaves them out.")]
Connections = Annotated[int, Field(ge=1, le=2000, description="Connections at most; what finds none free waits.")]
Rate = Annotated[float, Field(ge=0.1, le=20_000, description="Starts a second, whatever became of those before.")]
Hold = Annotated[float, Field(ge=0, le=600, description="How long each websocket client stays, in seconds.")]
Timeout = Annotated[
    float, Field(ge=0.1, le=60, description="When a request is given up, in seconds since it was due.")
]
Duration = Annotated[float, Field(ge=0, le=600, description="Seconds each HTTP phase lasts; 0: the totals decide.")]
Webhooks = Annotated[Route, Field(description="Which webhooks: auto signs if GITEA_WEBHOOK_SECRET is set.")]
Share = Annotated[float, Field(ge=0, le=100, description="Percent of all attempts that may go this way.")]
Milliseconds = Annotated[float, Field(gt=0, le=60_000, description="Milliseconds that still are good.")]
Lag = Annotated[float, Field(gt=0, le=60_000, description="How late the generator may be at p99, in milliseconds.")]
Noise = Annotated[float, Field(ge=0, le=1000, description="Percent above the last accepted run that are noise.")]
Out = Annotated[
    str | None,
    Field(
        pattern=r"^(.*/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$",
        description="Where the evidence goes; left out, benchmarks/results/<timestamp>_phase5_load.json.",
    ),
]


@procedure(LOAD_VALIDATION, run_name=run_named("load-validation"))
def load_validation(  # noqa: PLR0913, PLR0917  the runbook's options, and what it takes to make a load test true
    webhook_base_url: WebhookUrl = "http://127.0.0.1:8080",
    api_base_url: ApiUrl = "http://127.0.0.1:8082",
    ws_url: WsUrl = "ws://127.0.0.1:8082/ws/events",
    webhook_total: Total = 100,
    epic_total: Total = 10,
    ws_clients: Clients = 50,
    out: Out = None,
    webhook_concurrency: Connections = 25,
    api_total: Total = 200,
    api_concurrency: Connections = 50,
    epic_concurrency: Connections = 10,
    webhook_rate: Rate = 50.0,
    api_rate: Rate = 100.0,
    epic_rate: Rate = 10.0,
    ws_rate: Rate = 50.0,
    ws_hold_s: Hold = 2.0,
    timeout_s: Timeout = 10.0,
    duration_s: Duration = 0.0,
    webhook_route: Webhooks = Route.AUTO,
    error_rate_percent_max: Share = 1.0,
    rate_limited_percent_max: Share = 0.0,
    p95_ms_max: Milliseconds = 500.0,
    p99_ms_max: Milliseconds = 1000.0,
    lag_ms_max: Lag = 50.0,
    noise_percent: Noise = 30.0,
) -> Outcome:
    """Put the webhooks, the API and the websocket under a known load and judge latency and errors.

    Runbook 003, Load/Performance Validation. Requests start at the asked rate, however slow the answers are, and
    latency counts from the moment each was due. Leaves the evidence (JSON, a page, a picture) that a release links.
    Each limit gates; accepted=true needs every phase. ORKET_API_KEY, ORKET_WEBHOOK_TEST_TOKEN and
    GITEA_WEBHOOK_SECRET are taken from the environment.

    If it fails: read the line of the phase. rate_limited: raise ORKET_RATE_LIMIT for the validation.
    generator_saturated: this machine was too busy to measure; nothing is accepted.

    Safety: really calls the services, epics included: point it to the release candidate, not to production. The
    signed webhooks tell of changed labels, which asks for nothing. Evidence is never written over.
    """
    amounts = Amounts(
        webhook_total=webhook_total,
        webhook_concurrency=webhook_concurrency,
        webhook_rate=webhook_rate,
        api_total=api_total,
        api_concurrency=api_concurrency,
        api_rate=api_rate,
        epic_total=epic_total,
        epic_concurrency=epic_concurrency,
        epic_rate=epic_rate,
        ws_clients=ws_clients,
        ws_rate=ws_rate,
        ws_hold_s=ws_hold_s,
        timeout_s=timeout_s,
        duration_s=duration_s,
        webhook_route=webhook_route,
    )
    limits = Limits(
        error_rate_percent_max, rate_limited_percent_max, p95_ms_max, p99_ms_max, lag_ms_max, noise_percent
    )
    return _validated(Asked(Targets(webhook_base_url, api_base_url, ws_url), amounts, limits), out)


def _validated(asked: Asked, out: str | None) -> Outcome:
    at = utc_now()
    file = Path(out or f"benchmarks/results/{file_name(at)}")
    refuse_to_replace(file)
    phases = phases_of(asked.targets, asked.amounts, has_secret=has_webhook_secret(asked.amounts.webhook_route))
    refuse_too_long(phases)
    before, refused = last_in_archive(file.parent, asked.key, at)
    if has_memory():
        before = last_accepted(asked.key, at) or before
    measured = make_load(phases)
    run = judge(at, asked, measured, left_out(phases), before)
    write_evidence(file, run, measured)
    show_run(file, run, measured)
    if has_memory() and run.is_accepted:
        remember(run, file.name)
    for figures, verdict in zip(run.figures, run.verdicts, strict=True):
        tell(phase_line(figures, verdict))
    return run_line(run, refused, file.name)
