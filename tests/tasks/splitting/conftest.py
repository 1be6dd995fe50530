"""A monorepo made by git's own commands, for the tests that need no odd bytes."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.splitting.raw_git import RawGit

Write = Callable[[str, str], str]


@pytest.fixture(scope="session", autouse=True)
def peer() -> None:
    """These tests compare with git subtree, which some distributions pack by itself."""
    folder = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(folder, "git-subtree").exists():
        pytest.skip("this git comes without git-subtree, which is what the split is compared with")


@pytest.fixture
def repo(tmp_path: Path) -> RawGit:
    path = tmp_path / "mono"
    path.mkdir()
    return RawGit(path)


@pytest.fixture
def write(repo: RawGit) -> Write:
    """Commit one file and return the commit."""

    def write(file: str, content: str) -> str:
        path = repo.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", f"{Path(file).name}: {content}")
        return repo.git("rev-parse", "HEAD").decode()

    return write
