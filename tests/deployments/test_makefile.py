"""The make targets that runbooks 002 and 004 name start the procedures of these names."""

import shlex
import subprocess

import pytest

from deployments.wanted import ROOT
from flows.catalogue import read_catalogue
from flows.command_line import build_parser
from tasks.rules.soak import Phase
from tasks.rules.soak_progress import plan_complaint

TARGETS = ("full-accept", "ready-gate", "bundle", "bundle-auto")
QUICK_COMMANDS = {
    "ready-bundle": "ready-bundle",
    "full-validate": "full-validate",
    "soak-14d": "soak-14d",
    "all-ops": "all",
}
PHASES = {"soak-shadow": (24, 0, 0), "soak-canary": (0, 24, 0), "soak-live-econ": (0, 24, 24)}

GUARD = {
    "env-sample": ["env-sample", "--profile", "paper", "--out", "paper.env"],
    "smoke-accept": ["smoke-acceptance"],
    "smoke-guard": ["smoke-guard"],
    "metrics-tail": ["metrics-tail"],
}


def commands_of(target: str) -> list[list[str]]:
    """The `watchkeeper` commands that the target would run, as words after the program's name."""
    shown = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    lines = [shlex.split(line) for line in shown.splitlines() if line.startswith(".venv/bin/watchkeeper ")]
    return [words[1:] for words in lines]


@pytest.mark.row("P004-203")
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_of_the_runbook_is_one_command_that_the_command_line_takes(target):
    (words,) = commands_of(target)
    assert build_parser(read_catalogue()).parse_args(words).command == target


@pytest.mark.row("P004-404")
@pytest.mark.parametrize("target", QUICK_COMMANDS)
def test_a_target_of_a_quick_command_is_that_quick_command_for_real(target):
    (words,) = commands_of(target)
    typed = build_parser(read_catalogue()).parse_args(words)
    assert (typed.command, typed.do) == ("quick-cmds", QUICK_COMMANDS[target])
    assert "dry_run" not in typed


@pytest.mark.row("P004-408")
@pytest.mark.parametrize("target", PHASES)
def test_a_target_of_a_phase_starts_24_hourly_ticks_of_it_and_nothing_goes_live_without_a_canary(target):
    (words,) = commands_of(target)
    typed = build_parser(read_catalogue()).parse_args(words)
    assert (typed.command, typed.do) == ("soak", "start")
    hours = (typed.shadow_hours, typed.canary_hours, typed.live_hours)
    assert hours == PHASES[target]
    assert plan_complaint(dict(zip(Phase, hours, strict=True))) is None


@pytest.mark.row("P002-462")
@pytest.mark.parametrize("target", GUARD)
def test_a_target_of_runbook_002_is_one_command_that_the_command_line_takes(target):
    (words,) = commands_of(target)
    assert words == GUARD[target]
    assert build_parser(read_catalogue()).parse_args(words).command == words[0]
