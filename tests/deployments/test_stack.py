"""`make up` and `make down` on a machine that has nothing: a real server, engine, worker and database in a folder."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID

import httpx
import psutil
import pytest
from dotenv import dotenv_values

from deployments.receiver.app import PATH
from tasks.approvals.requests import Answer, draft, give_answer
from tasks.clock import utc_now
from tasks.rules.approval import plan_hash_of
from tests.people import App
from tests.pushes import body_of, headers_of, touching
from tests.stack import CANARY, ROOT, Stack, own_folder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_SILENCE_S = 62  # two heartbeats of 30 s, the shortest that Prefect allows, and a little


@pytest.fixture(scope="module")
def stack():
    with own_folder() as folder:
        made = Stack(folder)
        made.first_up = made.run("deployments", "up")
        yield made
        made.run("deployments", "down")


def test_a_busy_port_is_named_with_what_to_do_and_nothing_is_started(tmp_path):
    stack = Stack(tmp_path)
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", stack.port))
        occupant.listen()
        refused = stack.run("deployments", "up")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"watchkeeper: port {stack.port} is in use by another program: end that program, or choose another port, "
        f"for example: WATCHKEEPER_PORT={stack.port + 1} make up\n"
    )
    assert "nothing was running" in stack.run("deployments", "down").stdout


def test_the_first_up_ends_with_the_lines_of_real_runs_and_where_to_look(stack):
    assert stack.first_up.returncode == 0, stack.first_up.stdout + stack.first_up.stderr
    assert "ops_daily status=healthy mode=prod" in stack.first_up.stdout
    assert "prod_verify status=ok mode=verify" in stack.first_up.stdout
    assert f"http://127.0.0.1:{stack.port}" in stack.first_up.stdout
    assert "s3cr3t" not in stack.first_up.stdout + stack.first_up.stderr


@pytest.mark.row("P003-309")
def test_the_receiver_is_up_with_a_secret_of_its_own_that_only_its_owner_may_read(stack):
    env = dotenv_values(stack.folder / ".watchkeeper" / "env")
    secret, key = str(env["GITEA_WEBHOOK_SECRET"]), str(env["WATCHKEEPER_APPROVAL_KEY"])
    for name in ("env", "secrets"):
        assert (stack.folder / ".watchkeeper" / name).stat().st_mode & 0o077 == 0
    assert not [one for one in stack.children.values() if {secret, key} & set(one.cmdline())]
    assert secret not in stack.first_up.stdout
    deadline = time.monotonic() + 60
    while not (listening := _listening(stack.children["receiver"])):  # `make up` does not wait for it
        assert time.monotonic() < deadline
        time.sleep(0.2)
    receiver = f"http://{listening.ip}:{listening.port}"
    assert (listening.ip, f"{receiver}/webhook/gitea" in stack.first_up.stdout) == ("127.0.0.1", True)
    assert httpx.get(f"{receiver}/health").json()["status"] == "healthy"
    body = body_of(touching())
    answers = [
        httpx.post(f"{receiver}{PATH}", content=body, headers=headers_of(body, secret=s)) for s in ("x", secret)
    ]
    assert [answer.json()["status"] for answer in answers] == ["badly_signed", "disabled"]


def _listening(process):
    return next((one.laddr for one in process.net_connections("tcp") if one.status == "LISTEN"), None)


def test_no_dsn_is_an_argument_and_the_one_of_the_shell_is_not_used(stack):
    for process in stack.children.values():
        assert "postgresql://" not in " ".join(process.cmdline())
        assert process.environ().get("POSTGRES_DSN_PROD") != CANARY


def test_the_server_listens_on_this_machine_alone_and_the_ui_knows_its_port(stack):
    assert {at.laddr.ip for at in stack.children["server"].net_connections("tcp") if at.status == "LISTEN"} == {
        "127.0.0.1"
    }
    settings = httpx.get(f"http://127.0.0.1:{stack.port}/ui-settings").json()
    assert settings["api_url"] == f"http://127.0.0.1:{stack.port}/api"


def test_the_scheduler_makes_the_runs_of_a_cron_schedule(stack):
    """With SQLAlchemy 2.1 Prefect's scheduler makes none and only logs it; this is why it is pinned."""
    wanted = {
        "deployments": {"name": {"any_": ["ops-daily"]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    deadline = time.monotonic() + 90
    while not (runs := stack.api("POST", "/flow_runs/filter", wanted)):
        assert time.monotonic() < deadline, "no run was scheduled: is SQLAlchemy older than 2.1?"
        time.sleep(1)
    assert {(run["auto_scheduled"], run["parameters"]["scheduled"]) for run in runs} == {(True, True)}
    assert {run["expected_start_time"][11:16] for run in runs} == {"03:00"}


def test_a_second_up_takes_seconds_and_changes_nothing(stack):
    before = {name: process.pid for name, process in stack.children.items()}
    begun = time.monotonic()
    second = stack.run("deployments", "up")
    assert second.returncode == 0, second.stdout + second.stderr
    assert time.monotonic() - begun < 30
    assert "not run again" in second.stdout
    assert {name: process.pid for name, process in stack.children.items()} == before
    assert stack.run("deployments", "drift").stdout == "  no drift\n"


def test_another_port_for_the_same_stack_is_refused(stack):
    other = Stack(stack.folder)
    refused = other.run("deployments", "up")
    assert refused.returncode == 1
    assert f"runs on port {stack.port}" in refused.stderr


def test_a_dead_worker_is_replaced_by_the_next_up_and_the_rest_stays(stack):
    before = stack.children
    before["worker"].kill()
    before["worker"].wait(10)
    assert stack.run("deployments", "status").returncode == 1
    assert stack.run("deployments", "up").returncode == 0
    after = stack.children
    assert after["worker"].pid != before["worker"].pid
    assert after["server"] == before["server"]
    assert stack.run("deployments", "status").returncode == 0


def _people(stack, monkeypatch):
    """Two enrolled operators and a request of theirs, in the stack's own database."""
    env = dotenv_values(stack.folder / ".watchkeeper" / "env")
    for name in ("WATCHKEEPER_DSN", "WATCHKEEPER_APPROVAL_KEY"):
        monkeypatch.setenv(name, str(env[name]))
    alice, bob = App("alice").enrolled(), App("bob").enrolled(by="alice")
    asked = draft.fn("erase", plan_hash_of({}), "delete=1", timedelta(hours=1), utc_now())
    assert give_answer(asked.number, asked.plan_hash, Answer("sign", "alice", alice.code()), utc_now()) == ()
    return bob, asked.number


@pytest.mark.row("P002-111", "W002-118")
def test_an_approval_survives_the_end_of_worker_and_server(stack, monkeypatch):
    bob, number = _people(stack, monkeypatch)
    run = stack.start("approve", {"request": number}).json()["id"]
    deadline = time.monotonic() + 60
    while state_of(stack, run) != "PAUSED":
        assert time.monotonic() < deadline
        time.sleep(0.3)
    for name in ("worker", "server"):
        stack.children[name].kill()
    up = stack.run("deployments", "up")
    assert up.returncode == 0, up.stdout + up.stderr
    form = {"run_input": {"decision": "sign", "operator": "bob", "code": bob.code()}}
    assert stack.api("POST", f"/flow_runs/{UUID(run)}/resume", form)["status"] == "ACCEPT"
    line = stack.ended(run)["state"]["message"]
    assert line.startswith(f"approve status=ok request={number} action=erase state=approved plan=")
    assert " requested_by=alice approved_by=bob " in line


@contextmanager
def runs_of_a_slow_flow(stack, count):
    """That many Running runs of a deployment that heartbeats, each with the pid of its process."""
    home = str(ROOT)
    flow = stack.api("POST", "/flows/", {"name": "prod-config"})
    heartbeat = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    variables = {"command": "python -m prefect.engine", "working_dir": home, "env": heartbeat}
    deployment = stack.api(
        "POST",
        "/deployments/",
        {
            "name": "lost-flow",
            "flow_id": flow["id"],
            "entrypoint": "tests/deployments/lost_flow.py:lost_flow",
            "work_pool_name": "watchkeeper",
            "job_variables": variables,
            "concurrency_limit": count,
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": home}}],
        },
    )
    path = f"/deployments/{deployment['id']}/create_flow_run"
    pids = [stack.folder / f"lost-{number}.pid" for number in range(count)]
    ids = [stack.api("POST", path, {"parameters": {"pid_file": str(file)}})["id"] for file in pids]
    deadline = time.monotonic() + 180
    while not all(file.exists() and file.read_text() for file in pids):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    try:
        yield deployment, list(zip(ids, (psutil.Process(int(file.read_text())) for file in pids), strict=True))
    finally:
        for file in pids:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(int(file.read_text())).kill()


def state_of(stack, run_id):
    return stack.api("GET", f"/flow_runs/{UUID(run_id)}")["state"]["type"]


@pytest.mark.row("D001-24")
def test_the_janitor_frees_the_slot_of_a_killed_run_and_leaves_a_healthy_and_a_paused_one(stack):
    with runs_of_a_slow_flow(stack, 3) as (deployment, ((lost, lost_process), (healthy, _), (paused, _))):
        stack.api("POST", f"/flow_runs/{paused}/set_state", {"state": {"type": "PAUSED"}, "force": True})
        stack.children["worker"].kill()
        lost_process.kill()
        time.sleep(_SILENCE_S)
        assert state_of(stack, lost) == "RUNNING"
        dry = stack.by_hand("janitor", "--missed-heartbeats", "2", "--second-look-s", "1")
        assert dry == "janitor status=planned checked=3 crashed=1 freed=0 paused=1\n"
        assert state_of(stack, lost) == "RUNNING"
        done = stack.by_hand("janitor", "--execute", "--missed-heartbeats", "2", "--second-look-s", "1")
        said_for_the_dead = "prod_config status=error reason=crash\n"
        assert done == f"{said_for_the_dead}janitor status=ok checked=3 crashed=1 freed=0 paused=1\n"
        assert "prod_config status=error reason=crash" in stack.by_hand("outcomes")
        assert [state_of(stack, run) for run in (lost, healthy, paused)] == ["CRASHED", "RUNNING", "PAUSED"]
        limit = stack.api("GET", f"/deployments/{deployment['id']}")["global_concurrency_limit"]
        assert limit["active_slots"] == 1
    stack.run("deployments", "up")


def test_an_up_that_is_broken_off_is_ended_by_down_and_finished_by_up(tmp_path):
    stack = Stack(tmp_path)
    command = [sys.executable, "-m", "deployments", "up"]
    with subprocess.Popen(command, cwd=tmp_path, env=stack.environment(), stderr=subprocess.PIPE, text=True) as up:
        deadline = time.monotonic() + 60
        while not (tmp_path / ".watchkeeper" / "stack.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=60)
    assert up.returncode == 130
    assert said.splitlines()[-1].startswith("watchkeeper: interrupted")
    assert psutil.pid_exists(stack.children["server"].pid)
    server = stack.children["server"]
    assert stack.run("deployments", "down").returncode == 0
    assert not server.is_running()


def test_down_ends_exactly_what_up_started(stack):
    ours = stack.children
    with subprocess.Popen(["sleep", "60"]) as bystander:
        held = json.loads((stack.folder / ".watchkeeper" / "stack.json").read_text())
        # A number that was given to somebody else since: same pid, other start.
        held["children"]["stranger"] = {"pid": bystander.pid, "started": 1.0}
        (stack.folder / ".watchkeeper" / "stack.json").write_text(json.dumps(held))
        down = stack.run("deployments", "down")
        assert down.returncode == 0, down.stderr
        assert bystander.poll() is None
        bystander.kill()
    assert not [process for process in ours.values() if process.is_running()]
    assert "nothing was running" in stack.run("deployments", "down").stdout
