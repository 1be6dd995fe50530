"""Steps as plain functions: what is tested is what they do, not that Prefect keeps track of it."""

from collections.abc import Iterator

import pytest

from tasks.step import without_server


@pytest.fixture(autouse=True)
def _plain_steps() -> Iterator[None]:
    with without_server():
        yield
