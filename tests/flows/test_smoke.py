"""Runbook 002, Smoke & Acceptance: real runs, apart from production, and a stand-in of the running service."""

import json
import time
from pathlib import Path

import psutil
import pytest

from flows.guard.smoke_acceptance import smoke_acceptance
from flows.guard.smoke_guard import smoke_guard

pytestmark = pytest.mark.usefixtures("prefect_server")
TESTS = """import os, pathlib, pytest
def test_orders():
    text = "# TYPE propbot_orders_submitted_total counter\\npropbot_orders_submitted_total 11\\n"
    pathlib.Path(os.environ["METRICS_PATH"]).write_text(text)
@pytest.mark.skip(reason="chaos is off")
def test_chaos(): ...
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Suites with commands of their own, and a production metrics file that none of them may touch."""
    production = tmp_path / "production.prom"
    production.write_text("# TYPE a counter\na 1\n")
    monkeypatch.setenv("METRICS_PATH", str(production))

    def declared(name, *command, timeout_s=60):
        text = f'[[suite]]\nname = "{name}"\ncommand = {json.dumps(command)}\ntimeout_s = {timeout_s}\n'
        (tmp_path / "suites.toml").write_text(text)
        return {"config": str(tmp_path / "suites.toml"), "logs": str(tmp_path / "logs")}

    return declared


def said(capsys):
    return [line.partition(" seconds=")[0].partition(" commit=")[0] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.row("P002-330", "P002-332", "P002-333", "W002-330", "W002-331")
def test_a_suite_runs_apart_from_production_and_the_service_is_asked(capsys, place, runtime, tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    pytest_ = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "test_it.py")
    where = place("acceptance", *pytest_, "--rootdir", ".", "--junitxml", "{junit}")
    assert smoke_acceptance(**where, return_state=True).is_completed()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "acceptance_skip status=skipped suite=acceptance case=test_chaos why=chaos_is_off"
    assert lines[1].startswith(
        "acceptance_suite status=ok suite=acceptance passed=1 failed=0 errors=0 skipped=1 ended_how=exit_0 seconds="
    )
    assert lines[1].endswith(" orders=11")
    assert lines[2] == "acceptance_probe status=ok path=healthz http=200"
    assert lines[-1].startswith("smoke_acceptance status=ok passed=1 failed=0 skipped=1 probes=5 bad_probes=0 ")
    assert (tmp_path / "production.prom").read_text() == "# TYPE a counter\na 1\n"
    assert runtime.writes == []


@pytest.mark.row("P002-333", "D002-331")
def test_a_service_that_says_it_is_not_ok_or_falls_silent_fails_the_smoke(capsys, place, runtime):
    passing = "open(__import__('sys').argv[1], 'w').write('<testsuite><testcase/></testsuite>')"
    where = place("guard", "python", "-c", passing, "{junit}")
    runtime.trouble("/metrics", status=500, times=9)
    assert smoke_guard(**where, return_state=True).is_failed()
    lines = said(capsys)
    assert "acceptance_probe status=fail reason=answered_badly path=metrics http=500" in lines
    assert lines[-1].startswith("smoke_guard status=fail reason=service_failed passed=1 failed=0 skipped=0 probes=5 ")
    assert smoke_guard(**where, base_url="http://127.0.0.1:9", service=False, return_state=True).is_completed()


@pytest.mark.row("P002-330", "P002-331", "D002-330")
def test_no_tests_no_report_and_a_run_past_its_limit_fail(capsys, place, tmp_path):
    empty = "open(__import__('sys').argv[1], 'w').write('<testsuite/>')"
    smoke_guard(**place("guard", "python", "-c", empty, "{junit}"), service=False, return_state=True)
    smoke_guard(**place("guard", "true", "{junit}"), service=False, return_state=True)
    script = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    began = time.monotonic()
    smoke_guard(**place("guard", "sh", "-c", script, "{junit}", timeout_s=1), service=False, return_state=True)
    assert time.monotonic() - began < 60
    smoke_guard(**place("other", "true", "{junit}"), service=False, return_state=True)
    smoke_guard(config=str(tmp_path / "none.toml"), return_state=True)
    reasons = [line.split()[2] for line in said(capsys) if line.startswith("smoke_guard")]
    assert reasons == [
        "reason=nothing_collected",
        "reason=no_report",
        "reason=timed_out",
        "reason=suites_invalid",
        "reason=suites_missing",
    ]
    child = int(Path(tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
