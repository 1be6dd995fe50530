"""May the artifacts be accepted? (Runbook 004, Full-Accept.)"""

import pytest

from tasks.rules.acceptance import ACCEPTED_FILES, Reading, judge_files, problems_of

NOW = 1_700_000_000
GOOD = Reading({"ts": NOW})


def test_four_good_files_are_one_line():
    errors, verdict = judge_files(dict.fromkeys(ACCEPTED_FILES, GOOD), NOW, None)
    assert errors == []
    assert verdict.line == "event=full_accept status=OK files_checked=4 errors=0"
    assert verdict.exit_code == 0


def test_every_problem_of_every_file_has_its_line_in_order():
    readings = dict.fromkeys(ACCEPTED_FILES, GOOD) | {
        "KPI_GATE.json": Reading({}, ("timestamp_type", "checks_type")),
        "EDGE_SENTINEL.json": Reading(problems=("missing",)),
    }
    errors, verdict = judge_files(readings, NOW, None)
    assert [error.line for error in errors] == [
        "event=accept_error file=KPI_GATE.json reason=timestamp_type",
        "event=accept_error file=KPI_GATE.json reason=checks_type",
        "event=accept_error file=EDGE_SENTINEL.json reason=missing",
    ]
    assert verdict.line == "event=full_accept status=FAIL files_checked=4 errors=3"
    assert verdict.exit_code == 1


def test_nothing_checked_is_not_good():
    assert judge_files({}, NOW, None)[1].exit_code == 1


@pytest.mark.parametrize(
    ("document", "max_age_s", "problems"),
    [
        ({"ts": 1}, None, ()),
        ({"ts": NOW - 60}, 60, ()),
        ({"ts": NOW - 61}, 60, ("stale",)),
        ({"ts": NOW + 60}, None, ()),
        ({"ts": NOW + 61}, None, ("from_the_future",)),
        ({"ts": 1e300}, None, ("from_the_future",)),
        ({"runtime": {"utc": "yesterday"}}, None, ("time_invalid",)),
        ({}, None, ()),
        ({}, 60, ("time_missing",)),
        ({"status": "FAIL", "ts": NOW}, None, ("validation_failed",)),
        ({"total": {"fills": 0}, "ts": 1}, 60, ("no_data", "stale")),
    ],
)
def test_a_sound_file_may_still_say_no_or_be_of_another_day(document, max_age_s, problems):
    assert problems_of(Reading(document), NOW, max_age_s) == problems
