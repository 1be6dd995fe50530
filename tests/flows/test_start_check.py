"""The start check of a profile: everything looked at, the runtime started and ended for it (runbook 002)."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.guard.start_check import start_check
from tasks.operations import store_outcome
from tasks.procedure import telling
from tasks.rules.contracts.validation import FULL_VALIDATE
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.rollback import Standing
from tasks.rules.guard.sample import sample_of
from tasks.rules.outcome import Status
from tasks.runtime.release_memory import read_releases
from tasks.services.processes import holders_of
from tests.runtime.fixtures import ROOT, free_port
from tests.runtime.world import API_TOKEN, APPROVE_TOKEN

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")


def lines_of(**parameters):
    with telling(lambda _: None) as run:
        start_check(**({"ready_wait_s": 0} | parameters), return_state=True)
    return [said.line for said in run.said]


def found(lines):
    pairs = (dict(part.split("=", 1) for part in line.split(" ")[1:]) for line in lines[:-1])
    return {pair["name"]: (pair["status"], pair["found"]) for pair in pairs}


@pytest.fixture
def green():
    for name in ("full-validate", "smoke-acceptance", "smoke-guard"):
        outcome = FULL_VALIDATE.says(Status.OK)
        store_outcome(name, outcome, [outcome.line], at=datetime.now(UTC), frozen=False, flow_run_id=None)


@pytest.fixture
def env_file(tmp_path):
    text = sample_of(Profile.PAPER)
    text = text.replace("API_TOKEN=\n", f"API_TOKEN={API_TOKEN}\n", 1)
    text = text.replace("APPROVE_TOKEN=\n", f"APPROVE_TOKEN={APPROVE_TOKEN}\n", 1)
    lines = [line for line in text.splitlines() if not line.startswith("RISK_CAP_VENUE=")]
    path = tmp_path / "paper.env"
    path.write_text("\n".join([*lines, "RISK_CAP_VENUE=okx:100"]) + "\n")
    path.chmod(0o600)
    return path


def declared(folder: Path, env_file: Path, port: int, *, grace: int = 1, sim: str = '"SIM_WARM": "1"') -> Path:
    code = (
        f'import os, sys; sys.path.insert(0, "{ROOT}"); os.environ.update({{"RUNTIME_PORT": "{port}", {sim}}}); '
        "from tests.runtime.serve import main; sys.exit(main())"
    )
    path = folder / "services.toml"
    path.write_text(
        f"[[service]]\nname = 'runtime'\nport = {port}\nhealth = 'http://127.0.0.1:{port}/healthz'\n"
        f"env_file = '{env_file.name}'\nstop_grace_s = {grace}\nhealth_timeout_s = 40\n"
        f"start = ['{sys.executable}', '-c', '''{code}''']\n"
    )
    return path


@pytest.mark.row("P002-220", "W002-201")
def test_a_paper_runtime_with_everything_in_order_may_start(runtime, green, env_file, tmp_path):
    runtime.world.warm_up()
    runtime.world.environ["RISK_CAP_VENUE"] = "okx:100"
    lines = lines_of(profile="paper", env_file=str(env_file), config=str(tmp_path / "none.toml"))
    assert lines[-1] == "start_check status=ok profile=paper checks=14 started=false"
    assert not runtime.writes
    assert not [one for one in runtime.seen if "authorization" in one.headers]


@pytest.mark.row("P002-221", "P002-222", "P002-223", "W002-202", "W002-211")
def test_every_check_that_is_not_good_is_said_with_what_was_found(runtime, env_file):
    runtime.boot(EXEC_PROFILE="lvie")
    runtime.world.facts.auth_errors = {"binance-um": 2}
    runtime.world.skew_s = 60
    lines = lines_of(profile="testnet", env_file=str(env_file))
    said = found(lines)
    assert said["smoke-guard"] == ("fail", "never_run")
    assert said["profile"] == ("fail", "runs_paper")
    assert said["authorisation"] == ("fail", "errors_1")
    assert said["clock"][0] == "fail"
    assert said["readiness"][1].startswith("status+md_disconnected+md_staleness")
    assert said["risk_limits"] == ("fail", "no_caps")
    assert said["environment"][0] == "fail"
    assert lines[-1].startswith("start_check status=fail reason=check_failed profile=testnet")


@pytest.mark.row("W002-211")
def test_a_warning_alone_is_exit_two(runtime, green, env_file):
    runtime.world.warm_up()
    lines = lines_of(profile="paper", env_file=str(env_file))
    assert lines[-1] == (
        "start_check status=unhealthy reason=check_warned profile=paper checks=14 warned=risk_limits started=false"
    )


@pytest.mark.row("P002-225", "W002-206", "P002-450")
def test_a_declared_runtime_is_started_checked_recorded_and_ended_though_it_ignores_sigterm(
    green, env_file, tmp_path, monkeypatch
):
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    (tmp_path / "releases" / "a").mkdir(parents=True)
    (tmp_path / "releases" / "a" / "run").touch()
    (tmp_path / "current").symlink_to("releases/a")
    port = free_port()
    lines = lines_of(profile="paper", config=str(declared(tmp_path, env_file, port)))
    assert lines[-1] == (
        "start_check status=ok profile=paper checks=14 started=true stopped=killed release=a standing=passed"
    )
    assert [(word.name, word.standing) for word in read_releases.fn("runtime")] == [("a", Standing.PASSED)]
    assert holders_of(port) == []


@pytest.mark.row("P002-226")
def test_nothing_is_started_when_the_environment_already_fails(green, env_file, tmp_path, monkeypatch):
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    env_file.write_text(env_file.read_text().replace("SAFE_MODE=1", "SAFE_MODE=on"))
    port = free_port()
    lines = lines_of(profile="paper", config=str(declared(tmp_path, env_file, port)))
    said = found(lines)
    assert said["environment"] == ("fail", "bad_bool")
    assert said["boot"] == ("fail", "not_started")
    assert said["profile"] == ("fail", "not_looked_at")
    assert lines[-1].endswith("started=false stopped=none")


@pytest.mark.row("D002-220")
def test_a_runtime_that_dies_at_its_start_is_said(green, env_file, tmp_path, monkeypatch):
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    port = free_port()
    config = declared(tmp_path, env_file, port, sim='"API_TOKEN": ""')
    assert found(lines_of(profile="paper", config=str(config)))["boot"] == ("fail", "ended_early")


@pytest.mark.row("D002-221")
def test_somebody_else_on_the_port_is_named_and_left_alone(green, env_file, tmp_path, monkeypatch):
    import socket

    monkeypatch.delenv("RUNTIME_URL", raising=False)
    monkeypatch.setenv("RUNTIME_TIMEOUT_S", "0.5")
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = declared(tmp_path, env_file, other.getsockname()[1])
        line = lines_of(profile="paper", config=str(config))[-1]
        assert line.startswith("start_check status=fail reason=port_taken")


@pytest.mark.row("D002-205")
def test_a_runtime_that_is_not_there_is_no_pass(runtime, green, env_file):
    runtime.trouble("", times=99, cut=True)
    said = found(lines_of(profile="paper", env_file=str(env_file), boot_wait_s=0))
    assert said["boot"] == ("fail", "silent")
    assert said["hold"] == ("fail", "not_looked_at")
