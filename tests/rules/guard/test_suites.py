"""What a smoke or acceptance run comes to (runbook 002, "Smoke & Acceptance")."""

from datetime import UTC, datetime

import pytest

from tasks.rules.contracts.acceptance import SMOKE_GUARD
from tasks.rules.guard.answers import HARMLESS
from tasks.rules.guard.suites import (
    PROBES,
    Probe,
    Report,
    Skipped,
    SuiteRun,
    probe_said,
    skips_said,
    smoke_said,
    suite_of,
    suite_reason,
)
from tasks.rules.validation import Ran

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SUITE = {"name": "guard", "command": ["pytest", "--junitxml={junit}"]}
SKIP = Skipped("test_chaos", "needs chaos; set é")


def run_of(report, details="exit_0"):
    return SuiteRun(Ran("guard", details, 1.5), report, NOW, NOW, "abcdef123456")


@pytest.mark.row("P002-330", "P002-331")
@pytest.mark.parametrize(
    ("report", "details", "reason"),
    [
        (Report(3, 0, 0), "exit_0", None),
        (Report(3, 0, 0, (SKIP,)), "exit_0", None),
        (Report(0, 0, 0), "exit_0", "nothing_collected"),
        (Report(0, 0, 0), "exit_5", "nothing_collected"),
        (Report(1, 0, 0, (SKIP,)), "exit_0", "all_skipped"),
        (Report(3, 1, 0), "exit_1", "tests_failed"),
        (Report(3, 0, 1), "exit_0", "tests_failed"),
        (Report(3, 0, 0), "exit_3", "exit_code"),
        (None, "exit_0", "no_report"),
        (Report(3, 0, 0), "timed_out", "timed_out"),
        (None, "not_started", "not_started"),
    ],
)
def test_a_run_counts_only_if_tests_ran_and_passed_and_it_ended_well(report, details, reason):
    assert suite_reason(run_of(report, details)) == reason


@pytest.mark.row("P002-330")
def test_what_was_skipped_is_shown_with_its_reason():
    (said,) = skips_said(run_of(Report(2, 0, 0, (SKIP,))))
    assert said.line == ("acceptance_skip status=skipped suite=guard case=test_chaos why=needs_chaos;_set_\\xe9")


@pytest.mark.row("P002-332", "P002-333")
def test_the_last_line_has_counts_commit_times_and_every_reason():
    probes = [Probe("healthz", 200), Probe("metrics", 503)]
    good = smoke_said(SMOKE_GUARD, run_of(Report(2, 0, 0, (SKIP,))), probes[:1]).line
    times = "began=2026-11-21T09:00:00Z ended=2026-11-21T09:00:00Z"
    assert good == (
        f"smoke_guard status=ok passed=1 failed=0 skipped=1 probes=1 bad_probes=0 commit=abcdef123456 {times}"
    )
    bad = smoke_said(SMOKE_GUARD, run_of(Report(2, 1, 0)), probes).line
    assert bad.startswith("smoke_guard status=fail reason=tests_failed passed=1 failed=1 ")
    assert bad.endswith(" reasons=tests_failed,service_failed")


@pytest.mark.row("W002-330", "D002-331")
def test_only_questions_that_change_nothing_are_asked_and_each_must_be_answered_well():
    assert set(PROBES) <= HARMLESS
    assert not any("overview" in path for path in PROBES)
    assert probe_said(Probe("api/ui/config", None)).line == (
        "acceptance_probe status=fail reason=no_answer path=api.ui.config"
    )
    assert probe_said(Probe("healthz", 200, good=False)).reason == "answered_badly"


def test_a_suite_is_given_a_report_and_a_metrics_file_of_its_own():
    check = suite_of({"suite": [SUITE | {"env": {"METRICS_PATH": "/prod", "A": "1"}}]}, "guard").check("/j", "/m")
    assert check.command == ("pytest", "--junitxml=/j")
    assert check.env == {"METRICS_PATH": "/m", "A": "1"}


@pytest.mark.row("D002-330")
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"suite": 1},
        {"suite": []},
        {"suite": [SUITE, SUITE]},
        {"suite": [SUITE | {"command": ["pytest"]}]},
        {"suite": [SUITE | {"command": "pytest {junit}"}]},
        {"suite": [SUITE | {"timeout_s": 0}]},
        {"suite": [SUITE | {"env": {"A": 1}}]},
        {"suite": [SUITE | {"more": 1}]},
        {"suite": [SUITE | {"name": "Guard"}]},
    ],
)
def test_a_file_of_suites_that_says_nothing_clear_is_refused(document):
    with pytest.raises(ValueError, match=r"suite|command|timeout|env|name"):
        suite_of(document, "guard")
