"""One stack for all that is seen from outside: the UI, the API and the command by hand."""

import os

import pytest

from tests.stack import Stack, own_folder


@pytest.fixture(scope="session")
def stack():
    with own_folder() as folder:
        made = Stack(folder, int(os.environ.get("WATCHKEEPER_PORT", "0")))
        up = made.run("deployments", "up")
        try:
            assert up.returncode == 0, up.stdout + up.stderr
            yield made
        finally:
            made.run("deployments", "down")
