"""How the flows of these tests are started, and the monorepo that most tests of publishing publish."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tasks.step import without_server
from tests.publishing_monorepo import make_monorepo


@pytest.fixture
def by_hand(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without a server, which is quicker, unless the test asks for one."""
    with nullcontext() if "prefect_server" in request.fixturenames else without_server():
        yield


@pytest.fixture
def monorepo(tmp_path: Path, operations_database: str) -> Path:
    return make_monorepo(tmp_path / "monorepo")
