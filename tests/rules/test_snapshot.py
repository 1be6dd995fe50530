"""When a failure is worth keeping, and under which name (runbook 004, Snapshot on FAIL)."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.snapshot import TAIL_LINES, Failure, failure_in, tail_of


def tick(status="FAIL", **changes):
    record = {"ts": "2025-04-06T23:00:00Z", "phase": "canary", "region": "eu-west-1", "status": status} | changes
    return json.dumps(record).encode() + b"\n"


def test_a_failed_tick_is_kept_under_its_time_phase_and_region():
    assert failure_in(tick("CONTINUE") + tick()) == Failure("2025-04-06_230000-canary-eu-west-1")


@pytest.mark.parametrize("status", ["CONTINUE", "WARN"])
def test_a_good_last_tick_keeps_nothing_whatever_came_before(status):
    assert failure_in(tick() + tick(status)) is None


@pytest.mark.row("W004-509")
@pytest.mark.parametrize("torn", [b'{"ts":"2025-04', b"garbage\n", b"[]\n", b"\xff\n", b"[" * 50_000 + b"\n"])
def test_a_torn_end_is_kept_with_its_reason_and_the_same_end_has_the_same_name(torn):
    failure = failure_in(tick("CONTINUE") + torn)
    assert failure == failure_in(tick("CONTINUE") + torn)
    assert failure
    assert failure.reason == "journal_torn"
    assert failure != failure_in(tick("WARN") + torn)


def test_a_whole_record_without_its_newline_is_torn_too():
    assert failure_in(tick("CONTINUE")[:-1]) == Failure("2025-04-06_230000-canary-eu-west-1", "journal_torn")


def test_an_empty_journal_has_a_reason_of_its_own():
    assert failure_in(b"\n") == Failure("empty", "journal_empty")


@pytest.mark.parametrize("value", ["../../etc", "a b", "", None, 3, "-x", "a/b", "x" * 99])
def test_what_the_journal_holds_never_becomes_a_path(value):
    assert failure_in(tick(ts=value, phase=value, region=value)) == Failure("unknown-unknown-unknown")


@given(st.binary(max_size=300))
def test_whatever_the_journal_holds_the_name_is_one_plain_part(tail):
    failure = failure_in(tail)
    assert failure is None or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", failure.name)


def test_the_tail_begins_at_a_line_and_has_two_hundred_at_most():
    lines = [f"{number}\n".encode() for number in range(500)]
    assert tail_of(b"".join(lines), whole=True) == b"".join(lines[-TAIL_LINES:])
    assert tail_of(b"half of a line\n1\n2", whole=False) == b"1\n2"
    assert tail_of(b"1\n2", whole=True) == b"1\n2"


def test_what_became_of_a_ticks_action_does_not_hide_that_it_failed():
    assert failure_in(tick() + tick("ACTION")) == Failure("2025-04-06_230000-canary-eu-west-1")
    assert failure_in(tick("WARN") + tick("ACTION")) is None
