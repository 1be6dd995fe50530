"""What the procedures of runbook 004's daily routine, journal and release have in common."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows.catalogue import read_catalogue

LEAN = ("journal", "journal_reading", "journal_window", "journal_heads", "archives", "archive_check", "releases")


@pytest.mark.row("W004-527")
def test_reading_and_writing_journal_archive_and_bundle_loads_no_numeric_library():
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(sorted({'numpy', 'pandas', 'matplotlib', 'sqlparse'} & set(sys.modules)))\n"
    )
    modules = [f"tasks.{name}" for name in LEAN]
    done = subprocess.run(
        [sys.executable, "-c", program, *modules],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.row("P004-519")
def test_the_zone_is_berlin_wherever_a_day_is_meant_unless_it_is_named():
    zones = {
        name: one.parameters["tz"]["default"] for name, one in read_catalogue().items() if "tz" in one.parameters
    }
    assert {"cron-sentinel", "daily-digest", "daily-routine"} <= zones.keys()
    assert set(zones.values()) == {"Europe/Berlin"}


@pytest.mark.row("W004-511")
def test_the_sentinel_has_one_form_whose_exit_code_is_true():
    options = read_catalogue()["cron-sentinel"].parameters
    assert set(options) == {"tz", "window_hours", "artifacts_dir", "dry"}
