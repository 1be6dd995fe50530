"""Runbook 003, Deploy with Docker, against a docker command that keeps its state and runs real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.rules.faults import Fault
from tasks.rules.outcome import Status
from tasks.services import deploying
from tests.services.docker_machine import NAME, SERVICES, docker
from tests.services.others import somebody_else
from tests.services.running import free_port

__all__ = ["docker"]

ROOT = Path(__file__).parents[2]


@pytest.mark.row("P003-460", "P003-461")
def test_an_image_is_built_and_the_container_that_was_started_answers(docker):
    done = docker.deploy()
    assert (done.status, done.reason) == (Status.OK, None)
    assert docker.answers()
    (container,) = docker.state["containers"]
    assert container.startswith(done.fields["container"])
    assert set(docker.state["tags"]) == {"orket:latest", "orket:watchkeeper-api-good"}


@pytest.mark.row("P003-461")
def test_a_container_that_somebody_else_has_put_there_is_not_taken_for_ours(docker):
    docker.deploy()
    with pytest.raises(Fault, match="container_changed"):
        deploying._await(docker.place, "0" * 64)


@pytest.mark.row("P003-462")
def test_the_next_deploy_takes_the_place_of_the_one_before_and_keeps_its_log(docker):
    first = docker.deploy()
    docker.dockerfile("v2")
    second = docker.deploy()
    assert second.status is Status.OK
    assert second.fields["before"] == first.fields["image"] != second.fields["image"] == docker.running_image()
    assert len(docker.state["containers"]) == len(docker.state["images"]) == 1
    assert "here" in docker.log("container")


@pytest.mark.row("P003-463")
@pytest.mark.parametrize(
    ("odd", "reason"), [("ends", "ended_early"), ("unhealthy", "health_timeout"), ("other_body", "health_timeout")]
)
def test_an_image_that_is_not_healthy_is_taken_back_and_its_log_is_kept(docker, odd, reason):
    first = docker.deploy()
    docker.dockerfile("v2", odd)
    docker.declares(timeout_s=2)
    failed = docker.deploy()
    assert (failed.status, failed.reason, failed.fields["rolled_back"]) == (Status.FAIL, reason, "yes")
    assert docker.running_image() == first.fields["image"]
    assert docker.answers()
    assert set(docker.state["tags"]) == {"orket:latest", "orket:watchkeeper-api-good"}
    log = (docker.folder / ".watchkeeper/services/api" / failed.fields["log"]).read_text()
    assert "no" in log if odd == "ends" else "here" in log
    assert "correct-horse" not in log


@pytest.mark.row("P003-463")
def test_a_first_deploy_that_is_not_healthy_leaves_nothing_running_and_says_so(docker):
    docker.dockerfile("v1", "ends")
    failed = docker.deploy()
    assert (failed.reason, failed.fields["rolled_back"]) == ("ended_early", "nothing_before")
    assert docker.state["containers"] == {}
    assert docker.state["tags"] == {}


@pytest.mark.row("P003-464")
def test_a_build_that_fails_touches_nothing(docker):
    first = docker.deploy()
    before = docker.state["containers"]
    docker.dockerfile("v2", more="RUN false")
    failed = docker.deploy()
    assert (failed.status, failed.reason) == (Status.FAIL, "build_failed")
    assert docker.state["containers"] == before
    assert docker.running_image() == first.fields["image"]
    assert "RUN false" in docker.log("build")


@pytest.mark.row("P003-465", "W003-451")
def test_a_port_that_somebody_else_holds_is_found_before_anything_is_built(docker):
    with somebody_else(SERVICES / "little_service.py", docker.port) as other:
        while not docker.answers():
            assert other.poll() is None
        refused = docker.deploy()
    assert (refused.reason, refused.fields["pid"]) == ("port_taken", other.pid)
    assert not any(words[0] == "build" for words in docker.state["asked"])


@pytest.mark.row("W003-450")
def test_a_container_that_was_left_over_is_removed(docker):
    docker.deploy()
    container = next(iter(docker.state["containers"].values()))
    os.kill(container["pid"], signal.SIGKILL)
    assert docker.deploy().status is Status.OK
    assert docker.answers()
    assert len(docker.state["containers"]) == 1


@pytest.mark.row("P003-465")
def test_a_container_of_that_name_that_is_not_ours_is_left_alone(docker):
    docker.asks("build", "-t", "theirs:1", str(docker.folder))
    docker.asks("run", "-d", "--name", NAME, "-p", f"{free_port()}:1", "theirs:1")
    before = docker.state["containers"]
    refused = docker.deploy()
    assert (refused.reason, refused.fields) == ("container_foreign", {})
    assert docker.state["containers"] == before


@pytest.mark.row("P003-466")
def test_variables_go_by_the_env_file_and_never_as_arguments(docker):
    docker.deploy()
    assert not any("correct-horse" in word for words in docker.state["asked"] for word in words)
    (run,) = [words for words in docker.state["asked"] if words[0] == "run"]
    assert run[run.index("--env-file") + 1] == str(docker.folder / ".env")
    (docker.folder / ".env").unlink()
    assert docker.deploy().reason == "env_file_missing"


@pytest.mark.row("D003-455")
@pytest.mark.parametrize(("command", "reason"), [("run", "run_failed"), ("tag", "docker_failed")])
def test_what_docker_refuses_is_a_reason_of_its_own(docker, command, reason):
    docker.breaks(**{command: "no space left on device"})
    assert docker.deploy().reason == reason


@pytest.mark.row("P003-467")
def test_without_docker_or_without_its_daemon_it_says_so(docker, monkeypatch):
    docker.breaks(version="Cannot connect to the Docker daemon")
    assert docker.deploy().reason == "docker_not_running"
    monkeypatch.setenv("PATH", str(docker.folder))
    said = docker.deploy()
    assert (said.status, said.reason, said.exit_code) == (Status.NOT_CONFIGURED, "docker_missing", 0)


def test_a_service_without_an_image_is_refused(docker):
    docker.declares('start = ["true"]')
    assert docker.deploy().reason == "no_image"


@pytest.mark.row("P003-468")
def test_a_dry_run_looks_and_touches_nothing(docker):
    first = docker.deploy()
    planned = docker.deploy(dry_run=True)
    assert (planned.status, planned.fields["before"]) == (Status.PLANNED, first.fields["image"])
    assert sum(words[0] == "build" for words in docker.state["asked"]) == 1


@pytest.mark.row("D003-456")
@pytest.mark.parametrize("moment", ["build", "run", "tag", "rm"])
def test_a_deploy_killed_between_any_two_steps_is_finished_by_the_next(docker, moment):
    docker.deploy()
    docker.dockerfile("v2")
    program = (
        "import os, signal; from tasks.services import docker\n"
        "from flows.services.docker_deploy import docker_deploy;"
        "from tasks.step import without_server; from tasks.procedure import part; asked = docker._asked\n"
        f"def killed(*words, **more):\n    answer = asked(*words, **more)\n"
        f"    os.kill(os.getpid(), signal.SIGKILL) if words[0] == '{moment}' else None\n    return answer\n"
        "docker._asked = killed\ncontext = without_server(); context.__enter__()\n"
        f"part(docker_deploy, service='api', config='{docker.folder}/services.toml')"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    done = docker.deploy()
    assert done.status is Status.OK
    assert docker.running_image() == done.fields["image"]
    assert set(docker.state["tags"]) == {"orket:latest", "orket:watchkeeper-api-good"}
    assert len(docker.state["images"]) == len(docker.state["containers"]) == 1
