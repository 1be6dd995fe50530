"""Runbook 004, Ops quickstart: the plan is golden, the summary is plain, the exit code is true."""

import pytest

from tasks.rules.contracts.daily import DAILY_CHECK
from tasks.rules.contracts.quick import QUICK_CMDS, QUICK_RUN
from tasks.rules.contracts.release import BUNDLE_MISMATCH
from tasks.rules.outcome import Status
from tasks.rules.quick_cmds import STEPS, QuickCommand, Step, concluded, plan_told, steps_of, summary_of

GOOD, BAD = DAILY_CHECK.says(Status.OK, checked=8, failed=0), DAILY_CHECK.says(Status.FAIL, checked=8, failed=1)
A, B = Step("alpha"), Step("beta", (("mode", "fast"), ("execute", True)))


def test_the_plan_is_a_head_a_line_for_each_step_and_a_last_line():
    lines = [line.line for line in plan_told([A, B])] + [QUICK_CMDS.says(Status.PLANNED).line]
    assert lines == [
        "QUICK CMDS PLAN",
        "RUN watchkeeper alpha",
        "RUN watchkeeper beta --mode fast --execute",
        "QUICK_CMDS=PLAN",
    ]


def test_the_plan_of_a_rehearsal_is_the_same_text_and_its_json_has_the_frozen_moment():
    line = QUICK_RUN.says(Status.PLANNED, command="watchkeeper alpha", frozen_now="2026-11-21T03:00:00Z")
    assert line.line == "RUN watchkeeper alpha"
    assert '"frozen_now":"2026-11-21T03:00:00Z"' in line.json


def test_all_is_every_step_of_the_others_in_their_order():
    others = [command for command in QuickCommand if command is not QuickCommand.ALL]
    assert steps_of(QuickCommand.ALL) == tuple(step for command in others for step in STEPS[command])


@pytest.mark.parametrize(
    ("outcomes", "code"), [([GOOD, GOOD], 0), ([GOOD, BAD], 1), ([BAD, GOOD], 1), ([], 1)], ids=str
)
def test_the_last_line_is_done_and_the_exit_code_tells_the_truth(outcomes, code):
    last = concluded([(A, outcome) for outcome in outcomes])
    assert (last.line, last.exit_code) == ("QUICK_CMDS=DONE", code)


def test_the_summary_has_a_row_a_step_and_its_result_last():
    assert summary_of([(A, GOOD), (B, BAD)], "2026-11-21T03:00:00Z") == [
        "QUICK CMDS SUMMARY",
        "",
        "UTC: 2026-11-21T03:00:00Z",
        "",
        "| step | status | details |",
        "|------|--------|---------|",
        "| alpha | OK | RESULT=OK checked=8 failed=0 |",
        "| beta | FAIL | RESULT=FAIL checked=8 failed=1 |",
        "",
        "RESULT=FAIL",
    ]


def test_no_step_is_no_good_result():
    assert summary_of([], "2026-11-21T03:00:00Z")[-1] == "RESULT=FAIL"


@pytest.mark.row("P004-403")
def test_what_a_step_said_stays_in_its_cell():
    said = BUNDLE_MISMATCH.says(Status.FAIL, what="missing", file="a|b\\c")
    assert summary_of([(A, said)], "2026-11-21T03:00:00Z")[6] == (
        "| alpha | FAIL | event=bundle_mismatch status=FAIL what=missing file=a\\|b\\\\c |"
    )
