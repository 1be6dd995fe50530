"""Runbook 004, full-validate: real processes, ended for real."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.release.full_validate import full_validate
from tasks.artifact_reading import read_document

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def place(tmp_path):
    """Write a validation.toml of shell scripts and return the folder of its artifacts."""

    def declared(*checks):
        rows = []
        for name, script, timeout_s, *fast in checks:
            command = json.dumps(["/bin/sh", "-c", script])
            rows.append(f'[[check]]\nname = "{name}"\ncommand = {command}\ntimeout_s = {timeout_s}\n')
            rows.append("fast = true\n" if fast else "")
        (tmp_path / "validation.toml").write_text("".join(rows))
        return tmp_path / "artifacts"

    return declared


def run(capsys, artifacts, **options):
    state = full_validate(
        config=str(artifacts.parent / "validation.toml"), artifacts_dir=str(artifacts), return_state=True, **options
    )
    lines = [line.partition(" seconds=")[0] for line in capsys.readouterr().out.splitlines()]
    return state, lines


def content_of(artifacts):
    content = (artifacts / "FULL_STACK_VALIDATION.json").read_bytes()
    assert read_document("FULL_STACK_VALIDATION.json", content).problems == ()
    return json.loads(content)


@pytest.mark.row("P004-107")
def test_good_checks_are_a_good_validation_in_the_order_of_the_file(capsys, place):
    artifacts = place(("slow", "sleep 0.5", 10), ("quick", "true", 10), ("tests_x", "echo said; echo wrong >&2", 10))
    state, lines = run(capsys, artifacts)
    assert state.is_completed()
    assert lines == [
        "event=validation_section name=slow status=OK details=exit_0",
        "event=validation_section name=quick status=OK details=exit_0",
        "event=validation_section name=tests_x status=OK details=exit_0",
        "RESULT=OK checked=3 failed=0 mode=FULL",
    ]
    assert content_of(artifacts)["components"] == ["slow", "quick", "tests_x"]
    (log,) = artifacts.glob("ci/tests_x.*.log")
    assert log.read_text() == "said\nwrong\n"
    assert (artifacts / "FULL_STACK_VALIDATION.md").read_text().endswith("\nRESULT=OK\n")


@pytest.mark.row("P004-107", "W004-107")
def test_a_failed_check_fails_the_validation_and_the_others_still_run(capsys, place):
    artifacts = place(("bad", "exit 3", 10), ("killed", "kill -9 $$", 10), ("good", "true", 10))
    state, lines = run(capsys, artifacts, at_once=1)
    assert state.is_failed()
    assert lines == [
        "event=validation_section name=bad status=FAIL reason=check_failed details=exit_3",
        "event=validation_section name=killed status=FAIL reason=check_failed details=signal_9",
        "event=validation_section name=good status=OK details=exit_0",
        "RESULT=FAIL checked=3 failed=2 mode=FULL reason=check_failed",
    ]
    assert [one["status"] for one in content_of(artifacts)["sections"]] == ["FAIL", "FAIL", "OK"]


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.row("P004-108")
def test_a_check_past_its_limit_is_ended_with_its_children(capsys, place, tmp_path):
    script = f"(trap '' TERM; echo $$ > {tmp_path}/pid; sleep 300 & echo $! > {tmp_path}/child; wait) & sleep 300"
    began = time.monotonic()
    _, lines = run(capsys, place(("hangs", script, 1)))
    assert lines[0] == "event=validation_section name=hangs status=FAIL reason=timed_out details=timed_out"
    assert time.monotonic() - began < 60
    assert gone(int((tmp_path / "child").read_text()))


def test_what_a_check_leaves_behind_is_ended_too(capsys, place, tmp_path):
    _, lines = run(capsys, place(("forks", f"sleep 300 & echo $! > {tmp_path}/child", 10)))
    assert lines[-1].startswith("RESULT=OK")
    assert gone(int((tmp_path / "child").read_text()))


@pytest.mark.row("P004-108")
def test_logs_are_scrubbed_cut_and_only_the_newest_stay(capsys, place, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "correct-horse-battery")
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo correct-horse-battery"
    for second in range(7):
        monkeypatch.setenv("WATCHKEEPER_NOW", f"2026-11-21T03:00:0{second}Z")
        artifacts = place(("chatty", script, 60))
        run(capsys, artifacts)
    logs = sorted(artifacts.glob("ci/*.log"))
    assert [log.name for log in logs] == [f"chatty.20261121_03000{second}.log" for second in range(2, 7)]
    text = logs[-1].read_text()
    assert len(text) <= 1 << 20
    assert "correct-horse" not in text


def test_fast_runs_the_fast_ones_and_none_is_a_failure(capsys, place):
    artifacts = place(("slow", "false", 10), ("quick", "true", 10, True))
    assert run(capsys, artifacts, fast=True)[1][-1] == "RESULT=OK checked=1 failed=0 mode=FAST"
    assert content_of(artifacts)["mode"] == "FAST"


def test_a_command_that_is_not_there_is_a_failed_check(capsys, place, tmp_path):
    artifacts = place()
    (tmp_path / "validation.toml").write_text('[[check]]\nname = "x"\ncommand = ["no-such-program"]\n')
    assert run(capsys, artifacts)[1][0] == (
        "event=validation_section name=x status=FAIL reason=not_started details=not_started"
    )


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "config_missing"), ("check = 1", "config_invalid"), ("[", "config_invalid")]
)
def test_a_file_of_checks_that_is_none_is_refused(capsys, place, tmp_path, text, reason):
    artifacts = place()
    (tmp_path / "validation.toml").unlink()
    if text:
        (tmp_path / "validation.toml").write_text(text)
    state, lines = run(capsys, artifacts)
    assert state.is_failed()
    assert lines == [f"RESULT=FAIL reason={reason}"]
    assert not artifacts.exists()


@pytest.mark.row("P004-110", "W004-403")
def test_the_checks_see_the_fixed_environment_their_own_and_our_tools_first(capsys, place, tmp_path, monkeypatch):
    for name in ("TZ", "LANG", "LC_ALL", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "MM_FREEZE_UTC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "of-this-run")
    asked = "$TZ $LANG $LC_ALL $PYTEST_DISABLE_PLUGIN_AUTOLOAD $MM_FREEZE_UTC $PREFECT__FLOW_RUN_ID"
    artifacts = place(("env", f"echo {asked}", 10))
    with (tmp_path / "validation.toml").open("a") as file:
        file.write('[[check]]\nname = "own"\ncommand = ["sh", "-c", "echo $TZ; command -v python"]\n')
        file.write('env = { TZ = "Asia/Tokyo" }\n')
    run(capsys, artifacts)
    assert next(artifacts.glob("ci/env.*.log")).read_text() == "Europe/Berlin C C 1 1\n"
    python = str(Path(sys.executable).parent / "python")
    assert next(artifacts.glob("ci/own.*.log")).read_text().splitlines() == ["Asia/Tokyo", python]


def test_when_the_run_is_told_to_end_its_checks_end_with_it(place, tmp_path):
    artifacts = place(("hangs", f"echo $$ > {tmp_path}/pid; sleep 300", 200))
    program = (
        "from pathlib import Path; from tasks.validation import *; from tasks.rules.validation import Check;"
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9));"
        f"run_checks.fn(read_checks.fn(Path('{tmp_path}/validation.toml')), Path('.'), Path('{artifacts}/ci'), 2)"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 9
    assert gone(int((tmp_path / "pid").read_text()))
