"""A repository at the stand-in, and a monorepo to push to it."""

import pytest

from tests.gitea.fixtures import Gitea, commit_files


@pytest.fixture
def repo(gitea: Gitea) -> str:
    """The path of a fresh public repository `one`."""
    assert gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "one"}).status_code == 201
    return f"repos/{gitea.owner}/one"


@pytest.fixture
def mono(tmp_path):
    commit_files(tmp_path / "mono", a="1")
    return tmp_path / "mono"
