"""A run that is killed anywhere loses nothing, and the next one ends as if it had not been (runbook 003)."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasks.settings import child_environment
from tests.tasks.publishing.cleanup.repositories import Monorepo

FAR = Path("/dev/shm")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    Monorepo(folder / "monorepo").project("alpha")
    return folder


def killed_everywhere(template, folder, deed, *more):
    """How many processes were killed before one could do the deed to its end."""
    command = [sys.executable, "-m", "tests.tasks.publishing.cleanup.killer", template, folder, deed, *more]
    done = subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, env=child_environment(), timeout=280
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith(deed)]
    assert lines[-1].endswith(" ended")
    return len(lines) - 1


@pytest.mark.row("D003-204", "W003-210")
@pytest.mark.parametrize("deed", ["archive", "delete", "restore"])
def test_killed_before_anything_it_does_the_second_start_ends_the_same(template, tmp_path, memory, deed):
    assert killed_everywhere(template, tmp_path, deed, 1) >= 10


@pytest.mark.row("D003-204")
@pytest.mark.parametrize("deed", ["archive", "restore"])
def test_the_same_between_two_disks(template, tmp_path, memory, deed):
    if not FAR.is_dir() or FAR.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("one disk only")
    with tempfile.TemporaryDirectory(dir=FAR) as far:
        assert killed_everywhere(template, tmp_path, deed, 3, far) >= 7
