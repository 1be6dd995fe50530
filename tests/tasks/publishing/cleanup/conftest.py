"""A monorepo whose three folders are published, the registry that says so, and the remote that has them."""

import shutil
from dataclasses import replace

import pytest

from tasks.publishing.cleanup.looking import look_at, open_grounds
from tasks.publishing.registry import exclude_from_git, open_registry, remember
from tasks.rules.publishing.cleanup import Limits, plan_cleanup
from tests.operations_tables import empty, shared_operations
from tests.tasks.publishing.cleanup.bare_remote import BareRemote
from tests.tasks.publishing.cleanup.repositories import NOW, Monorepo

NAMES = ("alpha", "beta", "ga mma")
LIMITS = Limits()


class House:
    """The monorepo with its registry, and what a run would find in it."""

    def __init__(self, folder, entries, archive_dir=None):
        self.repo = Monorepo(folder / "monorepo")
        self.remote = BareRemote(folder / "remote")
        self.entries = {
            row.project_name: replace(row, local_path=f"{self.root}/product/{row.project_name}") for row in entries
        }
        exclude_from_git(self.root)
        for row in self.entries.values():
            remember.fn(self.root, row, NOW)
        self.grounds = open_grounds(self.root, *([archive_dir] if archive_dir else []))

    @property
    def root(self):
        return self.repo.root

    def rows(self, now=NOW):
        return {row.project_name: row for row in open_registry.fn(self.root, now)}

    def plan(self, now=NOW, limits=LIMITS):
        return plan_cleanup(look_at(self.grounds, open_registry.fn(self.root, now), limits, now), limits, now)

    def judged(self, name, now=NOW, limits=LIMITS):
        return next(one for one in self.plan(now, limits).judged if one.entry.project_name == name)

    def files(self, place):
        return {p.relative_to(place).as_posix(): p.read_text() for p in place.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Made once and copied: the folder of a monorepo with its remote, and the rows that tell of it."""
    folder = tmp_path_factory.mktemp("published")
    repo, remote = Monorepo(folder / "monorepo"), BareRemote(folder / "remote")
    for name in NAMES:
        repo.project(name)
    return folder, [remote.push(repo, name) for name in NAMES]


@pytest.fixture(scope="session")
def cleanup_database(postgres):
    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture
def memory(cleanup_database, monkeypatch):
    """The operations database, which knows nothing yet."""
    empty(cleanup_database, "published_projects", "registry_files", "project_archives")
    monkeypatch.setenv("WATCHKEEPER_DSN", cleanup_database)
    return cleanup_database


@pytest.fixture
def make_house(tmp_path, published, memory):
    folder, entries = published

    def make(archive_dir=None):
        for name in ("monorepo", "remote"):
            shutil.copytree(folder / name, tmp_path / name, symlinks=True)
        return House(tmp_path, entries, archive_dir)

    return make


@pytest.fixture
def house(make_house):
    return make_house()
