"""How the flows of these tests are started."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from tasks.step import without_server


@pytest.fixture
def by_hand(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without a server, which is quicker, unless the test asks for one."""
    with nullcontext() if "prefect_server" in request.fixturenames else without_server():
        yield
