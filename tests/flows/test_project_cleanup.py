"""Cleaning up after publishing, from the first look to the last archive (runbook 003, Local Space Conservation)."""

import json
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

from flows.publishing.project_cleanup import project_cleanup
from flows.publishing.project_restore import project_restore
from tasks.publishing.registry import remember, sole_publisher
from tasks.rules.publishing.registry import FILE, Entry
from tasks.splitting import split
from tests.by_hand import lines_of
from tests.people import KEY, App, typing
from tests.publishing_monorepo import everything_in, run_publish
from tests.tasks.publishing.cleanup.repositories import Monorepo

OLD, YOUNG = ("alpha", "beta"), ("delta", "gamma")
GITEA = ("GITEA_URL", "GITEA_ADMIN_USER", "GITEA_ADMIN_PASSWORD", "GITEA_PRODUCT_OWNER")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Four projects that nobody has committed to for long, and their own histories."""
    repo = Monorepo(tmp_path_factory.mktemp("template") / "monorepo")
    for name in OLD + YOUNG:
        repo.project(name)
    return repo.root, {made.name: made.sha for made in split(repo.root, "product", write=True)}


@pytest.fixture
def copied(template, tmp_path, operations_database, monkeypatch):
    """The same, and the files of two of them are new."""
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    repo = Monorepo(shutil.copytree(template[0], tmp_path / "monorepo", symlinks=True))
    for path in (repo.root / "product").rglob("*.txt"):
        if path.relative_to(repo.root).parts[1] in YOUNG:
            os.utime(path)
    repo.git("status")
    return repo


@pytest.fixture
def recorded(copied, template, monkeypatch):
    """The registry knows them; nobody is there to be asked about them."""
    for name in GITEA:
        monkeypatch.delenv(name, raising=False)
    now = datetime.now(UTC)
    for name, sha in template[1].items():
        place = str(copied.root / "product" / name)
        entry = Entry("product", name, f"Orket/{name}", "main", place, sha, sha, True, now - timedelta(hours=1))
        remember.fn(copied.root, entry, now)
    return copied


@pytest.fixture
def monorepo(copied, gitea):
    """Published and verified at Gitea."""
    assert run_publish(copied.root, execute=True, verify_parity=True)[-1].exit_code == 0
    return copied


def run(flow, monorepo, **options):
    """The lines of a run by hand, the last one at the end."""
    return lines_of(flow, repo_root=str(monorepo.root), **options)


def report(tmp_path):
    return json.loads((tmp_path / "artifacts/publishing/project_cleanup.json").read_text())


def row(monorepo, name):
    rows = json.loads((monorepo.root / FILE).read_text("utf-8"))["projects"]
    return next(row for row in rows if row["project_name"] == name)


def archived_long_ago(monorepo, dsn, name="alpha", days=200):
    """As if the folder had been archived that long ago."""
    run(project_cleanup, monorepo, execute=True, projects=(name,))
    with psycopg.connect(dsn, autocommit=True) as conn:
        for table in ("published_projects", "project_archives"):
            conn.execute(
                f"UPDATE {table} SET archived_at = archived_at - %s::interval WHERE project_name = %s",
                (f"{days} days", name),
            )
    return monorepo.root / ".orket/local_archive/projects"


@pytest.mark.row("P003-211", "P003-212", "P003-213")
def test_a_look_says_what_would_go_and_why_needs_no_credentials_and_changes_nothing(recorded, tmp_path):
    before = everything_in(recorded.root)
    lines = run(project_cleanup, recorded)
    assert lines == [
        "project_cleanup_project status=planned project=product%2Falpha action=archive rule=unchanged_long_enough"
        f" age_days={lines[0].rpartition('=')[2]}",
        "project_cleanup_project status=planned project=product%2Fbeta action=archive rule=unchanged_long_enough"
        f" age_days={lines[1].rpartition('=')[2]}",
        *(
            f"project_cleanup_project status=skipped project=product%2F{name} action=keep rule=changed_recently"
            " age_days=0"
            for name in YOUNG
        ),
        "project_cleanup status=planned mode=dry_run archive_days=45 hard_delete_days=90 checked=4 archive=2 delete=0"
        " skipped=0 report=publishing/project_cleanup.json",
    ]
    assert everything_in(recorded.root) == before
    told = report(tmp_path)
    assert list(told) == ["archive_days", "archived", "deleted", "execute", "hard_delete_days", "skipped"]
    assert [(one["project"], one["from"]) for one in told["archived"]] == [
        ("alpha", "product/alpha"),
        ("beta", "product/beta"),
    ]
    assert {"project": "gamma", "reason": "changed_recently"} in told["skipped"]
    assert told["execute"] is False


@pytest.mark.row("P003-200", "P003-211", "W003-209")
def test_what_is_due_is_archived_what_is_dirty_is_skipped_and_a_second_run_finds_nothing(monorepo, tmp_path):
    (monorepo.root / "product/beta/new").write_text("")
    os.utime(monorepo.root / "product/beta/new", (1_000_000_000,) * 2)
    lines = run(project_cleanup, monorepo, execute=True)
    name = row(monorepo, "alpha")["archived_path"].rpartition("/")[2]
    assert f"project_cleanup_project status=ok project=product%2Falpha action=archive to={name}" in lines
    assert " project=product%2Fbeta action=keep rule=git_dirty " in lines[1]
    assert lines[-1] == (
        "project_cleanup status=ok mode=execute archive_days=45 hard_delete_days=90 checked=4 archive=1 delete=0"
        " archived=1 deleted=0 skipped=1 freed_bytes=0 report=publishing/project_cleanup.json"
    )
    assert monorepo.git("status", "--porcelain") == "?? product/beta/new"
    assert report(tmp_path)["archived"] == [
        {"project": "alpha", "from": "product/alpha", "to": f".orket/local_archive/projects/{name}"}
    ]
    assert " archive=0 delete=0 archived=0 deleted=0 " in run(project_cleanup, monorepo, execute=True)[-1]


@pytest.mark.row("P003-207", "P003-214")
def test_an_archived_project_comes_back_and_is_left_alone(monorepo):
    before = everything_in(monorepo.root / "product/alpha")
    run(project_cleanup, monorepo, execute=True)
    assert run(project_restore, monorepo, project="alpha") == [
        "project_restore status=ok project=product%2Falpha bytes=14"
    ]
    assert everything_in(monorepo.root / "product/alpha") == before
    assert " rule=changed_recently " in run(project_cleanup, monorepo)[0]
    assert run(project_restore, monorepo, project="alpha") == ["project_restore status=fail reason=archive_missing"]
    assert run(project_restore, monorepo, project="no\none") == [
        "project_restore status=fail reason=unknown_project unknown=no%0Aone"
    ]


@pytest.mark.row("P003-209", "W003-203", "W003-209")
def test_a_project_whose_remote_is_gone_is_refused_the_others_are_done_and_the_run_fails(monorepo, gitea):
    assert gitea.api("DELETE", f"repos/{gitea.owner}/alpha").status_code == 204
    lines = run(project_cleanup, monorepo, execute=True)
    assert "project_cleanup_project status=fail reason=remote_missing project=product%2Falpha action=archive" in lines
    assert lines[-1].startswith("project_cleanup status=fail reason=not_cleaned mode=execute ")
    assert " archived=1 deleted=0 skipped=1 " in lines[-1]
    assert " reasons=remote_missing " in lines[-1]
    assert (monorepo.root / "product/alpha/a.txt").exists()
    assert not (monorepo.root / "product/beta").exists()


@pytest.mark.row("P003-208")
def test_a_run_that_would_take_too_much_does_nothing_at_all(recorded):
    before = everything_in(recorded.root / "product")
    for options, reason in (
        ({"max_share": 0.2}, "ceiling_reached"),
        ({"max_projects": 1}, "ceiling_reached"),
    ):
        assert run(project_cleanup, recorded, execute=True, **options)[-1] == (
            f"project_cleanup status=fail reason={reason} mode=execute archive_days=45 hard_delete_days=90 checked=4"
            " archive=2 delete=0"
        )
    assert everything_in(recorded.root / "product") == before


@pytest.mark.row("P003-206", "P003-215")
def test_deleting_for_good_by_hand_waits_for_two_people(monorepo, operations_database, monkeypatch, tmp_path):
    archives = archived_long_ago(monorepo, operations_database)
    monkeypatch.setattr("tasks.approvals.terminal.DEVICE", str(tmp_path / "none"))
    lines = run(project_cleanup, monorepo, execute=True, projects=("alpha",))
    assert lines[-1] == "project_cleanup status=fail reason=no_terminal"
    assert len(everything_in(archives)) == 2
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    alice = App("alice").enrolled()
    bob = App("bob").enrolled(by="alice")
    answers = [("who asks", "alice"), ("code of alice", alice.code())]
    answers += [("who approves", "bob"), ("code of bob", bob.code())]
    with typing(monkeypatch, *answers) as typist:
        lines = run(project_cleanup, monorepo, execute=True, projects=("alpha",))
    assert "project-cleanup: delete=1" in typist.screen
    assert " archive=0 delete=1 archived=0 deleted=1 skipped=0 freed_bytes=14 " in lines[-1]
    assert everything_in(archives) == {}
    assert row(monorepo, "alpha")["deleted_at"] is not None
    assert "reason=already_deleted" in run(project_restore, monorepo, project="alpha")[-1]


def scheduled(monorepo, *, by_clock):
    """A run of the deployment, made by its schedule or by somebody who pressed the button."""
    parameters = {"repo_root": str(monorepo.root), "execute": True}
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow(project_cleanup), name="project-cleanup-test")
        run = client.create_flow_run_from_deployment(deployment, parameters=parameters)
    path = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).partition("///")[2]
    with closing(sqlite3.connect(path, timeout=30)) as server, server:  # only the server's own scheduler says so
        server.execute("UPDATE flow_run SET auto_scheduled = ? WHERE id = ?", (by_clock, str(run.id)))
    with suppress(Pause):
        run_flow(project_cleanup, flow_run=run, return_type="state", parameters=parameters)
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run.id).state


@pytest.mark.row("P003-216", "P003-217")
def test_on_schedule_it_does_nothing_until_it_is_switched_on_and_then_needs_nobody(
    monorepo, operations_database, prefect_server, monkeypatch
):
    archives = archived_long_ago(monorepo, operations_database)
    assert scheduled(monorepo, by_clock=True).message == (
        "project_cleanup status=skipped reason=cleanup_disabled env=ENABLE_PROJECT_LOCAL_CLEANUP"
    )
    monkeypatch.setenv("ENABLE_PROJECT_LOCAL_CLEANUP", "true")
    assert scheduled(monorepo, by_clock=False).name == "Suspended"  # the button is a hand: two people are asked
    line = scheduled(monorepo, by_clock=True).message
    assert line.startswith("project_cleanup status=ok mode=execute ")
    assert " archived=1 deleted=1 skipped=0 " in line
    assert [path.name[:5] for path in archives.iterdir() if path.name != ".moving"] == ["beta-"]


@pytest.mark.row("P003-218")
def test_the_optional_variables_choose_folder_and_periods(recorded, monkeypatch):
    monkeypatch.setenv("PROJECT_CLEANUP_SOURCE_DIR", "bin")
    assert " checked=0 " in run(project_cleanup, recorded)[-1]
    monkeypatch.setenv("PROJECT_CLEANUP_SOURCE_DIR", "product")
    monkeypatch.setenv("PROJECT_CLEANUP_ARCHIVE_DAYS", "3650")
    monkeypatch.setenv("PROJECT_CLEANUP_HARD_DELETE_DAYS", "75")
    assert " archive_days=3650 hard_delete_days=75 checked=4 archive=0 " in run(project_cleanup, recorded)[-1]
    assert (
        " archive_days=30 hard_delete_days=75 checked=4 archive=2 "
        in (run(project_cleanup, recorded, archive_days=30)[-1])
    )
    monkeypatch.setenv("PROJECT_CLEANUP_ARCHIVE_DAYS", "0")
    assert run(project_cleanup, recorded) == [
        "project_cleanup status=fail reason=invalid_setting env=PROJECT_CLEANUP_ARCHIVE_DAYS"
    ]


@pytest.mark.row("W003-208", "D003-201")
def test_by_a_clock_that_is_wrong_nothing_is_judged(recorded, monkeypatch, operations_database):
    with psycopg.connect(operations_database, autocommit=True) as conn:
        conn.execute("UPDATE published_projects SET last_published_at = now() + interval '3 hours'")
    assert run(project_cleanup, recorded, execute=True) == ["project_cleanup status=fail reason=clock_went_back"]
    ahead = datetime.now(UTC) + timedelta(days=60)
    monkeypatch.setenv("WATCHKEEPER_NOW", ahead.strftime("%Y-%m-%dT%H:%M:%SZ"))
    line = run(project_cleanup, recorded, execute=True)[-1]
    assert line.partition(" frozen_now=")[0] == "project_cleanup status=fail reason=clock_ahead"


@pytest.mark.row("W003-201", "D003-201")
def test_a_registry_file_that_somebody_tampered_with_stops_everything(recorded):
    document = json.loads((recorded.root / FILE).read_text("utf-8"))
    for field, value, problem in (
        ("parity_verified", "false", "wrong_parity_verified"),
        ("local_path", "/etc", "local_path_outside"),
        ("archived_at", "2999-01-01T00:00:00+00:00", "future_archived_at"),
        ("project_name", "..", "wrong_project_name"),
        ("local_path", None, "wrong_local_path"),
    ):
        rows = [document["projects"][0] | {field: value}, *document["projects"][1:]]
        tampered = json.dumps(document | {"projects": rows}).encode()
        (recorded.root / FILE).write_bytes(tampered)
        for execute in (False, True):
            line = run(project_cleanup, recorded, execute=execute)[-1]
            assert line.startswith("project_cleanup status=fail reason=registry_invalid problems=")
            assert f"1:{problem}" in line
        assert (recorded.root / FILE).read_bytes() == tampered
    assert (recorded.root / "product/alpha/a.txt").exists()


@pytest.mark.row("P003-219")
def test_only_one_works_on_the_monorepo_at_a_time(recorded):
    with sole_publisher(recorded.root, "product-publish"):
        line = run(project_cleanup, recorded, execute=True)[-1]
        assert line.startswith("project_cleanup status=fail reason=lock_held held_by=product-publish ")
        assert run(project_restore, recorded, project="alpha")[-1].startswith(
            "project_restore status=fail reason=lock_held held_by=product-publish "
        )


def test_without_the_operations_database_a_look_reads_the_file_and_a_run_is_not_configured(recorded, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_DSN")
    assert " checked=4 archive=2 delete=0 " in run(project_cleanup, recorded)[-1]
    assert run(project_cleanup, recorded, execute=True) == [
        "project_cleanup status=not_configured reason=missing_dsn env=WATCHKEEPER_DSN"
    ]


def test_without_credentials_nothing_is_begun(recorded):
    assert run(project_cleanup, recorded, execute=True)[-1] == (
        "project_cleanup status=fail reason=missing_env env=" + ",".join(GITEA)
    )
    assert (recorded.root / "product/alpha/a.txt").exists()


def test_a_name_that_the_registry_does_not_have_is_refused(recorded):
    assert run(project_cleanup, recorded, projects=("alpha", "nobody")) == [
        "project_cleanup status=fail reason=unknown_project unknown=nobody"
    ]
