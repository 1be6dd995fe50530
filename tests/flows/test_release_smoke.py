"""Runbook 003, Release Checklist and One-command local smoke: the steps, and that none hides another."""

import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from flows.services.docker_smoke import docker_smoke
from flows.services.migration_smoke import migration_smoke
from flows.services.release_smoke import release_smoke
from flows.services.security_canary import security_canary
from tasks.artifact_reading import read_document
from tasks.procedure import part
from tasks.rules.outcome import Status
from tasks.step import without_server
from tests.services.docker_machine import docker
from tests.services.strangers import KEPT_OUT, answering

__all__ = ["docker"]
PLANS = Path(__file__).parents[2] / "migrations"


def run(procedure, **parameters):
    with without_server():
        return part(procedure, **parameters)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a declaration of two checks, and addresses where strangers are kept out."""
    monkeypatch.chdir(tmp_path)
    says("true")
    with answering(KEPT_OUT) as (url, _):
        monkeypatch.setenv("ORKET_API_URL", url)
        monkeypatch.setenv("ORKET_WEBHOOK_URL", url)
        yield tmp_path


def says(command):
    Path("validation.toml").write_text(f'[[check]]\nname = "tests_all"\ncommand = ["{command}"]\n')


def report():
    content = Path("artifacts/RELEASE_SMOKE.json").read_bytes()
    assert read_document("RELEASE_SMOKE.json", content).problems == ()
    return json.loads(content)


def statuses():
    return {step["name"]: step["status"] for step in report()["steps"]}


@pytest.mark.row("P003-630", "P003-631")
def test_every_step_passes_and_is_recorded_with_its_time(here, docker):
    done = run(release_smoke, docker_port=docker.port, docker_context=str(docker.folder))
    assert (done.status, done.fields["passed"], done.exit_code) == (Status.OK, 5, 0)
    assert list(statuses()) == ["preflight", "tests", "canary", "migrations", "docker"]
    assert set(statuses().values()) == {"pass"}
    assert all(set(step) == {"name", "status", "started", "seconds", "detail"} for step in report()["steps"])
    assert report()["status"] == "pass"
    assert docker.state["containers"] == docker.state["images"] == docker.state["tags"] == {}
    assert not any(Path(".smoke").iterdir())


@pytest.mark.row("P003-632", "W003-630")
def test_a_step_that_fails_hides_no_other_and_what_is_missing_is_said_first(here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    monkeypatch.delenv("ORKET_API_URL")
    says(shutil.which("false") or "/bin/false")
    done = run(release_smoke)
    assert (done.status, done.exit_code) == (Status.FAIL, 1)
    assert done.fields["failed"] == ("preflight", "tests", "canary", "docker")
    steps = {step["name"]: step["detail"] for step in report()["steps"]}
    assert steps == {
        "preflight": "url_missing,no_dockerfile,docker_missing",
        "tests": "check_failed",
        "canary": "url_missing",
        "migrations": "ok",
        "docker": "docker_missing",
    }


@pytest.mark.row("P003-633", "W003-631")
def test_what_is_left_out_is_recorded_as_skipped_and_is_no_pass(here):
    done = run(release_smoke, skip_docker=True, skip_tests=True, skip_migrations=True, skip_security_canary=True)
    assert (done.status, done.exit_code) == (Status.PARTIAL, 0)
    assert done.fields["skipped"] == ("tests", "canary", "migrations", "docker")
    assert report()["status"] == "partial"
    assert statuses()["docker"] == "skipped"


def test_a_report_whose_verdict_is_not_that_of_its_steps_is_not_believed(here):
    run(release_smoke, skip_docker=True, skip_tests=True)
    content = json.dumps(report() | {"status": "pass"}).encode()
    assert read_document("RELEASE_SMOKE.json", content).problems == ("status_value",)


@pytest.mark.row("P003-634", "W003-632")
def test_the_migration_smoke_works_on_fresh_databases_and_never_on_those_that_are_named(here):
    Path(".smoke").mkdir()
    Path(".smoke/runtime.db").write_text("somebody's")
    done = run(migration_smoke)
    assert (done.status, done.fields["again"]) == (Status.OK, 0)
    assert done.fields["applied"] == len([*PLANS.glob("runtime/*.sql"), *PLANS.glob("webhook/*.sql")])
    assert [path.name for path in Path(".smoke").iterdir()] == ["runtime.db"]
    assert Path(".smoke/runtime.db").read_text() == "somebody's"


@pytest.mark.row("P003-634")
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE broken (", "migration_apply_failed"),
        ("CREATE TABLE gone (a); ", None),
    ],
)
def test_one_more_migration_is_part_of_the_smoke_and_a_broken_one_fails_it(here, sql, reason):
    shutil.copytree(PLANS / "runtime", "plans/runtime")
    shutil.copytree(PLANS / "webhook", "plans/webhook")
    number = max(int(path.name.partition("_")[0]) for path in Path("plans/runtime").glob("*.sql")) + 1
    Path(f"plans/runtime/{number:03}_runtime_more.sql").write_text(sql)
    done = run(migration_smoke, migration_dir=str(here / "plans"))
    assert (done.status, done.reason) == (Status.FAIL if reason else Status.OK, reason)


@pytest.mark.row("P003-634")
def test_a_ledger_that_counts_right_and_an_index_that_is_not_there_are_found(here):
    from tasks.plans import read_plan
    from tasks.rules.faults import Fault
    from tasks.rules.services.migrations import Role
    from tasks.services.migration_smoke import compare_with_plan, fresh_places
    from tests.services.migrated import migrated

    plan = read_plan.fn(str(PLANS / "runtime"))
    with fresh_places(Path(".smoke/a.db"), Path(".smoke/b.db")) as places:
        path = places[Role.RUNTIME]
        migrated(path, places[Role.WEBHOOK])
        with sqlite3.connect(path) as conn:
            conn.execute("DROP INDEX idx_issues_session_id")
        with pytest.raises(Fault, match="schema_differs"):
            compare_with_plan.fn(Role.RUNTIME, path, plan)
        with sqlite3.connect(path) as conn:
            conn.execute("UPDATE _schema_migrations SET id = '009_runtime_other.sql' WHERE id LIKE '001%'")
        with pytest.raises(Fault, match="ledger_differs"):
            compare_with_plan.fn(Role.RUNTIME, path, plan)


def test_one_file_for_both_databases_is_refused(here):
    assert run(migration_smoke, runtime_db="x.db", webhook_db="x.db").reason == "same_database"


@pytest.mark.row("P003-635")
def test_strangers_that_are_kept_out_are_a_good_canary_and_nothing_secret_is_sent(monkeypatch, capsys):
    for name in ("ORKET_API_KEY", "GITEA_WEBHOOK_SECRET", "ORKET_WEBHOOK_TEST_TOKEN"):
        monkeypatch.setenv(name, "correct-horse-battery")
    with answering(KEPT_OUT) as (url, asked):
        assert run(security_canary, api_url=url, webhook_url=url).status is Status.OK
    assert capsys.readouterr().out.splitlines()[:3] == [
        "security_canary_probe status=ok probe=version_without_key expected=403 answered=403",
        "security_canary_probe status=ok probe=webhook_unsigned expected=401 answered=401",
        "security_canary_probe status=ok probe=test_route expected=403 answered=403",
    ]
    assert len(asked) == 3
    assert "correct-horse" not in str(asked)


@pytest.mark.row("P003-635")
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"/v1/version": 200}, "let_in"),
        ({"/webhook/gitea": 200, "/v1/version": 500}, "let_in"),
        ({"/webhook/test": 302}, "let_in"),
        ({"/webhook/test": 401}, "answered_otherwise"),
        ({"/webhook/gitea": 429}, "answered_otherwise"),
    ],
)
def test_any_other_answer_fails_the_canary_and_an_open_door_is_named_first(wrong, reason):
    with answering(KEPT_OUT | wrong) as (url, _):
        failed = run(security_canary, api_url=url, webhook_url=url)
    assert (failed.status, failed.reason) == (Status.FAIL, reason)


@pytest.mark.row("P003-635")
def test_nobody_there_is_a_failure_and_no_address_is_not_configured():
    gone = run(security_canary, api_url="http://127.0.0.1:9", webhook_url="http://127.0.0.1:9")
    assert (gone.status, gone.reason, gone.fields["failed"]) == (Status.FAIL, "no_answer", 3)
    with answering(KEPT_OUT) as (url, _):
        half = run(security_canary, api_url=url)
    assert (half.status, half.fields["env"]) == (Status.NOT_CONFIGURED, ("ORKET_WEBHOOK_URL",))


@pytest.mark.row("P003-636", "W003-633")
def test_a_docker_smoke_that_fails_keeps_the_log_and_removes_all_else(docker):
    docker.dockerfile("v1", "ends")
    failed = run(docker_smoke, port=docker.port, context=str(docker.folder))
    assert (failed.status, failed.reason) == (Status.FAIL, "ended_early")
    log = docker.folder / ".watchkeeper/services/release-smoke" / failed.fields["log"]
    assert "no service" in log.read_text()
    assert docker.state["containers"] == docker.state["images"] == {}


@pytest.mark.row("P003-636")
def test_a_docker_smoke_leaves_the_deployed_service_alone(docker):
    docker.deploy()
    before = docker.state["containers"]
    busy = run(docker_smoke, port=docker.port, context=str(docker.folder))
    assert busy.reason == "port_taken"
    from tests.services.running import free_port

    assert run(docker_smoke, port=free_port(), context=str(docker.folder)).status is Status.OK
    assert docker.state["containers"] == before
    assert docker.answers()


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_runs_through_a_server_too(here):
    says(sys.executable)
    state = release_smoke(skip_docker=True, skip_tests=True, return_state=True)
    assert state.is_completed()
