"""Runbook 004, Daily routine: the last line names every part that was not good."""

from tasks.rules.contracts.artifacts import ARCHIVE
from tasks.rules.contracts.daily import DAILY_CHECK, DAILY_DIGEST
from tasks.rules.daily_routine import sum_up_parts
from tasks.rules.outcome import Status

GOOD = ARCHIVE.says(Status.PARTIAL)


def test_parts_that_are_good_or_want_attention_make_a_good_routine():
    assert sum_up_parts([GOOD, DAILY_DIGEST.says(Status.PARTIAL)]).line == (
        "event=daily_routine status=OK parts=2 failed=0"
    )


def test_every_bad_part_is_named_and_no_data_is_bad():
    parts = [DAILY_CHECK.says(Status.FAIL), GOOD, DAILY_DIGEST.says(Status.INSUFFICIENT_DATA, "no_ticks")]
    assert sum_up_parts(parts).line == (
        "event=daily_routine status=FAIL reason=part_failed parts=3 failed=2 bad=daily_check,daily_digest"
    )


def test_no_part_at_all_is_no_good_routine():
    assert sum_up_parts([]).status is Status.FAIL
