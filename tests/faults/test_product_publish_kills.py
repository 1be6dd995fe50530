"""A publisher that is killed between any two steps: a second start ends as if nothing had been (runbook 003)."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tasks.rules.outcome import Status
from tasks.rules.publishing.registry import FILE
from tests.publishing_monorepo import make_monorepo, run_publish

ROOT = Path(__file__).parents[2]
HANG_S = 1.0
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def monorepo(tmp_path, operations_database):
    return make_monorepo(tmp_path / "monorepo")


@contextmanager
def at_a_request(gitea, path, method):
    """Yields whether the publisher now waits for this answer, which comes late."""
    trouble = gitea.trouble(path, delay_s=HANG_S, method=method)
    yield lambda: trouble.met > 0
    time.sleep(HANG_S + 0.3)  # what was asked for may still be done after the one who asked is gone


@contextmanager
def at_a_write(dsn, table):
    """Yields whether the publisher now waits to write into the table."""
    with psycopg.connect(dsn) as blocker, psycopg.connect(dsn, autocommit=True) as watcher:
        blocker.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield lambda: watcher.execute(WAITING).fetchall() != [(0,)]


REQUESTS = {
    "before the repository is created": ("orgs/.*/repos", "POST"),
    "before the push": ("alpha.git/info/refs", "GET"),
    "in the push": ("alpha.git/git-receive-pack", "POST"),
    "before parity is verified": ("alpha.git/git-upload-pack", "POST"),
}
WRITES = {
    "before the registry is written": "published_projects",
    "between the registry's file and its database": "registry_files",
}


def at(point, gitea, dsn):
    return at_a_request(gitea, *REQUESTS[point]) if point in REQUESTS else at_a_write(dsn, WRITES[point])


def kill_at(is_there, monorepo, *flags):
    """Start a publisher, wait until it is at the point, and kill it there."""
    command = [sys.executable, "-m", "flows", "product-publish", "--execute", "--verify-parity", *flags]
    command += ["--repo-root", str(monorepo)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as publisher:
        deadline = time.monotonic() + 60
        while not is_there() and publisher.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert is_there(), publisher.communicate()[0].decode()
        publisher.send_signal(signal.SIGKILL)


def registry_of(monorepo):
    rows = json.loads((monorepo / FILE).read_text("utf-8"))["projects"]
    return {row["project_name"]: (row["last_published_sha"], row["parity_verified"]) for row in rows}


@pytest.mark.row("P003-122", "D003-123")
@pytest.mark.parametrize("point", [*REQUESTS, *WRITES])
def test_a_second_start_ends_as_if_nothing_had_been(gitea, monorepo, operations_database, point):
    with at(point, gitea, operations_database) as is_there:
        kill_at(is_there, monorepo)
    last = run_publish(monorepo, execute=True, verify_parity=True)[-1]
    assert (last.status, last.fields["verified"]) == (Status.OK, 2)
    heads = {name: gitea.repo(name).branches()["main"] for name in ("alpha", "beta")}
    assert registry_of(monorepo) == {name: (sha, True) for name, sha in heads.items()}
    again = run_publish(monorepo, execute=True)[-1]
    assert (again.status, again.fields["unchanged"]) == (Status.OK, 2)


@pytest.mark.row("P003-122", "D003-123")
def test_a_folder_whose_deletion_was_not_written_down_is_written_down_by_the_second_start(
    gitea, monorepo, operations_database
):
    run_publish(monorepo, execute=True, verify_parity=True)
    with at_a_write(operations_database, "published_projects") as is_there:
        kill_at(is_there, monorepo, "--delete-local", "--projects", "alpha")
    assert not (monorepo / "product" / "alpha").exists()
    last = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True, projects=["alpha"])[-1]
    assert (last.status, last.fields["deleted"]) == (Status.OK, 1)
    rows = json.loads((monorepo / FILE).read_text("utf-8"))["projects"]
    assert [row["project_name"] for row in rows if row["deleted_at"]] == ["alpha"]
    assert not list((monorepo / ".orket").rglob("*alpha*"))
