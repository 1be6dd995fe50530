"""What the tests of publishing share: a monorepo with two projects, and a run by hand whose lines can be read."""

from pathlib import Path

from flows.publishing.product_publish import product_publish
from flows.publishing.publish_status import publish_status
from tasks.rules.outcome import Outcome
from tests.by_hand import outcomes_of
from tests.gitea.fixtures import commit_files, git

SECRET = "nobody else's business"


def make_monorepo(folder: Path) -> Path:
    """Two projects, one of them with two commits, and beside them what must never be published."""
    commit_files(folder, "first", product__alpha__a="1", product__beta__b="1", other__secret=SECRET)
    commit_files(folder, "second", product__alpha__a="2", other__secret=SECRET)
    return folder.resolve()


def run_publish(monorepo: Path, **options: object) -> list[Outcome]:
    """All that a run by hand says; the last one is its result."""
    return outcomes_of(product_publish, **{"repo_root": str(monorepo), **options})


def run_status(monorepo: Path) -> list[Outcome]:
    return outcomes_of(publish_status, repo_root=str(monorepo))


def results(said: list[Outcome]) -> dict[str, Outcome]:
    """The last line of each project, by its folder."""
    return {str(one.fields["project"]): one for one in said if "project" in one.fields}


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file below the folder and what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def history(repository: Path, revision: str) -> list[str]:
    return git(repository, "rev-list", revision).splitlines()
