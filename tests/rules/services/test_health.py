"""When a service is healthy (runbook 003, Health checks)."""

import pytest

from tasks.rules.outcome import Status
from tasks.rules.services.health import (
    ALWAYS_CHECKED_BYTES,
    Answer,
    DatabaseSeen,
    Limits,
    Target,
    is_check_due,
    judge_answer,
    judge_database,
    nothing_watched,
    summed,
    word_of,
)

LIMITS = Limits(max_latency_ms=500, min_free_mb=100)


def reasons(outcome):
    assert (outcome.status is Status.HEALTHY) is (outcome.reason is None)
    return outcome.fields.get("reasons") or ((outcome.reason,) if outcome.reason else ())


@pytest.mark.row("P003-420", "P003-422", "W003-400")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(20, 200, "ok"), ()),
        (Answer(500, 200, "healthy"), ()),
        (Answer(501, 200, "ok"), ("slow",)),
        (Answer(20, 200, "degraded"), ("status_not_ok",)),
        (Answer(20, 503, "ok"), ("http_status",)),
        (Answer(900, 503, "starting"), ("http_status", "status_not_ok", "slow")),
        (Answer(20, 200, trouble="answer_not_json"), ("answer_not_json",)),
        (Answer(20, 500, trouble="answer_not_json"), ("answer_not_json", "http_status")),
        (Answer(20, 302, trouble="redirected"), ("redirected",)),
        (Answer(5000, trouble="service_silent"), ("service_silent", "slow")),
        (Answer(3, trouble="tls_failed", tls="wrong_host"), ("tls_failed",)),
        (Answer(20, 204, trouble="answer_not_json"), ("answer_not_json", "http_status")),
    ],
)
def test_code_body_and_time_must_all_be_good_and_every_reason_is_said(answer, expected):
    assert reasons(judge_answer(Target.API, answer, LIMITS)) == expected


@pytest.mark.row("P003-420")
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"status": "ok", "organization": "Orket"}, "ok"),
        ({"status": " Healthy "}, "healthy"),
        ({"status": "token abc of user 7"}, "other"),
        ({"status": True}, None),
        ({"state": "ok"}, None),
        (["ok"], None),
        ("ok", None),
        (None, None),
    ],
)
def test_only_known_words_of_a_body_are_repeated(body, word):
    assert word_of(body) == word


@pytest.mark.row("P003-421", "P003-422")
def test_a_database_has_every_reason_too():
    assert reasons(judge_database(Target.RUNTIME_DB, DatabaseSeen(free_mb=100, checked=True), LIMITS)) == ()
    seen = DatabaseSeen(("database_read_only", "database_corrupt"), "SQLITE_CORRUPT", free_mb=99)
    judged = judge_database(Target.RUNTIME_DB, seen, LIMITS)
    assert reasons(judged) == ("database_read_only", "database_corrupt", "disk_low")
    assert judged.line == (
        "service_health_part status=unhealthy reason=database_read_only target=runtime_db"
        " reasons=database_read_only,database_corrupt,disk_low sqlite=SQLITE_CORRUPT free_mb=99 checked=false"
    )


@pytest.mark.row("P003-422", "P003-424")
def test_the_last_line_names_what_is_bad_and_what_nobody_watches():
    good = judge_answer(Target.API, Answer(20, 200, "ok"), LIMITS)
    slow = judge_answer(Target.WEBHOOK, Answer(900, 503, "ok"), LIMITS)
    assert summed([good], []).line == "service_health status=healthy watched=1"
    assert summed([good, slow], [Target.WEBHOOK_DB]).line == (
        "service_health status=unhealthy reason=http_status reasons=http_status,slow bad=webhook watched=2"
        " unwatched=webhook_db"
    )
    assert nothing_watched().status is Status.NOT_CONFIGURED


@pytest.mark.row("P003-425")
@pytest.mark.parametrize(
    ("size", "minutes_ago", "due"),
    [
        (ALWAYS_CHECKED_BYTES, 0, True),
        (ALWAYS_CHECKED_BYTES + 1, None, True),
        (ALWAYS_CHECKED_BYTES + 1, 5, False),
        (ALWAYS_CHECKED_BYTES + 1, 60, True),
        (ALWAYS_CHECKED_BYTES + 1, -1, True),  # a check in the future proves nothing
    ],
)
def test_a_large_database_is_read_whole_only_now_and_then(size, minutes_ago, due):
    assert is_check_due(size, minutes_ago, 60) is due
