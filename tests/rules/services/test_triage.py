"""What evidence points to, and what it never points to (runbook 003, Incident Playbook)."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.services.triage import (
    NEXT_STEPS,
    WORDS,
    Cause,
    Evidence,
    FollowUp,
    Tally,
    TriagePlaybook,
    causes_of,
    rate_limit,
    verify_timeout,
)
from tasks.rules.services.triage_pages import page_of, said_of_triage

SINCE = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
FATAL = "FATAL ERROR loading fixture"


def line(message: str, at: str = "2026-11-21T02:30:00+00:00", level: str = "error") -> str:
    return json.dumps(
        {"timestamp": at, "role": "x", "event": "webhook", "data": {"message": message, "level": level}}
    )


def tally(*lines: str) -> Tally:
    found = Tally()
    found.add(lines, SINCE)
    return found


@pytest.mark.row("P003-603")
def test_signatures_and_handlers_are_counted_in_the_window():
    found = tally(
        *[line("Invalid webhook signature")] * 3,
        line("Missing webhook signature"),
        line("Invalid webhook signature", at="2026-11-21T01:59:00Z"),
        line("Webhook handler error: ValueError"),
        line("Failed to parse or validate webhook payload: x"),
        line("something else", level="info"),
        line("disk on fire"),
        line("Missing webhook signature", at="yesterday"),
    )
    assert found.counts == {
        "invalid_signature": 3,
        "missing_signature": 2,
        "handler_error": 1,
        "invalid_payload": 1,
        "other_error": 1,
    }
    assert (found.records, found.torn) == (9, 0)


@pytest.mark.row("P003-605")
@pytest.mark.parametrize(
    ("tail", "word"),
    [
        (": subprocess exit code 1", "fixture_exit_code"),
        (": subprocess exit code -9", "fixture_exit_code"),
        (": subprocess timeout after 5s", "fixture_timeout"),
        (": subprocess timeout after 5.0s", "fixture_timeout"),
        (": ValueError: bad value", "fixture_typed_error"),
        (": name is not defined", "fixture_exception"),
        ("", "fixture_exception"),
    ],
)
def test_the_four_tails_of_a_fixture_that_was_not_loaded_are_told_apart(tail, word):
    assert tally(line(FATAL + tail)).counts == {word: 1}
    torn = tally(FATAL + tail)
    assert (torn.counts, torn.torn) == ({word: 1}, 1)


@pytest.mark.row("D003-601")
@given(st.lists(st.text(max_size=40), max_size=10))
def test_no_line_breaks_the_count(lines):
    found = tally(*lines, "[" * 100_000, '{"data": 5}', line("Invalid webhook signature")[:-20])
    assert found.torn + found.records == len(lines) + 3


@pytest.mark.row("P003-602", "W003-602")
@pytest.mark.parametrize(
    ("text", "limit", "understood"),
    [(None, 60, True), (" ", 60, True), ("12", 12, True), ("many", 60, False), ("0", 1, False), ("-3", 1, False)],
)
def test_the_limit_in_force_is_said_and_whether_what_is_set_was_understood(text, limit, understood):
    assert rate_limit(text) == (limit, understood)


@pytest.mark.row("P003-604", "W003-603")
@pytest.mark.parametrize(
    ("text", "seconds"), [(None, 5), ("", 5), ("9", 9), ("2.5", 2.5), ("soon", None), ("0", None), ("nan", None)]
)
def test_a_time_limit_that_is_no_number_is_said(text, seconds):
    assert verify_timeout(text) == seconds
    causes = causes_of(TriagePlaybook.VERIFICATION_STALL, Evidence(Tally(), verify_timeout_s=verify_timeout(text)))
    assert (causes[0] is Cause.TIMEOUT_INVALID) == (seconds is None)


@pytest.mark.row("P003-601")
def test_a_bad_database_comes_before_the_service_that_needs_it():
    found = Evidence(Tally({"handler_error": 4}), database=("disk_low",), health=("service_unreachable",))
    assert causes_of(TriagePlaybook.API_5XX, found) == (Cause.DATABASE, Cause.API_DOWN, Cause.HANDLER_ERRORS)
    assert causes_of(TriagePlaybook.API_5XX, Evidence(Tally(), health=("slow",))) == (Cause.API_SICK,)


@pytest.mark.row("P003-603", "W003-601")
def test_a_few_wrong_signatures_are_no_reason_to_rotate():
    few = Evidence(Tally({"invalid_signature": 4}))
    many = Evidence(Tally({"invalid_signature": 5, "missing_signature": 9}))
    assert causes_of(TriagePlaybook.WEBHOOK_STORM, few) == (Cause.NONE_FOUND,)
    assert causes_of(TriagePlaybook.WEBHOOK_STORM, many) == (Cause.SIGNATURE_ANOMALIES, Cause.UNSIGNED_FLOOD)


def test_a_limit_counts_as_passed_only_when_more_was_sent_than_it_allows():
    def causes(**found) -> tuple[Cause, ...]:
        return causes_of(TriagePlaybook.WEBHOOK_STORM, Evidence(Tally(), **found))

    assert causes(limit=5, probes=6) == (Cause.LIMIT_NOT_EFFECTIVE,)
    assert causes(limit=5, probes=6, limited_at=6) == causes(limit=5, probes=5) == causes(limit=5)


@pytest.mark.row("P003-606")
def test_every_cause_has_words_and_a_next_step_that_a_terminal_takes():
    assert set(WORDS) == set(Cause)
    assert NEXT_STEPS[Cause.API_DOWN].command == "watchkeeper service-restart --service api"
    assert FollowUp().command is None
    page = page_of(TriagePlaybook.API_5XX, (Cause.API_DOWN,), {"logs": 1}, ["orket.log"], "http://ui/run")
    assert page[0] == "# api_5xx: api_down"
    assert "**Next step:** [service-restart](http://ui/run) waits: press Resume there, and it runs." in page
    assert "- not read: `orket.log`" in page


def test_the_line_says_all_that_is_wrong():
    found = Evidence(Tally({"other_error": 2}, torn=1), database=("disk_low",), health=("slow",))
    said = said_of_triage(TriagePlaybook.API_5XX, (Cause.DATABASE, Cause.API_SICK), found)
    assert said["against"] == ("disk_low", "slow")
    assert said["counts"] == ("other_error:2",)
    assert said["causes"] == ("database", "api_sick")
