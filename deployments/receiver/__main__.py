"""`python -m deployments.receiver`: serve the webhook receiver until it is told to end."""

import logging
import resource
import sys
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from deployments.receiver.app import Receiver, make_app
from deployments.receiver.budget import Budget
from deployments.receiver.health import Health
from deployments.receiver.starting import Starter, is_prefect_up
from tasks import redacted_logging
from tasks.publishing.deliveries import can_remember
from tasks.rules.faults import Fault
from tasks.rules.outcome import EXIT_FAILED
from tasks.rules.publishing.push import Watched
from tasks.settings.publishing import publish_settings
from tasks.settings.receiver import receiver_port, receiver_settings, webhook_secret


def build_app() -> Starlette:
    """The application as the environment configures it; `Misconfigured` without a secret."""
    found, publishing = receiver_settings(), publish_settings()
    receiver = Receiver(
        webhook_secret().get_secret_value(),
        Watched(found.branch, publishing.source_dir, found.repository),
        Budget(found.per_minute, found.per_minute_of_all),
        Starter(found.deployment),
        enabled=publishing.enabled,
    )
    return make_app(receiver, Health({"database": _is_database_up, "prefect": is_prefect_up}))


async def _is_database_up() -> bool:
    return await run_in_threadpool(can_remember)


def main() -> int:
    try:
        app, host, port = build_app(), receiver_settings().host, receiver_port()
    except Fault as fault:
        sys.stderr.write(f"watchkeeper: {fault.next_step}\n")
        return EXIT_FAILED
    redacted_logging.install()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("watchkeeper").setLevel(logging.INFO)
    _allow_many_connections()
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,  # a flood must not fill the disk; /metrics counts it
        server_header=False,
        proxy_headers=False,  # who sends is who connects; a header could claim anything
        h11_max_incomplete_event_size=16_384,
        timeout_graceful_shutdown=5,
    )
    return 0


def _allow_many_connections() -> None:
    """Connections that say nothing cost a descriptor each; take as many as this system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
