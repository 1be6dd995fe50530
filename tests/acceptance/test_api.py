"""The daily procedure as other programs start it: by an API call, refused, killed, and beside a run by hand."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from dotenv import dotenv_values

from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
CANARY = "postgresql://u:c4naryInParameter@h/d"
HEALTHY = "ops_daily status=healthy mode=prod"


def lines_of(stack, run_id: str) -> list[str]:
    """The last line of every outcome that was stored for that run."""
    dsn = dotenv_values(stack.folder / ".watchkeeper" / "env")["WATCHKEEPER_DSN"]
    with psycopg.connect(str(dsn)) as conn:
        rows = conn.execute("SELECT line FROM outcomes WHERE flow_run_id = %s ORDER BY id", (run_id,)).fetchall()
    return [row[0] for row in rows]


def everything_said_of(stack, run_id: str) -> str:
    """State messages and log of a run, as the server keeps them."""
    states = stack.api("GET", f"/flow_run_states/?flow_run_id={run_id}")
    logs = stack.api("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    return "\n".join(str(one["message"]) for one in [*states, *logs])


def test_the_same_call_twice_is_one_run_which_ends_in_the_line(stack):
    asked = [stack.start("ops-daily", {"mode": "prod"}, idempotency_key="today") for _ in range(2)]
    assert [answer.status_code for answer in asked] == [httpx.codes.CREATED, httpx.codes.OK]
    ids = {answer.json()["id"] for answer in asked}
    assert len(ids) == 1
    run = stack.ended(ids.pop())
    assert (run["state_type"], run["state"]["message"][: len(HEALTHY)]) == ("COMPLETED", HEALTHY)
    assert run["name"].startswith("ops-daily prod 20")
    assert lines_of(stack, run["id"]) == [run["state"]["message"]]


def test_a_run_started_by_an_api_call_reaches_running_and_says_when(stack):
    run = stack.ended(stack.start("ops-daily", {"mode": "ci"}).json()["id"])
    assert run["start_time"] > run["created"]
    assert run["state"]["message"] == "ops_daily status=ok mode=ci"


@pytest.mark.row("D001-12", "D001-13")
@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"days": "abc"}, "not of type 'integer'"),
        ({"days": 0}, "less than the minimum of 1"),
        ({"min_ratio": 1.5}, "greater than the maximum of 1"),
        ({"mode": "lenient"}, "is not one of"),
        ({"dayz": 3, "dsn": CANARY}, "('dayz', 'dsn' were unexpected)"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_with_the_call(stack, parameters, why):
    refused = stack.start("ops-daily", {"mode": "prod", **parameters})
    assert refused.status_code == httpx.codes.CONFLICT
    assert why in refused.json()["detail"]
    assert CANARY not in refused.text


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"days": CANARY}, "ops_daily status=fail reason=invalid_parameter"),
        ({"dsn": CANARY}, "ops_daily status=error reason=crash"),
    ],
)
def test_a_caller_who_switches_the_check_off_gets_a_line_and_no_value_of_theirs(stack, parameters, line):
    asked = stack.start("ops-daily", {"mode": "prod", **parameters}, enforce_parameter_schema=False)
    run = stack.ended(asked.json()["id"])
    assert run["state_type"] in ("FAILED", "CRASHED")
    deadline = time.monotonic() + 30
    while not (said := lines_of(stack, run["id"])):
        assert time.monotonic() < deadline, "the run left no outcome"
        time.sleep(0.3)
    assert said == [line]
    time.sleep(2)  # the worker sends its log a little later than the state
    assert "c4nary" not in everything_said_of(stack, run["id"])


@contextmanager
def held_up(stack) -> Iterator[None]:
    """Somebody's lock keeps the daily run at its first look at the messages."""
    dsn = dotenv_values(stack.folder / ".watchkeeper" / "env")["POSTGRES_DSN_PROD"]
    with psycopg.connect(str(dsn)) as conn:
        conn.execute("LOCK TABLE inbox_items IN ACCESS EXCLUSIVE MODE")
        yield


def process_of(stack: Stack, run_id: str) -> psutil.Process:
    """The process that the worker started for the run; a fork of the warm engine ends with it."""
    deadline = time.monotonic() + 60
    while True:
        for part in stack.children.values():
            for process in part.children(recursive=True):
                with suppress(psutil.Error):
                    if process.environ().get("PREFECT__FLOW_RUN_ID") == run_id and not process.children():
                        return process
        assert time.monotonic() < deadline
        time.sleep(0.2)


def await_running(stack, run_id: str) -> None:
    deadline = time.monotonic() + 60
    while stack.api("GET", f"/flow_runs/{run_id}")["state_type"] != "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.row("W001-6", "D001-17")
def test_a_killed_run_is_written_down_and_a_new_start_ends_well(stack):
    with held_up(stack):
        run_id = stack.start("ops-daily", {"mode": "prod"}).json()["id"]
        await_running(stack, run_id)
        process_of(stack, run_id).kill()
        assert stack.ended(run_id)["state_type"] == "CRASHED"
    deadline = time.monotonic() + 30
    while not (said := lines_of(stack, run_id)):
        assert time.monotonic() < deadline, "the run left no outcome"
        time.sleep(0.3)
    assert said == ["ops_daily status=error reason=crash"]
    again = stack.ended(stack.start("ops-daily", {"mode": "prod"}).json()["id"])
    assert again["state"]["message"].startswith(HEALTHY)


def test_a_run_by_hand_sees_the_same_databases_and_stands_in_the_same_run_list(stack):
    bare = {name: value for name, value in stack.environment().items() if name != "POSTGRES_DSN_PROD"}
    before = {run["id"] for run in daily_runs(stack)}
    done = subprocess.run(
        [sys.executable, "-m", "flows", "--local", "ops-daily", "--mode", "prod"],
        cwd=stack.folder,
        env=bare | {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    line = done.stdout.splitlines()[-1]
    assert line.startswith(HEALTHY)
    (recorded,) = [run for run in daily_runs(stack) if run["id"] not in before]
    assert (recorded["deployment_id"], recorded["state"]["message"]) == (None, line)
    assert lines_of(stack, recorded["id"]) == [line]


def daily_runs(stack) -> list[dict[str, Any]]:
    asked = {"flows": {"name": {"any_": ["ops-daily"]}}, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    runs: list[dict[str, Any]] = stack.api("POST", "/flow_runs/filter", asked)
    return runs
