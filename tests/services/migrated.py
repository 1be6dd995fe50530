"""The two databases of the services at the head of their plans."""

from pathlib import Path

from flows.services.run_migrations import run_migrations
from tasks.procedure import part
from tasks.rules.outcome import Status
from tasks.step import without_server


def migrated(runtime_db: Path, webhook_db: Path) -> None:
    with without_server():
        done = part(run_migrations, runtime_db=str(runtime_db), webhook_db=str(webhook_db), create=True)
    assert done.status is Status.OK
