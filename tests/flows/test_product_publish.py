"""Publishing against a Gitea that answers as a real one, with real git (runbook 003, Product Repo Publishing)."""

import pytest

from flows.publishing.product_publish import product_publish
from tasks.step import without_server
from tests.gitea.fixtures import Gitea, commit_files, git, gitea, gitea_server  # noqa: F401  fixtures


@pytest.fixture(autouse=True)
def by_hand():
    with without_server():
        yield


@pytest.fixture
def monorepo(tmp_path, operations_database):
    """Two projects with a history of their own, and a file beside them that is nobody's business."""
    folder = tmp_path / "monorepo"
    commit_files(folder, "first", product__alpha__a="1", product__beta__b="1", secret="nobody's")
    commit_files(folder, "second", product__alpha__a="2")
    return folder.resolve()


def publish(monorepo, capsys, **options):
    """The lines of a run by hand, without the frozen moment."""
    product_publish.fn(**product_publish.validate_parameters({"repo_root": str(monorepo), **options}))
    return capsys.readouterr().out.splitlines()


def words(line):
    return dict(pair.split("=", 1) for pair in line.split()[1:])


def test_the_projects_are_created_pushed_verified_and_remembered(gitea, monorepo, capsys):
    lines = publish(monorepo, capsys, execute=True, verify_parity=True)
    print("\n".join(lines))
    assert words(lines[-1])["status"] == "ok"
