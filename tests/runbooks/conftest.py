"""A run of a flow, as its lines."""

from collections.abc import Callable

import pytest

from tests.runbooks.production import FROZEN


@pytest.fixture
def say(capfd) -> Callable[..., list[str]]:
    """The lines of one run of a flow."""

    def run(flow, *arguments: object, **parameters: object) -> list[str]:
        flow(*arguments, **parameters, return_state=True)
        return [line.removesuffix(FROZEN) for line in capfd.readouterr().out.splitlines()]

    return run
