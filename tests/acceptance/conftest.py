"""One stack for all that is seen from outside: the UI, the API and the command by hand."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack():
    # Not below pytest's own folder: the next session that starts closes it to PostgreSQL's system user.
    made = Stack(Path(tempfile.mkdtemp(prefix="watchkeeper-stack-")), int(os.environ.get("WATCHKEEPER_PORT", "0")))
    up = made.run("deployments", "up")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield made
    finally:
        made.run("deployments", "down")
        shutil.rmtree(made.folder, ignore_errors=True)
