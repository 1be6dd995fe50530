"""One Prefect server for a test session, with the batch settings that make it quick."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)

BATCHED = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": 50,
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": 50,
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": 1,
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": 50,
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": 100,
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": 50,
}


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Start a server on a fresh SQLite file in `folder`; yields its API URL.

    The flow heartbeat is off: it makes every synchronous flow wait up to a second for its end.
    """
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    fields = _get_settings_fields(Settings)
    with temporary_settings(
        {
            PREFECT_HOME: folder,
            PREFECT_SERVER_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{folder}/prefect.db",
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            PREFECT_SERVER_ANALYTICS_ENABLED: False,
            **{fields[name]: value for name, value in BATCHED.items()},
        }
    ):
        server = SubprocessASGIServer()
        server.start(timeout=120)
        try:
            with temporary_settings({PREFECT_API_URL: server.api_url}):
                yield server.api_url
        finally:
            server.stop()
