"""The `watchkeeper` command as an operator types it: its own process, nothing configured unless a test says so."""

import json
import os
import signal
import subprocess
import sys

import pytest

from flows.catalogue import CATALOGUE, read_catalogue, rendered
from tasks.rules.contracts import REGISTRY


def watchkeeper(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        env=_bare_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _bare_environment() -> dict[str, str]:
    dropped = ("POSTGRES_", "WATCHKEEPER_", "PREFECT_", "SLACK_", "ARTIFACTS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def test_help_does_not_import_prefect():
    program = (
        "import sys\n"
        "from flows.__main__ import main\n"
        "try: main(['prod-config', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name == 'prefect' or name.startswith('prefect.') for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", read_catalogue())
def test_the_help_of_every_procedure_has_its_three_blocks(name):
    shown = watchkeeper(name, "--help").stdout
    for title in ("Output:", "Exit codes:", "Safety:"):
        block = shown.partition(f"\n{title}\n")[2].partition("\n\n")[0]
        assert block.strip(), f"{name}: {title}"


@pytest.mark.row("D001-28")
def test_the_catalogue_is_what_the_flows_say():
    assert CATALOGUE.read_text(encoding="utf-8") == rendered(), "run: make docs"


@pytest.mark.row("P001-14")
def test_stdout_carries_only_the_line_and_the_next_step_goes_to_stderr():
    done = watchkeeper("prod-config")
    assert done.stdout == "prod_config status=fail reason=missing_env missing=POSTGRES_DSN_PROD\n"
    assert done.returncode == 1
    assert "outcome not stored" in done.stderr
    assert "no Prefect server is configured" in done.stderr


@pytest.mark.row("D001-16")
def test_a_server_that_is_down_is_said_and_the_procedure_runs_all_the_same():
    done = watchkeeper("db-verify", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert done.stdout == "db_verify status=not_configured reason=missing_dsn\n"
    assert done.returncode == 0
    assert "no Prefect server answers at http://127.0.0.1:9/api" in done.stderr


@pytest.mark.row("W001-24")
def test_json_is_one_object_a_line():
    done = watchkeeper("prod-config", "--json", POSTGRES_DSN_PROD="postgresql://u:hunter2@h/d")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"tool": "prod_config", "schema_version": 1, "status": "ok", "required": 1}
    ]
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.row("W001-27", "D001-12", "D001-13")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "required"),
        (("no-such-thing",), "invalid choice"),
        (("prod-config", "--mod", "prod_required"), "unrecognized"),
        (("prod-config", "--mode", "lenient"), "expected"),
        (("ops-daily", "--days", "-5"), "minimum"),
        (("ops-daily", "--days", "soon"), "not of type"),
        (("ops-daily", "--min-ratio", "1.5"), "maximum"),
        (("ops-daily", "--min-ratio", "nan"), "nan"),
    ],
)
def test_a_usage_error_ends_with_64_says_why_and_leaves_stdout_empty(arguments, why):
    done = watchkeeper(*arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert why in done.stderr
    assert "Try: watchkeeper" in done.stderr


@pytest.mark.row("W004-526")
def test_a_frozen_clock_is_said_in_every_line():
    done = watchkeeper("prod-config", WATCHKEEPER_NOW="2026-01-02T03:04:05Z")
    assert done.stdout.rstrip().endswith("frozen_now=2026-01-02T03:04:05Z")


def test_a_clock_that_does_not_parse_stops_the_run_before_it_does_anything():
    done = watchkeeper("prod-config", WATCHKEEPER_NOW="yesterday")
    assert done.stdout == "prod_config status=fail reason=invalid_setting env=WATCHKEEPER_NOW\n"
    assert done.returncode == 1


@pytest.mark.row("W001-29")
def test_the_contract_command_prints_the_registry():
    tokens = [json.loads(line)["token"] for line in watchkeeper("contract", "--json").stdout.splitlines()]
    assert tokens == sorted(REGISTRY)
    assert "reason   missing_env" in watchkeeper("contract", "prod_config").stdout
    assert watchkeeper("contract", "nonsense").returncode == 64


@pytest.mark.row("P001-35")
def test_explain_answers_with_the_playbook_of_the_runbook():
    shown = watchkeeper("explain", "prod_config", "missing_env")
    assert shown.returncode == 0
    assert "1. " in shown.stdout
    assert watchkeeper("explain", "nonsense").returncode == 64


def test_outcomes_without_an_operations_database_say_which_variable_to_set():
    done = watchkeeper("outcomes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "WATCHKEEPER_DSN" in done.stderr


@pytest.mark.row("W001-6")
def test_an_interrupt_still_ends_in_one_line(tmp_path):
    """A server that takes the connection and never answers keeps the run busy until the signal comes."""
    program = (
        "import socket, sys\n"
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "print(s.getsockname()[1], flush=True)\n"
        "taken = s.accept(); print('taken', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mute:
        assert mute.stdout
        port = mute.stdout.readline().strip()
        run = subprocess.Popen(
            [sys.executable, "-m", "flows", "db-verify"],
            env=_bare_environment() | {"POSTGRES_DSN_PROD": f"postgresql://u@127.0.0.1:{port}/d"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert mute.stdout.readline() == "taken\n"
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=120)
        assert mute.stdin
        mute.stdin.close()
    assert out == "db_verify status=error reason=interrupted\n"
    assert run.returncode == 1
