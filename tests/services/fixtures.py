"""One service for all tests of the load; `tests/conftest.py` hands it on."""

from collections.abc import Iterator

import pytest

from tests.services.running import SECRETS, Service, running_service


@pytest.fixture(scope="session")
def load_service() -> Iterator[Service]:
    with running_service() as service:
        yield service


@pytest.fixture
def loaded_service(load_service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service, well again, and its secrets in the environment."""
    load_service.go_wrong()
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return load_service
